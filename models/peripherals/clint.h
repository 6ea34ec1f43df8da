// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <systemc>

#include "common/log.h"
#include "common/register_bank.h"
#include "common/trace.h"
#include "peripherals/irq_line.h"

namespace epoch {

struct ClintConfig {
  std::uint64_t timebase_hz = 10'000'000;
};

// Core-local interruptor for one hart, in SiFive's layout (FE310-G000 manual, "Core-Local
// Interruptor"): msip, mtimecmp, mtime; word accesses only. mtime is computed from simulated time,
// and the timer interrupt rises in the picosecond in which mtime reaches mtimecmp.
class Clint : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Clint> socket;
  sc_core::sc_out<bool> software_interrupt;
  sc_core::sc_out<bool> timer_interrupt;

  static constexpr std::uint32_t window_bytes = 0x10000;

  Clint(const sc_core::sc_module_name& name, const ClintConfig& config);

  const RegisterBank& register_bank() const { return bank_; }

  // Value of mtime at an absolute time.
  std::uint64_t mtime(std::uint64_t time_ps) const;

  void attach_trace(TraceSink& sink);
  void attach_log(LogSink& sink) { log_.attach(sink, name()); }

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);

  void add_registers();
  std::uint64_t ticks(std::uint64_t time_ps) const;
  void write_mtime(unsigned word, std::uint32_t value);
  void write_mtimecmp(unsigned word, std::uint32_t value);
  void update_timer(std::uint64_t reference_ps);
  void timer_is_due();
  void drive_software_interrupt();
  void drive_timer_interrupt();
  void log_change(const char* interrupt, bool from, bool to) const;

  const std::uint64_t timebase_hz_;
  RegisterBank bank_;
  std::uint64_t access_ps_ = 0;     // absolute time of the access being served
  std::uint64_t mtime_offset_ = 0;  // mtime - ticks since 0, modulo 2^64
  std::uint64_t mtimecmp_;
  IrqLine software_line_, timer_line_;
  sc_core::sc_event timer_due_;
  TracePoint trace_software_, trace_timer_;
  LogPoint log_;
};

}  // namespace epoch
