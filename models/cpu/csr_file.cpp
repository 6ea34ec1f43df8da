// SPDX-License-Identifier: Apache-2.0
#include "cpu/csr_file.h"

namespace epoch {
namespace {

// mstatus fields (privileged specification v1.12, figure 3.7).
constexpr std::uint32_t kMie = 1u << 3;
constexpr std::uint32_t kMpie = 1u << 7;
constexpr unsigned kMppShift = 11, kFsShift = 13;
constexpr std::uint32_t kMprv = 1u << 17;
constexpr std::uint32_t kTw = 1u << 21;
constexpr std::uint32_t kSd = 1u << 31;

constexpr std::uint32_t extension(char letter) {
  return 1u << (letter - 'A');
}
constexpr std::uint32_t kMisa = 1u << 30 | extension('A') | extension('C') | extension('F') |
                                extension('I') | extension('M') | extension('U');

// mcountinhibit bits; bit 1 is read-only zero because `time` is not a counter of the hart.
constexpr std::uint32_t kStopCycle = 1u << 0;
constexpr std::uint32_t kStopInstret = 1u << 2;
// mcounteren bits: cycle, time, instret.
constexpr std::uint32_t kCounters = 7;

constexpr bool between(std::uint32_t number, std::uint32_t first, std::uint32_t last) {
  return number >= first && number <= last;
}

// Event counters that count nothing: both selector and counter read zero (3.1.10).
constexpr bool event_counter(std::uint32_t number) {
  return between(number, csr::mhpmevent3, csr::mhpmevent31) ||
         between(number, csr::mhpmcounter3, csr::mhpmcounter31) ||
         between(number, csr::mhpmcounter3h, csr::mhpmcounter31h);
}

// Triggers that do not exist read zero (debug specification 0.13, 5.2), up to tcontrol.
constexpr bool trigger(std::uint32_t number) {
  return between(number, csr::tselect, csr::tcontrol);
}

constexpr std::uint32_t low(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}
constexpr std::uint32_t high(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32);
}
constexpr std::uint64_t with_low(std::uint64_t value, std::uint32_t half) {
  return (value >> 32 << 32) | half;
}
constexpr std::uint64_t with_high(std::uint64_t value, std::uint32_t half) {
  return static_cast<std::uint64_t>(half) << 32 | low(value);
}

}  // namespace

// The instruction that writes a counter adds one to the source when it retires; the next
// instruction reads what was written (3.1.10), hence the 1.
void CsrFile::Counter::set(std::uint64_t value, std::uint64_t source) {
  held_ = value;
  offset_ = value - (source + 1);
}

void CsrFile::Counter::stop(bool stopped, std::uint64_t source) {
  if (stopped && !stopped_) held_ = value(source + 1);
  if (!stopped && stopped_) offset_ = held_ - (source + 1);
  stopped_ = stopped;
}

CsrFile::CsrFile(const CpuConfig& config)
    : hart_id_(config.hart_id),
      vendor_id_(config.vendor_id),
      architecture_id_(config.architecture_id),
      implementation_id_(config.implementation_id),
      pmp_(config.pmp_regions) {}

std::uint32_t CsrFile::mstatus() const {
  return (mie_bit_ ? kMie : 0u) | (mpie_bit_ ? kMpie : 0u) |
         static_cast<std::uint32_t>(previous_mode_) << kMppShift | fs_ << kFsShift |
         (mprv_ ? kMprv : 0u) | (tw_ ? kTw : 0u) | (fs_ == 3 ? kSd : 0u);
}

// MPP keeps supported modes only: the two that are not become user mode.
void CsrFile::write_mstatus(std::uint32_t value) {
  mie_bit_ = (value & kMie) != 0;
  mpie_bit_ = (value & kMpie) != 0;
  previous_mode_ = (value >> kMppShift & 3) == 3 ? Privilege::machine : Privilege::user;
  fs_ = value >> kFsShift & 3;
  mprv_ = (value & kMprv) != 0;
  tw_ = (value & kTw) != 0;
}

// Bits 9 and 8 of the number are the lowest mode that may access it (privileged
// specification, 2.1). What user mode sees of the counters, mcounteren says; without FS there is no
// floating point.
bool CsrFile::accessible(std::uint32_t number) const {
  if (between(number, csr::fflags, csr::fcsr)) return floats_on();
  if (mode_ == Privilege::machine) return true;
  if ((number >> 8 & 3) != 0) return false;
  const bool counter = between(number & ~0x80u, csr::cycle, csr::instret);
  return counter && (mcounteren_ >> (number & 3) & 1) != 0;
}

std::optional<std::uint32_t> CsrFile::read(std::uint32_t number, const CounterInputs& now) const {
  switch (number) {
    case csr::fflags:
      return fflags_;
    case csr::frm:
      return frm_;
    case csr::fcsr:
      return frm_ << 5 | fflags_;
    case csr::mhartid:
      return hart_id_;
    case csr::mvendorid:
      return vendor_id_;
    case csr::marchid:
      return architecture_id_;
    case csr::mimpid:
      return implementation_id_;
    case csr::menvcfg:
    case csr::menvcfgh:
    case csr::mstatush:
    case csr::mconfigptr:
      return 0;
    default:
      break;
  }
  if (Pmp::has(number)) return pmp_.read(number);
  if (trigger(number)) return 0;
  const auto machine = read_machine(number);
  return machine ? machine : read_counter(number, now);
}

