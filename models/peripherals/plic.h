// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <systemc>
#include <vector>

#include "common/log.h"
#include "common/register_bank.h"
#include "common/statistics.h"
#include "common/trace.h"
#include "peripherals/irq_line.h"

namespace epoch {

// Platform-level interrupt controller (RISC-V PLIC specification 1.0.0) with level-triggered
// sources and one context, machine mode of hart 0. Priorities 0 (never) to 7; word accesses only.
class Plic : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Plic> socket;
  sc_core::sc_vector<sc_core::sc_in<bool>> sources;  // sources[i] has the interrupt id i + 1
  sc_core::sc_out<bool> external_interrupt;

  static constexpr std::uint32_t window_bytes = 0x0400'0000;

  Plic(const sc_core::sc_module_name& name, unsigned source_count);

  const RegisterBank& register_bank() const { return bank_; }
  void attach_trace(TraceSink& sink);
  void attach_log(LogSink& sink) { log_.attach(sink, name()); }
  void statistics(Statistics& out) const;

 private:
  struct Source {
    bool pending = false;
    bool in_service = false;  // claimed and not completed: its gateway is closed
    bool enabled = false;
    std::uint64_t claims = 0;
    TracePoint trace;
  };

  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);

  void add_registers();
  std::uint32_t pending_word(unsigned word) const;
  std::uint32_t enabled_word(unsigned word) const;
  void write_enables(unsigned word, std::uint32_t value);
  std::uint32_t priority(unsigned id) const;
  unsigned best_pending() const;  // 0: none
  void claim(unsigned id);
  void complete(std::uint32_t id);
  void sample_sources();
  void update_irq();
  void drive_irq();

  RegisterBank bank_;
  std::vector<Source> state_;  // by interrupt id; 0 does not exist
  IrqLine irq_line_;
  TracePoint trace_irq_;
  LogPoint log_;
};

}  // namespace epoch
