// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <functional>
#include <systemc>

#include "common/log.h"
#include "common/register_bank.h"

namespace epoch {

// Simulation control: how firmware ends a run and reads simulated time. Exists in simulation only.
//   0x00 EXIT   write: the exit code            0x08 SIM_TIME_NS_LO  reading latches the high word
//   0x04 TRAP   write: mcause of a trap that    0x0C SIM_TIME_NS_HI
//               the firmware cannot handle
class SimCtl : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<SimCtl> socket;

  std::function<void(std::uint32_t code)> on_exit;
  std::function<void(std::uint32_t cause)> on_trap;

  static constexpr std::uint32_t window_bytes = 0x1000;

  explicit SimCtl(const sc_core::sc_module_name& name);

  const RegisterBank& register_bank() const { return bank_; }
  void attach_log(LogSink& sink) { log_.attach(sink, name()); }

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);

  RegisterBank bank_;
  LogPoint log_;
  std::uint64_t access_ps_ = 0;  // absolute time of the access being served
};

}  // namespace epoch
