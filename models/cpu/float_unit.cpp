// SPDX-License-Identifier: Apache-2.0
// The floating-point instructions of Hart: registers and flags around the arithmetic of soft_float.
#include <optional>

#include "cpu/hart.h"
#include "cpu/soft_float.h"

namespace epoch {
namespace {

using u32 = std::uint32_t;

constexpr u32 kSign = 0x80000000u;

struct Operands {
  u32 a, b, c;  // the registers rs1, rs2, rs3; `x` is the integer register rs1
  u32 x;
};

bool rounds(Op op) {
  return op >= Op::fadd_s && op <= Op::fcvt_s_wu;
}

bool writes_integer(Op op) {
  switch (op) {
    case Op::fcvt_w_s:
    case Op::fcvt_wu_s:
    case Op::feq_s:
    case Op::flt_s:
    case Op::fle_s:
    case Op::fclass_s:
    case Op::fmv_x_w:
      return true;
    default:
      return false;
  }
}

f32::Result rounded(Op op, const Operands& o, f32::Rounding rounding) {
  switch (op) {
    case Op::fadd_s:
      return f32::add(o.a, o.b, rounding);
    case Op::fsub_s:
      return f32::subtract(o.a, o.b, rounding);
    case Op::fmul_s:
      return f32::multiply(o.a, o.b, rounding);
    case Op::fdiv_s:
      return f32::divide(o.a, o.b, rounding);
    case Op::fsqrt_s:
      return f32::square_root(o.a, rounding);
    case Op::fmadd_s:
      return f32::multiply_add(o.a, o.b, o.c, rounding);
    case Op::fmsub_s:
      return f32::multiply_add(o.a, o.b, o.c ^ kSign, rounding);
    case Op::fnmsub_s:
      return f32::multiply_add(o.a ^ kSign, o.b, o.c, rounding);
    case Op::fnmadd_s:
      return f32::multiply_add(o.a ^ kSign, o.b, o.c ^ kSign, rounding);
    case Op::fcvt_w_s:
      return f32::to_signed(o.a, rounding);
    case Op::fcvt_wu_s:
      return f32::to_unsigned(o.a, rounding);
    case Op::fcvt_s_w:
      return f32::from_signed(o.x, rounding);
    default:
      return f32::from_unsigned(o.x, rounding);
  }
}

f32::Result unrounded(Op op, const Operands& o) {
  switch (op) {
    case Op::fsgnj_s:
      return {(o.a & ~kSign) | (o.b & kSign), 0};
    case Op::fsgnjn_s:
      return {(o.a & ~kSign) | (~o.b & kSign), 0};
    case Op::fsgnjx_s:
      return {o.a ^ (o.b & kSign), 0};
    case Op::fmin_s:
      return f32::minimum(o.a, o.b);
    case Op::fmax_s:
      return f32::maximum(o.a, o.b);
    case Op::feq_s:
      return f32::equal(o.a, o.b);
    case Op::flt_s:
      return f32::less(o.a, o.b);
    case Op::fle_s:
      return f32::less_or_equal(o.a, o.b);
    case Op::fclass_s:
      return {f32::classify(o.a), 0};
    case Op::fmv_x_w:
      return {o.a, 0};
    default:
      return {o.x, 0};  // fmv.w.x
  }
}

}  // namespace

void Hart::execute_float(const Instruction& i) {
  if (!csrs_.floats_on()) return raise(cause::illegal_instruction, i.bits);
  if (i.op == Op::flw) return load_float(i);
  if (i.op == Op::fsw) return store_float(i);
  const auto fields = static_cast<u32>(i.imm);
  const Operands operands{f_[i.rs1], f_[i.rs2], f_[fields >> 3], x_[i.rs1]};
  f32::Result result;
  if (rounds(i.op)) {
    const std::optional<f32::Rounding> rounding = csrs_.rounding(fields & 7);
    if (!rounding) return raise(cause::illegal_instruction, i.bits);
    result = rounded(i.op, operands, *rounding);
  } else {
    result = unrounded(i.op, operands);
  }
  csrs_.raise_flags(result.flags);
  if (writes_integer(i.op)) {
    x_[i.rd] = result.bits;
  } else {
    f_[i.rd] = result.bits;
    csrs_.floats_changed();
  }
  retire(i);
}

}  // namespace epoch
