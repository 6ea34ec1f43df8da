// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace epoch {

// Of falling importance; a scope shows its level and what is more important.
enum class LogLevel : std::uint8_t { off, error, warning, info, debug };

// Receives what models have to say. Times are absolute simulated picoseconds; a decoupled initiator
// may be ahead of the kernel's.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // Declares a dotted scope and returns the least important level that is wanted of it.
  virtual LogLevel declare(const std::string& scope) = 0;
  virtual void log(const std::string& scope, LogLevel level, std::uint64_t time_ps,
                   const char* text) = 0;
};

// A scope of a model. Ask on() before write(): it is one branch while nobody listens.
class LogPoint {
 public:
  void attach(LogSink& sink, const std::string& scope) {
    sink_ = &sink;
    scope_ = scope;
    level_ = sink.declare(scope);
  }
  bool on(LogLevel level) const { return level <= level_; }
  // As printf. At most 250 characters are kept.
  void write(LogLevel level, std::uint64_t time_ps, const char* format, ...) const
      __attribute__((format(printf, 4, 5)));

 private:
  LogSink* sink_ = nullptr;
  std::string scope_;
  LogLevel level_ = LogLevel::off;
};

}  // namespace epoch
