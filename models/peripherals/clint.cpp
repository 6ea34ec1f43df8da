// SPDX-License-Identifier: Apache-2.0
#include "peripherals/clint.h"

#include <limits>
#include <stdexcept>

#include "common/register_target.h"
#include "common/sim_time.h"

namespace epoch {

namespace {

__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t ps_per_second = 1'000'000'000'000;
constexpr std::uint32_t msip = 0x0000, mtimecmp_offset = 0x4000, mtime_register = 0xBFF8;

std::vector<Register> registers() {
  return {
      {"MSIP", msip, 1, Access::rw, 0, "Software interrupt of hart 0", {{"PENDING", 0, 1, "1"}}},
      // All ones: no timer interrupt before software asks for one.
      {"MTIMECMP", mtimecmp_offset, 2, Access::rw, 0xFFFFFFFFu, "Timer compare, low and high", {}},
      {"MTIME", mtime_register, 2, Access::rw, 0, "Timer, low and high word", {}},
  };
}

std::uint32_t word_of(std::uint64_t value, unsigned word) {
  return static_cast<std::uint32_t>(value >> (32 * word));
}

std::uint64_t with_word(std::uint64_t value, unsigned word, std::uint32_t replacement) {
  const unsigned shift = 32 * word;
  return (value & ~(std::uint64_t{0xFFFFFFFFu} << shift)) | (std::uint64_t{replacement} << shift);
}

}  // namespace

Clint::Clint(const sc_core::sc_module_name& module_name, const ClintConfig& config)
    : sc_module(module_name),
      socket("socket"),
      software_interrupt("software_interrupt"),
      timer_interrupt("timer_interrupt"),
      timebase_hz_(config.timebase_hz),
      bank_(window_bytes, registers()),
      mtimecmp_(std::numeric_limits<std::uint64_t>::max()),
      software_line_("software_line"),
      timer_line_("timer_line") {
  if (timebase_hz_ == 0 || timebase_hz_ > ps_per_second)
    throw std::invalid_argument("clint: timebase_hz must be in 1..1e12");
  add_registers();
  socket.register_b_transport(this, &Clint::b_transport);
  socket.register_transport_dbg(this, &Clint::transport_dbg);
  SC_HAS_PROCESS(Clint);
  SC_METHOD(drive_software_interrupt);
  sensitive << software_line_.changed();
  SC_METHOD(drive_timer_interrupt);
  sensitive << timer_line_.changed();
  SC_METHOD(timer_is_due);
  sensitive << timer_due_;
  dont_initialize();
}

void Clint::add_registers() {
  bank_.on_read(msip, [this](unsigned) { return std::uint32_t{software_line_.level()}; });
  bank_.on_write(msip, [this](unsigned, std::uint32_t value) { software_line_.set(value != 0); });
  bank_.on_read(mtimecmp_offset, [this](unsigned word) { return word_of(mtimecmp_, word); });
  bank_.on_write(mtimecmp_offset,
                 [this](unsigned word, std::uint32_t value) { write_mtimecmp(word, value); });
  bank_.on_read(mtime_register, [this](unsigned word) { return word_of(mtime(access_ps_), word); });
  bank_.on_write(mtime_register,
                 [this](unsigned word, std::uint32_t value) { write_mtime(word, value); });
}

std::uint64_t Clint::ticks(std::uint64_t time_ps) const {
  return static_cast<std::uint64_t>(static_cast<Wide>(time_ps) * timebase_hz_ / ps_per_second);
}

std::uint64_t Clint::mtime(std::uint64_t time_ps) const {
  return ticks(time_ps) + mtime_offset_;
}

void Clint::write_mtime(unsigned word, std::uint32_t value) {
  mtime_offset_ = with_word(mtime(access_ps_), word, value) - ticks(access_ps_);
  update_timer(access_ps_);
}

void Clint::write_mtimecmp(unsigned word, std::uint32_t value) {
  mtimecmp_ = with_word(mtimecmp_, word, value);
  update_timer(access_ps_);
}

// Sets the level for the reference time, the access's or the event's own, and wakes up when mtime
// will reach mtimecmp: the first picosecond t with floor(t * timebase / 1e12) >= the tick wanted.
// Times beyond the kernel's last are never.
void Clint::update_timer(std::uint64_t reference_ps) {
  const std::uint64_t current = mtime(reference_ps);
  timer_line_.set(current >= mtimecmp_);
  timer_due_.cancel();
  if (current >= mtimecmp_) return;
  const Wide tick = static_cast<Wide>(ticks(reference_ps)) + (mtimecmp_ - current);
  const Wide due = (tick * ps_per_second + timebase_hz_ - 1) / timebase_hz_;
  if (due < to_ps(sc_core::sc_max_time()))
    timer_due_.notify(from_ps(static_cast<std::uint64_t>(due) - now_ps()));
}

void Clint::timer_is_due() {
  update_timer(now_ps());
}

void Clint::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  access_ps_ = now_ps(delay);
  register_access(bank_, payload);
}

unsigned Clint::transport_dbg(tlm::tlm_generic_payload& payload) {
  access_ps_ = now_ps();
  return register_debug(bank_, payload);
}

void Clint::drive_software_interrupt() {
  log_change("software", software_interrupt.read(), software_line_.level());
  software_interrupt.write(software_line_.level());
  trace_software_.set(now_ps(), software_line_.level());
}

void Clint::drive_timer_interrupt() {
  log_change("timer", timer_interrupt.read(), timer_line_.level());
  timer_interrupt.write(timer_line_.level());
  trace_timer_.set(now_ps(), timer_line_.level());
}

void Clint::log_change(const char* interrupt, bool from, bool to) const {
  if (from == to || !log_.on(LogLevel::info)) return;
  log_.write(LogLevel::info, now_ps(), "%s interrupt %s", interrupt, to ? "raised" : "withdrawn");
}

void Clint::attach_trace(TraceSink& sink) {
  trace_software_.attach(sink, name(), "software_interrupt", 1);
  trace_timer_.attach(sink, name(), "timer_interrupt", 1);
  trace_software_.set(now_ps(), software_line_.level());
  trace_timer_.set(now_ps(), timer_line_.level());
}

}  // namespace epoch