std::optional<std::uint32_t> CsrFile::read_machine(std::uint32_t number) const {
  switch (number) {
    case csr::mstatus:
      return mstatus();
    case csr::misa:
      return kMisa;
    case csr::mie:
      return mie_;
    case csr::mtvec:
      return mtvec_;
    case csr::mcounteren:
      return mcounteren_;
    case csr::mcountinhibit:
      return mcountinhibit_;
    case csr::mscratch:
      return mscratch_;
    case csr::mepc:
      return mepc_;
    case csr::mcause:
      return mcause_;
    case csr::mtval:
      return mtval_;
    case csr::mip:
      return mip_;
    default:
      return std::nullopt;
  }
}

std::optional<std::uint32_t> CsrFile::read_counter(std::uint32_t number,
                                                   const CounterInputs& now) const {
  switch (number) {
    case csr::mcycle:
    case csr::cycle:
      return low(cycle_.value(now.cycles));
    case csr::mcycleh:
    case csr::cycleh:
      return high(cycle_.value(now.cycles));
    case csr::minstret:
    case csr::instret:
      return low(instret_.value(now.instructions));
    case csr::minstreth:
    case csr::instreth:
      return high(instret_.value(now.instructions));
    case csr::time:
      return low(now.time);
    case csr::timeh:
      return high(now.time);
    default:
      break;
  }
  if (event_counter(number)) return 0;
  return std::nullopt;
}

void CsrFile::write(std::uint32_t number, std::uint32_t value, const CounterInputs& now) {
  if (Pmp::has(number)) return pmp_.write(number, value);
  switch (number) {
    case csr::fflags:
    case csr::frm:
    case csr::fcsr:
      write_float(number, value);
      break;
    case csr::mstatus:
      write_mstatus(value);
      break;
    case csr::mcounteren:
      mcounteren_ = value & kCounters;
      break;
    case csr::mie:
      mie_ = value & kInterrupts;
      break;
    case csr::mtvec:
      mtvec_ = value & ~2u;
      break;  // modes 2 and 3 are reserved
    case csr::mscratch:
      mscratch_ = value;
      break;
    case csr::mepc:
      mepc_ = value & ~1u;
      break;  // instructions are 16-bit aligned
    case csr::mcause:
      mcause_ = value;
      break;
    case csr::mtval:
      mtval_ = value;
      break;
    default:
      write_counter(number, value, now);
      break;
  }
}

void CsrFile::write_float(std::uint32_t number, std::uint32_t value) {
  if (number != csr::frm) fflags_ = value & 31;
  if (number == csr::frm) frm_ = value & 7;
  if (number == csr::fcsr) frm_ = value >> 5 & 7;
  floats_changed();
}

void CsrFile::raise_flags(std::uint32_t flags) {
  if (flags == 0) return;
  fflags_ |= flags;
  floats_changed();
}

std::optional<f32::Rounding> CsrFile::rounding(std::uint32_t rm) const {
  constexpr std::uint32_t dynamic = 7, modes = 5;
  if (rm == dynamic) rm = frm_;
  if (rm >= modes) return std::nullopt;
  return static_cast<f32::Rounding>(rm);
}

void CsrFile::write_counter(std::uint32_t number, std::uint32_t value, const CounterInputs& now) {
  const std::uint64_t cycle = cycle_.value(now.cycles);
  const std::uint64_t instret = instret_.value(now.instructions);
  switch (number) {
    case csr::mcycle:
      cycle_.set(with_low(cycle, value), now.cycles);
      break;
    case csr::mcycleh:
      cycle_.set(with_high(cycle, value), now.cycles);
      break;
    case csr::minstret:
      instret_.set(with_low(instret, value), now.instructions);
      break;
    case csr::minstreth:
      instret_.set(with_high(instret, value), now.instructions);
      break;
    case csr::mcountinhibit:
      write_countinhibit(value, now);
      break;
    default:
      break;  // misa, mip, mstatush, the event counters and the triggers keep their values
  }
}

void CsrFile::write_countinhibit(std::uint32_t value, const CounterInputs& now) {
  mcountinhibit_ = value & (kStopCycle | kStopInstret);
  cycle_.stop((value & kStopCycle) != 0, now.cycles);
  instret_.stop((value & kStopInstret) != 0, now.instructions);
}

std::optional<std::uint32_t> CsrFile::interrupt_to_take() const {
  const std::uint32_t taken = mip_ & takeable_interrupts();
  for (const unsigned number : {kExternalInterrupt, kSoftwareInterrupt, kTimerInterrupt}) {
    if (taken >> number & 1u) return cause::interrupt | number;
  }
  return std::nullopt;
}

std::uint32_t CsrFile::enter_trap(std::uint32_t cause, std::uint32_t pc, std::uint32_t tval) {
  mcause_ = cause;
  mepc_ = pc;
  mtval_ = tval;
  mpie_bit_ = mie_bit_;
  mie_bit_ = false;
  previous_mode_ = mode_;
  mode_ = Privilege::machine;
  const std::uint32_t base = mtvec_ & ~3u;
  const bool vectored = (mtvec_ & 1u) != 0 && (cause & cause::interrupt) != 0;
  return vectored ? base + 4 * (cause & ~cause::interrupt) : base;
}

std::uint32_t CsrFile::leave_trap() {
  mie_bit_ = mpie_bit_;
  mpie_bit_ = true;
  mode_ = previous_mode_;
  previous_mode_ = Privilege::user;
  if (mode_ != Privilege::machine) mprv_ = false;
  return mepc_;
}

}  // namespace epoch
