// SPDX-License-Identifier: Apache-2.0
#include "peripherals/simctl.h"

#include "common/register_target.h"
#include "common/sim_time.h"

namespace epoch {

namespace {

constexpr std::uint32_t exit_offset = 0x00, trap_offset = 0x04, time_low_offset = 0x08,
                        time_high_offset = 0x0C;

std::vector<Register> registers() {
  return {
      {"EXIT", exit_offset, 1, Access::rw, 0, "Write ends the simulation with this code", {}},
      {"TRAP", trap_offset, 1, Access::rw, 0, "Write reports an unhandled trap: mcause", {}},
      {"SIM_TIME_NS_LO", time_low_offset, 1, Access::latch, 0, "Simulated time in ns, low", {}},
      {"SIM_TIME_NS_HI", time_high_offset, 1, Access::ro, 0, "High word, latched", {}},
  };
}

}  // namespace

SimCtl::SimCtl(const sc_core::sc_module_name& module_name)
    : sc_module(module_name), socket("socket"), bank_(window_bytes, registers()) {
  socket.register_b_transport(this, &SimCtl::b_transport);
  socket.register_transport_dbg(this, &SimCtl::transport_dbg);
  bank_.on_write(exit_offset, [this](unsigned, std::uint32_t code) {
    bank_.set(exit_offset, code);
    if (log_.on(LogLevel::info)) log_.write(LogLevel::info, access_ps_, "exit %u", unsigned{code});
    if (on_exit) on_exit(code);
  });
  bank_.on_write(trap_offset, [this](unsigned, std::uint32_t cause) {
    bank_.set(trap_offset, cause);
    if (log_.on(LogLevel::error))
      log_.write(LogLevel::error, access_ps_, "unhandled trap, mcause 0x%08x", unsigned{cause});
    if (on_trap) on_trap(cause);
  });
  bank_.on_read(time_low_offset,
                [this](unsigned) { return static_cast<std::uint32_t>(access_ps_ / 1000); });
  bank_.on_read(time_high_offset,
                [this](unsigned) { return static_cast<std::uint32_t>(access_ps_ / 1000 >> 32); });
}

void SimCtl::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  access_ps_ = now_ps(delay);
  register_access(bank_, payload);
}

unsigned SimCtl::transport_dbg(tlm::tlm_generic_payload& payload) {
  access_ps_ = now_ps();
  return register_debug(bank_, payload);
}

}  // namespace epoch
