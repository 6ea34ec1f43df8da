// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/trace.h"

namespace epoch {

// Hands the models' signals to several sinks. A sink that is added later gets them when the models
// declare theirs once more.
class TraceTee : public TraceSink {
 public:
  void add(TraceSink& sink) { sinks_.push_back(&sink); }

  Signal declare(const std::string& scope, const std::string& name, unsigned width_bits,
                 std::vector<std::string> states) override {
    const auto next = static_cast<Signal>(signals_.size());
    const auto [at, fresh] = numbers_.emplace(scope + "." + name, next);
    if (fresh) signals_.emplace_back();
    std::vector<Signal>& in_sinks = signals_[at->second];
    while (in_sinks.size() < sinks_.size())
      in_sinks.push_back(sinks_[in_sinks.size()]->declare(scope, name, width_bits, states));
    return at->second;
  }
  void change(Signal signal, std::uint64_t time_ps, std::uint64_t value) override {
    const std::vector<Signal>& in_sinks = signals_[signal];
    for (std::size_t i = 0; i < in_sinks.size(); ++i)
      sinks_[i]->change(in_sinks[i], time_ps, value);
  }

 private:
  std::vector<TraceSink*> sinks_;
  std::vector<std::vector<Signal>> signals_;  // a signal's numbers in the sinks
  std::map<std::string, Signal> numbers_;
};

}  // namespace epoch
