// SPDX-License-Identifier: Apache-2.0
// A hart whose instructions are observed one by one: the interpreter is given budgets of one cycle,
// so what executes, when and with what result is the same as without an observer.
#include "cpu/hart.h"

namespace epoch {

void Hart::interpret_stepwise() {
  while (budget_ != 0 && !exit_) {
    const std::uint64_t rest = budget_ - 1;
    limit_ -= rest;
    budget_ = 1;
    quantum_ended_ = false;
    step_observed();
    if (quantum_ended_) return;
    limit_ += rest;
    budget_ += rest;
  }
}

void Hart::step_observed() {
  const std::uint64_t traps = counts_.traps;
  ExecutedInstruction executed;
  executed.cycle = cycles();
  executed.pc = pc_;
  Instruction* const slot = code_.page(pc_).slot(pc_);
  if (slot->op == Op::undecoded) decode_slot(slot);
  if (budget_ != 0) {  // it could be fetched
    executed.decoded = *slot;
    executed.rs1 = x_[slot->rs1];
    executed.rs2 = x_[slot->rs2];
    interpret();
    executed.result = x_[executed.decoded.rd];
  }
  executed.next_pc = pc_;
  executed.retired = counts_.traps == traps;
  for (InstructionObserver* each : each_) each->on_instruction(executed);
}

}  // namespace epoch
