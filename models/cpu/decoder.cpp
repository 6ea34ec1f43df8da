// SPDX-License-Identifier: Apache-2.0
#include "cpu/decoder.h"

namespace epoch {
namespace {

using u32 = std::uint32_t;
using i32 = std::int32_t;

constexpr u32 field(u32 bits, unsigned msb, unsigned lsb) {
  return (bits >> lsb) & ((2u << (msb - lsb)) - 1u);
}

constexpr i32 sign_extend(u32 value, unsigned width) {
  const u32 sign = 1u << (width - 1);
  return static_cast<i32>((value ^ sign) - sign);
}

Instruction make(Op op, u32 rd, u32 rs1, u32 rs2, i32 imm) {
  Instruction i;
  i.op = op;
  i.rd = rd == 0 ? kDiscard : static_cast<std::uint8_t>(rd);
  i.rs1 = static_cast<std::uint8_t>(rs1);
  i.rs2 = static_cast<std::uint8_t>(rs2);
  i.imm = imm;
  return i;
}

// The destination is a floating-point register, of which none discards.
Instruction make_float(Op op, u32 rd, u32 rs1, u32 rs2, i32 imm) {
  Instruction i = make(op, rd, rs1, rs2, imm);
  i.rd = static_cast<std::uint8_t>(rd);
  return i;
}

Instruction illegal() {
  return make(Op::illegal, 0, 0, 0, 0);
}

// The fields that all 32-bit formats share (unprivileged specification, 2.2 and 2.3).
struct Word {
  u32 bits;
  u32 opcode() const { return field(bits, 6, 2); }
  u32 rd() const { return field(bits, 11, 7); }
  u32 funct3() const { return field(bits, 14, 12); }
  u32 rs1() const { return field(bits, 19, 15); }
  u32 rs2() const { return field(bits, 24, 20); }
  u32 funct7() const { return field(bits, 31, 25); }
  i32 imm_i() const { return sign_extend(field(bits, 31, 20), 12); }
  i32 imm_s() const { return sign_extend(funct7() << 5 | rd(), 12); }
  i32 imm_u() const { return static_cast<i32>(bits & 0xfffff000u); }
  i32 imm_b() const {
    return sign_extend(field(bits, 31, 31) << 12 | field(bits, 7, 7) << 11 |
                           field(bits, 30, 25) << 5 | field(bits, 11, 8) << 1,
                       13);
  }
  i32 imm_j() const {
    return sign_extend(field(bits, 31, 31) << 20 | field(bits, 19, 12) << 12 |
                           field(bits, 20, 20) << 11 | field(bits, 30, 21) << 1,
                       21);
  }
};

Instruction decode_branch(Word w) {
  static constexpr Op ops[] = {Op::beq, Op::bne, Op::illegal, Op::illegal,
                               Op::blt, Op::bge, Op::bltu,    Op::bgeu};
  const Op op = ops[w.funct3()];
  return op == Op::illegal ? illegal() : make(op, 0, w.rs1(), w.rs2(), w.imm_b());
}

Instruction decode_load(Word w) {
  static constexpr Op ops[] = {Op::lb,  Op::lh,  Op::lw,      Op::illegal,
                               Op::lbu, Op::lhu, Op::illegal, Op::illegal};
  const Op op = ops[w.funct3()];
  return op == Op::illegal ? illegal() : make(op, w.rd(), w.rs1(), 0, w.imm_i());
}

Instruction decode_store(Word w) {
  static constexpr Op ops[] = {Op::sb, Op::sh, Op::sw};
  if (w.funct3() > 2) return illegal();
  return make(ops[w.funct3()], 0, w.rs1(), w.rs2(), w.imm_s());
}

Instruction decode_op_imm(Word w) {
  static constexpr Op ops[] = {Op::addi, Op::slli, Op::slti, Op::sltiu,
                               Op::xori, Op::srli, Op::ori,  Op::andi};
  const bool shift = w.funct3() == 1 || w.funct3() == 5;
  if (!shift) return make(ops[w.funct3()], w.rd(), w.rs1(), 0, w.imm_i());
  const i32 amount = static_cast<i32>(w.rs2());
  if (w.funct7() == 0) return make(ops[w.funct3()], w.rd(), w.rs1(), 0, amount);
  if (w.funct7() == 0x20 && w.funct3() == 5) return make(Op::srai, w.rd(), w.rs1(), 0, amount);
  return illegal();
}

Instruction decode_op(Word w) {
  static constexpr Op base[] = {Op::add,  Op::sll, Op::slt, Op::sltu,
                                Op::xor_, Op::srl, Op::or_, Op::and_};
  static constexpr Op muldiv[] = {Op::mul, Op::mulh, Op::mulhsu, Op::mulhu,
                                  Op::div, Op::divu, Op::rem,    Op::remu};
  Op op = Op::illegal;
  if (w.funct7() == 0) op = base[w.funct3()];
  if (w.funct7() == 1) op = muldiv[w.funct3()];
  if (w.funct7() == 0x20 && w.funct3() == 0) op = Op::sub;
  if (w.funct7() == 0x20 && w.funct3() == 5) op = Op::sra;
  return op == Op::illegal ? illegal() : make(op, w.rd(), w.rs1(), w.rs2(), 0);
}

// aq and rl (bits 26 and 25) need nothing: the hart executes memory accesses in program order.
Instruction decode_amo(Word w) {
  if (w.funct3() != 2) return illegal();
  Op op = Op::illegal;
  switch (w.funct7() >> 2) {
    case 0x00:
      op = Op::amoadd_w;
      break;
    case 0x01:
      op = Op::amoswap_w;
      break;
    case 0x02:
      op = w.rs2() == 0 ? Op::lr_w : Op::illegal;
      break;
    case 0x03:
      op = Op::sc_w;
      break;
    case 0x04:
      op = Op::amoxor_w;
      break;
    case 0x08:
      op = Op::amoor_w;
      break;
    case 0x0c:
      op = Op::amoand_w;
      break;
    case 0x10:
      op = Op::amomin_w;
      break;
    case 0x14:
      op = Op::amomax_w;
      break;
    case 0x18:
      op = Op::amominu_w;
      break;
    case 0x1c:
      op = Op::amomaxu_w;
      break;
    default:
      break;
  }
  return op == Op::illegal ? illegal() : make(op, w.rd(), w.rs1(), w.rs2(), 0);
}

// Unused fields of FENCE and FENCE.I are to be ignored (unprivileged specification, 2.7 and 3).
Instruction decode_misc_mem(Word w) {
  if (w.funct3() == 0) return make(Op::fence, 0, 0, 0, 0);
  if (w.funct3() == 1) return make(Op::fence_i, 0, 0, 0, 0);
  const u32 block_operation = field(w.bits, 31, 20);  // Zicbom: CBO.INVAL, CBO.CLEAN, CBO.FLUSH
  if (w.funct3() == 2 && w.rd() == 0 && block_operation <= 2)
    return make(Op::cbo, 0, w.rs1(), 0, static_cast<i32>(block_operation));
  return illegal();
}

Instruction decode_system(Word w) {
  static constexpr Op ops[] = {Op::illegal, Op::csrrw,  Op::csrrs,  Op::csrrc,
                               Op::illegal, Op::csrrwi, Op::csrrsi, Op::csrrci};
  switch (w.bits) {
    case 0x00000073:
      return make(Op::ecall, 0, 0, 0, 0);
    case 0x00100073:
      return make(Op::ebreak, 0, 0, 0, 0);
    case 0x30200073:
      return make(Op::mret, 0, 0, 0, 0);
    case 0x10500073:
      return make(Op::wfi, 0, 0, 0, 0);
    default:
      break;
  }
  const Op op = ops[w.funct3()];
  if (op == Op::illegal) return illegal();
  return make(op, w.rd(), w.rs1(), 0, static_cast<i32>(field(w.bits, 31, 20)));
}

// Rounding modes 5 and 6 are reserved; 7 asks frm, whose value is known at execution only.
bool has_rounding(Word w) {
  return w.funct3() != 5 && w.funct3() != 6;
}

// FMADD.S and its kin: rs3 stands where funct5 does, the lower bits of funct7 are the format.
Instruction decode_fused(Word w) {
  static constexpr Op ops[] = {Op::fmadd_s, Op::fmsub_s, Op::fnmsub_s, Op::fnmadd_s};
  if ((w.funct7() & 3) != 0 || !has_rounding(w)) return illegal();
  const u32 rs3 = w.funct7() >> 2;
  return make_float(ops[w.opcode() - 0x10], w.rd(), w.rs1(), w.rs2(),
                    static_cast<i32>(w.funct3() | rs3 << 3));
}

Instruction decode_float_rounded(Word w) {
  const i32 rm = static_cast<i32>(w.funct3());
  if (!has_rounding(w)) return illegal();
  const bool one_operand = w.rs2() == 0;
  const bool from_one = w.rs2() <= 1;
  switch (w.funct7()) {
    case 0x00:
      return make_float(Op::fadd_s, w.rd(), w.rs1(), w.rs2(), rm);
    case 0x04:
      return make_float(Op::fsub_s, w.rd(), w.rs1(), w.rs2(), rm);
    case 0x08:
      return make_float(Op::fmul_s, w.rd(), w.rs1(), w.rs2(), rm);
    case 0x0c:
      return make_float(Op::fdiv_s, w.rd(), w.rs1(), w.rs2(), rm);
    case 0x2c:
      return one_operand ? make_float(Op::fsqrt_s, w.rd(), w.rs1(), 0, rm) : illegal();
    case 0x60:
      if (!from_one) return illegal();
      return make(one_operand ? Op::fcvt_w_s : Op::fcvt_wu_s, w.rd(), w.rs1(), 0, rm);
    case 0x68:
      if (!from_one) return illegal();
      return make_float(one_operand ? Op::fcvt_s_w : Op::fcvt_s_wu, w.rd(), w.rs1(), 0, rm);
    default:
      return illegal();
  }
}

// Where funct3 is no rounding mode, it selects among the operations of one funct7.
Instruction decode_float(Word w) {
  static constexpr Op signs[] = {Op::fsgnj_s, Op::fsgnjn_s, Op::fsgnjx_s};
  static constexpr Op extremes[] = {Op::fmin_s, Op::fmax_s};
  static constexpr Op comparisons[] = {Op::fle_s, Op::flt_s, Op::feq_s};
  const u32 n = w.funct3();
  switch (w.funct7()) {
    case 0x10:
      return n < 3 ? make_float(signs[n], w.rd(), w.rs1(), w.rs2(), 0) : illegal();
    case 0x14:
      return n < 2 ? make_float(extremes[n], w.rd(), w.rs1(), w.rs2(), 0) : illegal();
    case 0x50:
      return n < 3 ? make(comparisons[n], w.rd(), w.rs1(), w.rs2(), 0) : illegal();
    case 0x70:
      if (w.rs2() != 0 || n > 1) return illegal();
      return make(n == 0 ? Op::fmv_x_w : Op::fclass_s, w.rd(), w.rs1(), 0, 0);
    case 0x78:
      if (w.rs2() != 0 || n != 0) return illegal();
      return make_float(Op::fmv_w_x, w.rd(), w.rs1(), 0, 0);
    default:
      return decode_float_rounded(w);
  }
}

Instruction decode_word(Word w) {
  switch (w.opcode()) {
    case 0x00:
      return decode_load(w);
    case 0x01:
      if (w.funct3() != 2) return illegal();
      return make_float(Op::flw, w.rd(), w.rs1(), 0, w.imm_i());
    case 0x03:
      return decode_misc_mem(w);
    case 0x04:
      return decode_op_imm(w);
    case 0x05:
      return make(Op::auipc, w.rd(), 0, 0, w.imm_u());
    case 0x08:
      return decode_store(w);
    case 0x09:
      if (w.funct3() != 2) return illegal();
      return make(Op::fsw, 0, w.rs1(), w.rs2(), w.imm_s());
    case 0x0b:
      return decode_amo(w);
    case 0x0c:
      return decode_op(w);
    case 0x0d:
      return make(Op::lui, w.rd(), 0, 0, w.imm_u());
    case 0x10:
    case 0x11:
    case 0x12:
    case 0x13:
      return decode_fused(w);
    case 0x14:
      return decode_float(w);
    case 0x18:
      return decode_branch(w);
    case 0x19:
      return w.funct3() == 0 ? make(Op::jalr, w.rd(), w.rs1(), 0, w.imm_i()) : illegal();
    case 0x1b:
      return make(Op::jal, w.rd(), 0, 0, w.imm_j());
    case 0x1c:
      return decode_system(w);
    default:
      return illegal();
  }
}

// The compressed formats (unprivileged specification, chapter 16, RV32C with F, without D).
struct Half {
  u32 bits;
  u32 funct3() const { return field(bits, 15, 13); }
  u32 rd() const { return field(bits, 11, 7); }  // also rs1 of CI and CR
  u32 rs2() const { return field(bits, 6, 2); }
  u32 rd_short() const { return 8 + field(bits, 4, 2); }   // rd' and rs2' of CL, CS, CA, CIW
  u32 rs1_short() const { return 8 + field(bits, 9, 7); }  // rs1', and rd' of CB and CA
  u32 bit(unsigned n) const { return field(bits, n, n); }
  i32 imm_ci() const { return sign_extend(bit(12) << 5 | field(bits, 6, 2), 6); }
  i32 imm_word() const {  // C.LW, C.SW, C.FLW, C.FSW
    return static_cast<i32>(bit(5) << 6 | field(bits, 12, 10) << 3 | bit(6) << 2);
  }
  i32 imm_cj() const {
    return sign_extend(bit(12) << 11 | bit(8) << 10 | field(bits, 10, 9) << 8 | bit(6) << 7 |
                           bit(7) << 6 | bit(2) << 5 | bit(11) << 4 | field(bits, 5, 3) << 1,
                       12);
  }
  i32 imm_cb() const {
    return sign_extend(bit(12) << 8 | field(bits, 6, 5) << 6 | bit(2) << 5 |
                           field(bits, 11, 10) << 3 | field(bits, 4, 3) << 1,
                       9);
  }
};

Instruction decode_quadrant0(Half h) {
  switch (h.funct3()) {
    case 0: {  // C.ADDI4SPN
      const u32 imm =
          field(h.bits, 10, 7) << 6 | field(h.bits, 12, 11) << 4 | h.bit(5) << 3 | h.bit(6) << 2;
      return imm == 0 ? illegal() : make(Op::addi, h.rd_short(), 2, 0, static_cast<i32>(imm));
    }
    case 2:
      return make(Op::lw, h.rd_short(), h.rs1_short(), 0, h.imm_word());
    case 3:
      return make_float(Op::flw, h.rd_short(), h.rs1_short(), 0, h.imm_word());
    case 6:
      return make(Op::sw, 0, h.rs1_short(), h.rd_short(), h.imm_word());
    case 7:
      return make(Op::fsw, 0, h.rs1_short(), h.rd_short(), h.imm_word());
    default:
      return illegal();
  }
}

// C.SRLI, C.SRAI, C.ANDI and the register forms. Shift amounts above 31 are not RV32C's.
Instruction decode_compressed_alu(Half h) {
  const u32 rd = h.rs1_short();
  const i32 amount = static_cast<i32>(h.rs2());
  switch (field(h.bits, 11, 10)) {
    case 0:
      return h.bit(12) ? illegal() : make(Op::srli, rd, rd, 0, amount);
    case 1:
      return h.bit(12) ? illegal() : make(Op::srai, rd, rd, 0, amount);
    case 2:
      return make(Op::andi, rd, rd, 0, h.imm_ci());
    default:
      break;
  }
  static constexpr Op ops[] = {Op::sub, Op::xor_, Op::or_, Op::and_};
  if (h.bit(12)) return illegal();
  return make(ops[field(h.bits, 6, 5)], rd, rd, h.rd_short(), 0);
}

Instruction decode_c_lui(Half h) {
  if (h.imm_ci() == 0) return illegal();
  if (h.rd() != 2) {
    return make(Op::lui, h.rd(), 0, 0, static_cast<i32>(static_cast<u32>(h.imm_ci()) << 12));
  }
  const i32 imm = sign_extend(
      h.bit(12) << 9 | field(h.bits, 4, 3) << 7 | h.bit(5) << 6 | h.bit(2) << 5 | h.bit(6) << 4,
      10);
  return make(Op::addi, 2, 2, 0, imm);  // C.ADDI16SP
}

Instruction decode_quadrant1(Half h) {
  switch (h.funct3()) {
    case 0:
      return make(Op::addi, h.rd(), h.rd(), 0, h.imm_ci());
    case 1:
      return make(Op::jal, 1, 0, 0, h.imm_cj());
    case 2:
      return make(Op::addi, h.rd(), 0, 0, h.imm_ci());
    case 3:
      return decode_c_lui(h);
    case 4:
      return decode_compressed_alu(h);
    case 5:
      return make(Op::jal, 0, 0, 0, h.imm_cj());
    case 6:
      return make(Op::beq, 0, h.rs1_short(), 0, h.imm_cb());
    default:
      return make(Op::bne, 0, h.rs1_short(), 0, h.imm_cb());
  }
}

// C.JR, C.MV, C.EBREAK, C.JALR, C.ADD.
Instruction decode_compressed_register(Half h) {
  if (h.bit(12) == 0) {
    if (h.rs2() != 0) return make(Op::add, h.rd(), 0, h.rs2(), 0);
    return h.rd() == 0 ? illegal() : make(Op::jalr, 0, h.rd(), 0, 0);
  }
  if (h.rs2() != 0) return make(Op::add, h.rd(), h.rd(), h.rs2(), 0);
  return h.rd() == 0 ? make(Op::ebreak, 0, 0, 0, 0) : make(Op::jalr, 1, h.rd(), 0, 0);
}

Instruction decode_quadrant2(Half h) {
  const i32 load_offset =  // C.LWSP, C.FLWSP
      static_cast<i32>(field(h.bits, 3, 2) << 6 | h.bit(12) << 5 | field(h.bits, 6, 4) << 2);
  const i32 store_offset =  // C.SWSP, C.FSWSP
      static_cast<i32>(field(h.bits, 8, 7) << 6 | field(h.bits, 12, 9) << 2);
  switch (h.funct3()) {
    case 0:
      return h.bit(12) ? illegal() : make(Op::slli, h.rd(), h.rd(), 0, static_cast<i32>(h.rs2()));
    case 2:
      return h.rd() == 0 ? illegal() : make(Op::lw, h.rd(), 2, 0, load_offset);
    case 3:
      return make_float(Op::flw, h.rd(), 2, 0, load_offset);
    case 4:
      return decode_compressed_register(h);
    case 6:
      return make(Op::sw, 0, 2, h.rs2(), store_offset);
    case 7:
      return make(Op::fsw, 0, 2, h.rs2(), store_offset);
    default:
      return illegal();
  }
}

Instruction decode_half(Half h) {
  switch (field(h.bits, 1, 0)) {
    case 0:
      return decode_quadrant0(h);
    case 1:
      return decode_quadrant1(h);
    default:
      return decode_quadrant2(h);
  }
}

}  // namespace

Instruction decode(u32 bits) {
  const bool compressed = is_compressed(bits);
  Instruction i = compressed ? decode_half({bits & 0xffffu}) : decode_word({bits});
  i.bits = compressed ? bits & 0xffffu : bits;
  i.length = compressed ? 1 : 2;
  return i;
}

const char* op_name(Op op) {
  static constexpr const char* names[] = {
#define EPOCH_CPU_OP_NAME(name) #name,
      EPOCH_CPU_OPS(EPOCH_CPU_OP_NAME)
#undef EPOCH_CPU_OP_NAME
  };
  return names[static_cast<unsigned>(op)];
}

}  // namespace epoch
