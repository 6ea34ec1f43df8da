// SPDX-License-Identifier: Apache-2.0
#include "peripherals/uart.h"

#include <algorithm>

#include "common/payload_check.h"
#include "common/sim_time.h"

namespace epoch {

namespace {

constexpr std::uint8_t ier_received = 0x01, ier_transmitter_empty = 0x02, ier_line_status = 0x04;
constexpr std::uint8_t iir_none = 0x01, iir_transmitter_empty = 0x02, iir_received = 0x04,
                       iir_line_status = 0x06, iir_fifos = 0xC0;
constexpr std::uint8_t fcr_enable = 0x01, fcr_clear_receiver = 0x02;
constexpr std::uint8_t lsr_data_ready = 0x01, lsr_overrun = 0x02, lsr_transmitter_idle = 0x60;
constexpr std::uint8_t msr_carrier_and_clear_to_send = 0xB0;  // DCD, DSR, CTS: a live far end

}  // namespace

Uart::Uart(const sc_core::sc_module_name& module_name)
    : sc_module(module_name), socket("socket"), irq("irq"), irq_line_("irq_line") {
  socket.register_b_transport(this, &Uart::b_transport);
  socket.register_transport_dbg(this, &Uart::transport_dbg);
  SC_HAS_PROCESS(Uart);
  SC_METHOD(drive_irq);
  sensitive << irq_line_.changed();
}

void Uart::receive(std::uint8_t byte) {
  if (received_.size() == depth()) {
    overrun_ = true;
    if (log_.on(LogLevel::warning))
      log_.write(LogLevel::warning, now_ps(), "overrun: a byte is lost");
    ++lost_bytes_;
  } else {
    received_.push_back(byte);
    ++received_bytes_;
    if (log_.on(LogLevel::debug))
      log_.write(LogLevel::debug, now_ps(), "received 0x%02x", unsigned{byte});
  }
  update_irq();
}

void Uart::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  tlm::tlm_response_status status = check_payload(payload, window_bytes);
  if (status == tlm::TLM_OK_RESPONSE && payload.get_data_length() != 1)
    status = tlm::TLM_BURST_ERROR_RESPONSE;
  payload.set_response_status(status);
  if (status != tlm::TLM_OK_RESPONSE) return;
  const auto offset = static_cast<unsigned>(payload.get_address());
  if (payload.is_read()) {
    *payload.get_data_ptr() = read(offset);
  } else if (payload.is_write()) {
    if (offset == rbr_thr && !divisor_latch()) {
      trace_transmit_.set(now_ps(delay), *payload.get_data_ptr());
      if (log_.on(LogLevel::info)) log_sent(*payload.get_data_ptr(), now_ps(delay));
    }
    write(offset, *payload.get_data_ptr());
  }
  update_irq();
}

unsigned Uart::transport_dbg(tlm::tlm_generic_payload& payload) {
  const std::uint64_t address = payload.get_address();
  if (!payload.is_read() || address >= window_bytes) return 0;
  const auto count = static_cast<unsigned>(
      std::min<std::uint64_t>(payload.get_data_length(), window_bytes - address));
  for (unsigned i = 0; i < count; ++i)
    payload.get_data_ptr()[i] = peek(static_cast<unsigned>(address) + i);
  return count;
}

std::uint8_t Uart::peek(unsigned offset) const {
  switch (offset) {
    case rbr_thr:
      if (divisor_latch()) return divisor_low_;
      return received_.empty() ? std::uint8_t{0} : received_.front();
    case ier:
      return divisor_latch() ? divisor_high_ : ier_;
    case iir_fcr:
      return static_cast<std::uint8_t>(interrupt_id() | (fifos_enabled_ ? iir_fifos : 0));
    case lcr:
      return lcr_;
    case mcr:
      return mcr_;
    case lsr:
      return static_cast<std::uint8_t>(lsr_transmitter_idle | (overrun_ ? lsr_overrun : 0) |
                                       (received_.empty() ? 0 : lsr_data_ready));
    case msr:
      return msr_carrier_and_clear_to_send;
    default:
      return scr_;
  }
}

