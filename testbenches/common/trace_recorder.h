// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/trace.h"

namespace epoch {

// A trace sink that keeps every change, by "scope.name", in the order reported.
class TraceRecorder : public TraceSink {
 public:
  struct Change {
    std::uint64_t time_ps, value;
    bool operator==(const Change& other) const {
      return time_ps == other.time_ps && value == other.value;
    }
  };

  Signal declare(const std::string& scope, const std::string& name, unsigned,
                 std::vector<std::string>) override {
    signals_.push_back({scope + "." + name, {}});
    return static_cast<Signal>(signals_.size() - 1);
  }
  void change(Signal signal, std::uint64_t time_ps, std::uint64_t value) override {
    signals_.at(signal).second.push_back({time_ps, value});
  }

  // Empty for a signal that nobody declared.
  std::vector<Change> changes(const std::string& path) const {
    for (const auto& signal : signals_)
      if (signal.first == path) return signal.second;
    return {};
  }

 private:
  std::vector<std::pair<std::string, std::vector<Change>>> signals_;
};

}  // namespace epoch
