// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <systemc>

#include "common/sim_time.h"
#include "common/trace.h"
#include "cpu/trap.h"

namespace epoch {

// The three interrupt inputs of a processor, as bits of mip, and their waveforms.
class InterruptInputs {
 public:
  InterruptInputs(const sc_core::sc_in<bool>& software, const sc_core::sc_in<bool>& timer,
                  const sc_core::sc_in<bool>& external)
      : lines_{{{&software, kSoftwareInterrupt, "software_interrupt", {}},
                {&timer, kTimerInterrupt, "timer_interrupt", {}},
                {&external, kExternalInterrupt, "external_interrupt", {}}}} {}

  std::uint32_t levels() const {
    std::uint32_t bits = 0;
    for (const Line& line : lines_) bits |= line.input->read() ? 1u << line.number : 0u;
    return bits;
  }
  sc_core::sc_event_or_list changed() const {
    return lines_[0].input->value_changed_event() | lines_[1].input->value_changed_event() |
           lines_[2].input->value_changed_event();
  }
  void attach_trace(TraceSink& sink, const char* scope) {
    for (Line& line : lines_) line.trace.attach(sink, scope, line.name, 1);
  }
  // Traces the levels now, and tells of those that have just changed.
  template <typename OnChange>
  void trace(OnChange on_change) {
    for (Line& line : lines_) {
      if (line.input->event()) on_change(line.number, line.input->read());
      line.trace.set(now_ps(), line.input->read());
    }
  }

 private:
  struct Line {
    const sc_core::sc_in<bool>* input;
    unsigned number;
    const char* name;
    TracePoint trace;
  };
  std::array<Line, 3> lines_;
};

}  // namespace epoch