std::uint8_t Uart::read(unsigned offset) {
  const std::uint8_t value = peek(offset);
  if (offset == lsr || (offset == rbr_thr && !divisor_latch())) listens_ = true;
  if (offset == rbr_thr && !divisor_latch() && !received_.empty()) received_.pop_front();
  if (offset == iir_fcr && (value & 0x0Fu) == iir_transmitter_empty) transmitter_emptied_ = false;
  if (offset == lsr) overrun_ = false;
  return value;
}

void Uart::write(unsigned offset, std::uint8_t value) {
  switch (offset) {
    case rbr_thr:
      write_data(value);
      break;
    case ier:
      if (divisor_latch()) {
        divisor_high_ = value;
      } else {
        // Enabling the THR-empty interrupt raises it at once while the transmitter is empty.
        if ((value & ~ier_ & ier_transmitter_empty) != 0) transmitter_emptied_ = true;
        ier_ = value & 0x0F;
        listens_ = listens_ || interrupts_on_input();
      }
      break;
    case iir_fcr:
      write_fifo_control(value);
      break;
    case lcr:
      lcr_ = value;
      break;
    case mcr:
      mcr_ = value & 0x0F;
      break;
    case scr:
      scr_ = value;
      break;
    default:
      break;  // LSR and MSR are read only
  }
}

void Uart::write_data(std::uint8_t value) {
  if (divisor_latch()) {
    divisor_low_ = value;
    return;
  }
  ++transmitted_bytes_;
  transmitter_emptied_ = true;
  if (on_transmit) on_transmit(value);
}

void Uart::write_fifo_control(std::uint8_t value) {
  const bool enable = (value & fcr_enable) != 0;
  if (enable != fifos_enabled_ || (enable && (value & fcr_clear_receiver) != 0)) received_.clear();
  fifos_enabled_ = enable;
}

bool Uart::interrupts_on_input() const {
  return (ier_ & ier_received) != 0;
}

std::uint8_t Uart::interrupt_id() const {
  if ((ier_ & ier_line_status) != 0 && overrun_) return iir_line_status;
  if (interrupts_on_input() && !received_.empty()) return iir_received;
  if ((ier_ & ier_transmitter_empty) != 0 && transmitter_emptied_) return iir_transmitter_empty;
  return iir_none;
}

void Uart::update_irq() {
  irq_line_.set(interrupt_id() != iir_none);
}

void Uart::drive_irq() {
  irq.write(irq_line_.level());
  trace_irq_.set(now_ps(), irq_line_.level());
}

// A line when it is complete.
void Uart::log_sent(std::uint8_t byte, std::uint64_t time_ps) {
  constexpr std::size_t kLongestLine = 200;
  if (byte == '\r') return;
  if (byte != '\n') line_ += static_cast<char>(byte);
  if (byte != '\n' && line_.size() < kLongestLine) return;
  log_.write(LogLevel::info, time_ps, "sent: %s", line_.c_str());
  line_.clear();
}

void Uart::attach_trace(TraceSink& sink) {
  trace_irq_.attach(sink, name(), "irq", 1);
  trace_transmit_.attach(sink, name(), "transmit", 8);
  trace_irq_.set(now_ps(), irq_line_.level());
}

void Uart::statistics(Statistics& out) const {
  const std::string scope = name();
  out.push_back({scope + ".transmitted_bytes", transmitted_bytes_, "B", "Bytes sent"});
  out.push_back({scope + ".received_bytes", received_bytes_, "B", "Bytes received"});
  out.push_back({scope + ".lost_bytes", lost_bytes_, "B", "Bytes lost to a full receive fifo"});
}

}  // namespace epoch
