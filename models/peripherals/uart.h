// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <systemc>

#include "common/log.h"
#include "common/statistics.h"
#include "common/trace.h"
#include "peripherals/irq_line.h"

namespace epoch {

// A subset of the 16550 UART (National Semiconductor PC16550D), byte registers at stride 1. The
// line has no time: a written byte is gone at once, a received one is there when receive() is
// called. Only byte accesses; others are burst errors.
class Uart : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Uart> socket;
  sc_core::sc_out<bool> irq;

  std::function<void(std::uint8_t)> on_transmit;

  static constexpr std::uint64_t window_bytes = 8;
  static constexpr std::size_t fifo_bytes = 16;

  explicit Uart(const sc_core::sc_module_name& name);

  // A byte from the line; lost, with the overrun bit set, when the fifo is full.
  void receive(std::uint8_t byte);

  // How many bytes receive() takes before it loses one.
  std::size_t room() const { return depth() - received_.size(); }
  // Whether the firmware has begun to look for input: it enabled the receive interrupt, or read LSR
  // or RBR.
  bool listens() const { return listens_; }
  // Whether a received byte raises the interrupt.
  bool interrupts_on_input() const;

  void attach_trace(TraceSink& sink);
  void attach_log(LogSink& sink) { log_.attach(sink, name()); }
  void statistics(Statistics& out) const;

 private:
  // Register offsets; with LCR.DLAB, 0 and 1 are the divisor latch.
  enum : unsigned { rbr_thr, ier, iir_fcr, lcr, mcr, lsr, msr, scr };

  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);

  std::uint8_t peek(unsigned offset) const;  // what a read returns, without its side effects
  std::uint8_t read(unsigned offset);
  void write(unsigned offset, std::uint8_t value);
  void write_data(std::uint8_t value);
  void write_fifo_control(std::uint8_t value);
  std::uint8_t interrupt_id() const;
  bool divisor_latch() const { return (lcr_ & 0x80u) != 0; }
  std::size_t depth() const { return fifos_enabled_ ? fifo_bytes : 1; }
  void update_irq();
  void drive_irq();

  std::deque<std::uint8_t> received_;
  std::uint8_t ier_ = 0, lcr_ = 0, mcr_ = 0, scr_ = 0, divisor_low_ = 0, divisor_high_ = 0;
  bool fifos_enabled_ = false;
  bool listens_ = false;
  bool overrun_ = false;
  bool transmitter_emptied_ = false;  // THR-empty interrupt, until IIR shows it or THR is written
  IrqLine irq_line_;
  std::uint64_t transmitted_bytes_ = 0, received_bytes_ = 0, lost_bytes_ = 0;
  void log_sent(std::uint8_t byte, std::uint64_t time_ps);

  TracePoint trace_irq_, trace_transmit_;
  LogPoint log_;
  std::string line_;  // sent so far, while the log wants it
};

}  // namespace epoch
