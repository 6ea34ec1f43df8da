// SPDX-License-Identifier: Apache-2.0
// A hart whose instructions are observed one by one: the interpreter is given budgets of one cycle,
// so what executes, when and with what result is the same as without an observer.
#include <cstring>

#include "cpu/decoder.h"
#include "cpu/hart.h"

namespace epoch {

void Hart::interpret_stepwise() {
  while (budget_ != 0 && !exit_) {
    rest_ = budget_ - 1;
    limit_ -= rest_;
    budget_ = 1;
    step_observed();
    limit_ += rest_;  // unless the quantum has ended, or a debugger has taken it
    budget_ += rest_;
    rest_ = 0;
  }
}

// What stands at an address of directly accessible memory.
Instruction Hart::instruction_at(std::uint32_t pc) const {
  std::uint32_t bits = 0;
  const std::uint8_t* const low = direct_.find(pc, 2, false);
  if (low == nullptr) return {};
  std::memcpy(&bits, low, 2);
  if (is_compressed(bits)) return decode(bits);
  const std::uint8_t* const high = direct_.find(pc + 2, 2, false);
  if (high == nullptr) return {};
  std::uint32_t upper = 0;
  std::memcpy(&upper, high, 2);
  return decode(bits | upper << 16);
}

// A first look at an instruction may find its slot not decoded yet; a breakpoint's never is.
void Hart::step_observed() {
  const std::uint64_t traps = counts_.traps;
  const auto x = x_;
  const auto f = f_;
  Instruction* const slot = code().page(pc_).slot(pc_);
  ExecutedInstruction executed;
  executed.cycle = cycles();
  executed.pc = pc_;
  executed.decoded = *slot;
  interpret_free();
  if (cycles() == executed.cycle) return;  // a debugger stands before it
  executed.retired = counts_.traps == traps;
  const bool fetched = executed.retired || last_trap_.cause != cause::instruction_access_fault;
  if (executed.decoded.op == Op::undecoded && fetched) {
    executed.decoded = slot->op != Op::undecoded ? *slot : instruction_at(executed.pc);
  }
  const Instruction& i = executed.decoded;
  executed.rs1 = x[i.rs1 % kRegisterSlots];
  executed.rs2 = i.op == Op::fsw ? f[i.rs2 % 32] : x[i.rs2 % kRegisterSlots];
  executed.result = x_[i.rd % kRegisterSlots];
  executed.float_result = f_[i.rd % 32];
  executed.next_pc = pc_;
  for (InstructionObserver* each : each_) each->on_instruction(executed);
}

}  // namespace epoch
