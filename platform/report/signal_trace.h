// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "common/trace.h"
#include "report/event_trace.h"
#include "report/window_counter.h"

namespace epoch {

// Those of the models' signals that an event trace is made of: levels and states become slices,
// numbers become counters. Which: the table in signal_trace.cpp.
class SignalTrace : public TraceSink {
 public:
  explicit SignalTrace(EventTrace& out) : out_(out) {}

  Signal declare(const std::string& scope, const std::string& name, unsigned width_bits,
                 std::vector<std::string> states) override;
  void change(Signal signal, std::uint64_t time_ps, std::uint64_t value) override;
  // Nothing before `now_ps` will come any more.
  void advance(std::uint64_t now_ps);
  void finish(std::uint64_t end_ps);

 private:
  enum class Form { ignored, level, state, busy_state, number, ring };
  struct Rule;
  struct Watched {
    Form form = Form::ignored;
    EventTrace::Track track = 0;
    std::string name;  // of a level's slices; of a number's only series
    std::vector<std::string> states;
    bool known = false;
    std::uint64_t value = 0;
    std::uint64_t since_ps = 0;
    std::size_t other = 0;  // of a ring, or of a busy state's utilisation
  };
  struct Ring {  // what waits in it, and what of it is in the device
    EventTrace::Track track;
    std::uint32_t head = 0, tail = 0, completed = 0;
    bool changed = false;
  };
  struct Change {
    std::uint64_t time_ps;
    Signal signal;
    std::uint64_t value;
  };

  static const Rule* rule_for(const std::string& path);
  void declare_ring(Watched& signal, const std::string& group);
  void take(std::size_t count);
  void apply(const Change& change);
  void close(Watched& signal, std::uint64_t end_ps);
  void set_ring(Ring& ring, const std::string& name, std::uint32_t value);
  void tell_rings(std::uint64_t time_ps);

  EventTrace& out_;
  std::vector<Watched> signals_;
  std::vector<Change> pending_;
  std::vector<Ring> rings_;
  std::deque<WindowCounter<1>> utilisations_;
  std::uint64_t rings_ps_ = 0;
};

}  // namespace epoch
