// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace epoch {

// Receives value changes. Times are absolute simulated picoseconds; a decoupled initiator may
// report times ahead of the kernel's and out of order, the sink sorts them (ties by signal id).
class TraceSink {
 public:
  using Signal = std::uint32_t;
  virtual ~TraceSink() = default;
  // Declares a signal in a dotted module scope. `states` names the values of an enumerated signal.
  virtual Signal declare(const std::string& scope, const std::string& name, unsigned width_bits,
                         std::vector<std::string> states = {}) = 0;
  virtual void change(Signal signal, std::uint64_t time_ps, std::uint64_t value) = 0;
};

// A signal of a model: costs one branch while nothing listens, reports changes only.
class TracePoint {
 public:
  void attach(TraceSink& sink, const std::string& scope, const std::string& name,
              unsigned width_bits, std::vector<std::string> states = {}) {
    sink_ = &sink;
    signal_ = sink.declare(scope, name, width_bits, std::move(states));
    value_ = 0;
    known_ = false;
  }
  bool attached() const { return sink_ != nullptr; }
  void set(std::uint64_t time_ps, std::uint64_t value) {
    if (sink_ == nullptr || (known_ && value == value_)) return;
    known_ = true;
    value_ = value;
    sink_->change(signal_, time_ps, value);
  }

 private:
  TraceSink* sink_ = nullptr;
  TraceSink::Signal signal_ = 0;
  std::uint64_t value_ = 0;
  bool known_ = false;
};

}  // namespace epoch
