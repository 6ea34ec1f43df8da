// SPDX-License-Identifier: Apache-2.0
#include "cpu/op_timing.h"

namespace epoch {
namespace {

bool within(Op op, Op first, Op last) {
  return op >= first && op <= last;
}

std::uint32_t cycles_of(Op op, const InstructionTiming& timing) {
  if (op <= Op::page_end) return 1;  // no instruction
  if (within(op, Op::jal, Op::jalr)) return timing.jump;
  if (within(op, Op::beq, Op::bgeu)) return timing.branch;
  if (within(op, Op::lb, Op::lhu) || op == Op::flw) return timing.load;
  if (within(op, Op::sb, Op::sw) || op == Op::fsw) return timing.store;
  if (within(op, Op::mul, Op::mulhu)) return timing.multiply;
  if (within(op, Op::div, Op::remu)) return timing.divide;
  if (within(op, Op::lr_w, Op::amomaxu_w)) return timing.atomic;
  if (within(op, Op::fence_i, Op::csrrci)) return timing.system;
  if (within(op, Op::fdiv_s, Op::fsqrt_s)) return timing.float_divide;
  if (within(op, Op::fmadd_s, Op::fnmadd_s)) return timing.float_fused;
  if (within(op, Op::fadd_s, Op::fmv_w_x)) return timing.float_basic;
  return timing.alu;
}

}  // namespace

OpTiming::OpTiming(const InstructionTiming& timing) {
  for (std::size_t n = 0; n < extra_.size(); ++n) {
    const Op op = static_cast<Op>(n);
    extra_[n] = cycles_of(op, timing) - 1;
    taken_[n] = within(op, Op::beq, Op::bgeu) ? timing.branch_taken - 1 : extra_[n];
    uniform_ = uniform_ && extra_[n] == 0 && taken_[n] == 0;
  }
}

}  // namespace epoch
