// SPDX-License-Identifier: Apache-2.0
#include "cpu/hart_debugger.h"

#include <algorithm>

#include "cpu/hart.h"

namespace epoch {

namespace {

constexpr unsigned kStackPointer = 2;

}  // namespace

HartDebugger::HartDebugger(Hart& hart) : hart_(hart) {
  hart_.debugger_ = this;
}

HartDebugger::~HartDebugger() {
  hart_.debugger_ = nullptr;
}

// ---- orders -------------------------------------------------------------------------------------

// Half-way through an instruction its breakpoint lies behind.
std::optional<std::uint32_t> HartDebugger::standing_at() const {
  if (interpreting_) return std::nullopt;
  return hart_.pc_;
}

void HartDebugger::go_on() {
  halt_requested_ = false;
  stepping_ = false;
  return_.reset();
  passing_ = pc_written_ ? std::nullopt : standing_at();
  pc_written_ = false;
}

void HartDebugger::step(std::uint32_t first, std::uint32_t last) {
  halt_requested_ = false;
  stepping_ = true;
  return_.reset();
  range_first_ = first;
  range_last_ = last;
  passing_ = standing_at();
  pc_written_ = false;
  if (interpreting_) hart_.withhold(1);
}

void HartDebugger::request_halt() {
  halt_requested_ = true;
  if (interpreting_) hart_.withhold(1);
}

// ---- points -------------------------------------------------------------------------------------

void HartDebugger::forget_slot(std::uint32_t pc) {
  hart_.forget_code(pc, pc + 1);
}

void HartDebugger::insert_breakpoint(std::uint32_t address) {
  breakpoints_.insert(address);
  forget_slot(address);
}

void HartDebugger::insert_watchpoint(const Watchpoint& watchpoint) {
  watchpoints_.push_back(watchpoint);
  hart_.direct_.forget_pages();
}

void HartDebugger::remove_watchpoint(const Watchpoint& watchpoint) {
  const auto found = std::find(watchpoints_.begin(), watchpoints_.end(), watchpoint);
  if (found != watchpoints_.end()) watchpoints_.erase(found);
}

void HartDebugger::remove_all() {
  breakpoints_.clear();
  watchpoints_.clear();
}

std::optional<WatchHit> HartDebugger::touched(std::uint64_t address, std::uint64_t bytes,
                                              bool is_write) const {
  for (const Watchpoint& watchpoint : watchpoints_) {
    const bool overlaps = address <= watchpoint.last && address + bytes > watchpoint.first;
    if (!overlaps || !watchpoint.sees(is_write)) continue;
    return WatchHit{watchpoint,
                    static_cast<std::uint32_t>(std::max<std::uint64_t>(address, watchpoint.first))};
  }
  return std::nullopt;
}

bool HartDebugger::watches_page(std::uint32_t address) const {
  return std::any_of(watchpoints_.begin(), watchpoints_.end(), [&](const Watchpoint& watchpoint) {
    return (address & kPageMask) <= watchpoint.last && (address | ~kPageMask) >= watchpoint.first;
  });
}

// ---- what the hart meets ------------------------------------------------------------------------

// A watched access stops before it is made, where GDB expects a RISC-V hart to.
bool HartDebugger::stops_before(const Instruction& i) {
  if (passing_ == hart_.pc_) return false;
  bool stops = false;
  if (i.op == Op::undecoded) {
    stops = stops_undecoded();
  } else if (i.op == Op::ebreak) {
    stops = catch_ebreak_;
    if (stops) event_ = HartStop{HartStop::Reason::ebreak, {}};
  } else if (const std::optional<WatchHit> hit = touched_by(i)) {
    stops = true;
    event_ = HartStop{HartStop::Reason::watchpoint, *hit};
  }
  if (stops) hart_.withhold(0);
  return stops;
}

bool HartDebugger::stops_undecoded() {
  const bool breaks = breakpoints_.count(hart_.pc_) != 0;
  if (breaks) event_ = HartStop{HartStop::Reason::breakpoint, {}};
  return breaks || (return_ && return_->pc == hart_.pc_);
}

std::optional<WatchHit> HartDebugger::touched_by(const Instruction& i) const {
  if (watchpoints_.empty()) return std::nullopt;
  const std::uint32_t base = hart_.x_[i.rs1 % 32];  // of a CSR instruction it is a number
  const std::uint32_t address = base + static_cast<std::uint32_t>(i.imm);
  switch (i.op) {
    case Op::lb:
    case Op::lbu:
      return touched(address, 1, false);
    case Op::lh:
    case Op::lhu:
      return touched(address, 2, false);
    case Op::lw:
    case Op::flw:
      return touched(address, 4, false);
    case Op::sb:
      return touched(address, 1, true);
    case Op::sh:
      return touched(address, 2, true);
    case Op::sw:
    case Op::fsw:
      return touched(address, 4, true);
    case Op::lr_w:
      return touched(base, 4, false);
    case Op::sc_w:
      return hart_.reservation_ == base ? touched(base, 4, true) : std::nullopt;
    default:
      break;
  }
  if (i.op < Op::amoswap_w || i.op > Op::amomaxu_w) return std::nullopt;
  const std::optional<WatchHit> read = touched(base, 4, false);
  return read ? read : touched(base, 4, true);
}

void HartDebugger::interrupted(std::uint32_t pc) {
  if (!steps_now()) return;
  return_ = Return{pc, hart_.x_[kStackPointer]};
  forget_slot(pc);
}

// ---- running ------------------------------------------------------------------------------------

void HartDebugger::run() {
  while (hart_.budget_ != 0 && !hart_.exit_) {
    if (halt_requested_) {
      stop({});
      continue;
    }
    // At the address, but deeper in the stack: the handler calls what it has interrupted.
    if (return_ && return_->pc == hart_.pc_) {
      if (return_->sp == hart_.x_[kStackPointer]) {
        return_.reset();
      } else if (!passing_) {
        passing_ = hart_.pc_;
      }
    }
    if (passing_ && *passing_ != hart_.pc_) passing_.reset();
    if (passing_ || steps_now()) hart_.withhold(1);
    interpret();
    if (event_) {
      stop(*event_);
    } else if (steps_now()) {
      finish_step();
    }
  }
}

void HartDebugger::interpret() {
  const std::optional<std::uint32_t> passed = passing_;
  interpreting_ = true;
  hart_.interpret();
  interpreting_ = false;
  hart_.give_back();
  if (passed && (breakpoints_.count(*passed) != 0 || return_)) forget_slot(*passed);
  passing_.reset();
}

void HartDebugger::finish_step() {
  const bool in_range = hart_.pc_ >= range_first_ && hart_.pc_ < range_last_;
  if (in_range || hart_.exit_ == Hart::Exit::halted) return;
  stop({HartStop::Reason::step, {}});
}

void HartDebugger::stop(HartStop why) {
  halt_requested_ = false;
  event_.reset();
  return_.reset();
  stepping_ = false;
  pc_written_ = false;
  if (on_stop) on_stop(why);
}

// ---- state --------------------------------------------------------------------------------------

// A hart that was about to sleep does not: it has somewhere else to go.
void HartDebugger::set_pc(std::uint32_t pc) {
  hart_.set_pc(pc);
  pc_written_ = true;
  if (hart_.exit_ == Hart::Exit::wait_for_interrupt) hart_.exit_.reset();
}

void HartDebugger::set_x(unsigned number, std::uint32_t value) {
  hart_.set_x(number, value);
}

// As an instruction would, mstatus.FS with it; where FS is off it stays off.
void HartDebugger::set_f(unsigned number, std::uint32_t value) {
  hart_.set_f(number, value);
  if (hart_.csrs_.floats_on()) hart_.csrs_.floats_changed();
}

std::optional<std::uint32_t> HartDebugger::read_csr(std::uint32_t number) const {
  return hart_.csrs_.read(number, hart_.counter_inputs(number));
}

// No instruction retires that a written counter would have to leave out.
void HartDebugger::write_csr(std::uint32_t number, std::uint32_t value) {
  CounterInputs now = hart_.counter_inputs(number);
  --now.cycles;
  --now.instructions;
  const Privilege before = hart_.csrs_.data_mode();
  hart_.csrs_.write(number, value, now);
  hart_.follow_csr(number, before);
}

}  // namespace epoch
