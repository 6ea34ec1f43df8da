// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/log.h"
#include "files/output_file.h"

namespace epoch {

// Which scopes are shown from which level on.
struct LogRule {
  // A scope, which means those below it too, or begins with it up to a "." or "_"; "*" and "?"
  // stand for any characters.
  std::string pattern;
  LogLevel level;
  bool matches(const std::string& scope) const;
};

// "epochcore.dma=debug,plic=info". Throws UsageError.
std::vector<LogRule> parse_log_rules(const std::string& text);

// Writes what models say, a line each, sorted by simulated time; of one time by scope, so that the
// order of the kernel's processes has no influence.
class LogWriter : public LogSink {
 public:
  enum class Format { text, json };

  // To the file, or to stderr without one; of the rules the last that fits a scope counts. Throws
  // UnavailableError if the file cannot be made.
  LogWriter(std::vector<LogRule> rules, Format format,
            const std::optional<std::filesystem::path>& file);

  LogLevel declare(const std::string& scope) override;
  void log(const std::string& scope, LogLevel level, std::uint64_t time_ps,
           const char* text) override;

  // When all scopes are declared: throws UsageError for a rule that no scope fits, with the
  // nearest.
  void refuse_unknown_scopes() const;
  // Called before a line goes to stderr.
  std::function<void()> before_output;

  // Nothing before `now_ps` will come any more: writes it.
  void advance(std::uint64_t now_ps);
  // Writes everything, e.g. because the run stands still.
  void flush();
  // The same, for good. Throws UnavailableError if the disk did not take everything.
  void finish();

 private:
  struct Line {
    std::uint64_t time_ps;
    std::string scope;
    LogLevel level;
    std::string text;
  };
  void write(std::size_t count);
  std::string line_text(const Line& line) const;

  const std::vector<LogRule> rules_;
  const Format format_;
  std::unique_ptr<OutputFile> file_;
  std::vector<std::string> scopes_;
  std::vector<Line> pending_;
};

}  // namespace epoch
