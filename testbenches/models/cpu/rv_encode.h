// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// Encodes RV32 instructions for tests, written from the unprivileged specification's figures 2.2 to
// 2.4; shares nothing with the decoder under test.
namespace epoch::rv {

using Word = std::uint32_t;

enum Reg : Word { zero, ra, sp, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5, a6, a7 };

constexpr Word r_type(Word opcode, Word funct3, Word funct7, Word rd, Word rs1, Word rs2) {
  return funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}
constexpr Word i_type(Word opcode, Word funct3, Word rd, Word rs1, int imm) {
  return static_cast<Word>(imm) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}
constexpr Word s_type(Word opcode, Word funct3, Word rs1, Word rs2, int imm) {
  const Word u = static_cast<Word>(imm);
  return (u >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (u & 0x1f) << 7 | opcode;
}

constexpr Word op(Word funct3, Word funct7, Word rd, Word rs1, Word rs2) {
  return r_type(0x33, funct3, funct7, rd, rs1, rs2);
}
constexpr Word op_imm(Word funct3, Word rd, Word rs1, int imm) {
  return i_type(0x13, funct3, rd, rs1, imm);
}
constexpr Word addi(Word rd, Word rs1, int imm) {
  return op_imm(0, rd, rs1, imm);
}
constexpr Word add(Word rd, Word rs1, Word rs2) {
  return op(0, 0, rd, rs1, rs2);
}
constexpr Word mul(Word rd, Word rs1, Word rs2) {
  return op(0, 1, rd, rs1, rs2);
}
constexpr Word lui(Word rd, Word imm20) {
  return imm20 << 12 | rd << 7 | 0x37;
}
constexpr Word auipc(Word rd, Word imm20) {
  return imm20 << 12 | rd << 7 | 0x17;
}

constexpr Word load(Word funct3, Word rd, Word rs1, int imm) {
  return i_type(0x03, funct3, rd, rs1, imm);
}
constexpr Word store(Word funct3, Word rs2, Word rs1, int imm) {
  return s_type(0x23, funct3, rs1, rs2, imm);
}
constexpr Word lw(Word rd, Word rs1, int imm) {
  return load(2, rd, rs1, imm);
}
constexpr Word sw(Word rs2, Word rs1, int imm) {
  return store(2, rs2, rs1, imm);
}

constexpr Word branch(Word funct3, Word rs1, Word rs2, int offset) {
  const Word u = static_cast<Word>(offset);
  return (u >> 12 & 1) << 31 | (u >> 5 & 0x3f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 |
         (u >> 1 & 0xf) << 8 | (u >> 11 & 1) << 7 | 0x63;
}
constexpr Word beq(Word rs1, Word rs2, int offset) {
  return branch(0, rs1, rs2, offset);
}
constexpr Word bne(Word rs1, Word rs2, int offset) {
  return branch(1, rs1, rs2, offset);
}
constexpr Word jal(Word rd, int offset) {
  const Word u = static_cast<Word>(offset);
  return (u >> 20 & 1) << 31 | (u >> 1 & 0x3ff) << 21 | (u >> 11 & 1) << 20 |
         (u >> 12 & 0xff) << 12 | rd << 7 | 0x6f;
}
constexpr Word jalr(Word rd, Word rs1, int imm) {
  return i_type(0x67, 0, rd, rs1, imm);
}

constexpr Word amo(Word funct5, Word rd, Word rs1, Word rs2) {
  return r_type(0x2f, 2, funct5 << 2, rd, rs1, rs2);
}
constexpr Word lr(Word rd, Word rs1) {
  return amo(0x02, rd, rs1, 0);
}
constexpr Word sc(Word rd, Word rs1, Word rs2) {
  return amo(0x03, rd, rs1, rs2);
}

constexpr Word flw(Word fd, Word rs1, int imm) {
  return i_type(0x07, 2, fd, rs1, imm);
}
constexpr Word fsw(Word fs2, Word rs1, int imm) {
  return s_type(0x27, 2, rs1, fs2, imm);
}
// funct3 is the rounding mode of the operations that round.
constexpr Word fop(Word funct7, Word funct3, Word rd, Word rs1, Word rs2) {
  return r_type(0x53, funct3, funct7, rd, rs1, rs2);
}
// 0 fmadd, 1 fmsub, 2 fnmsub, 3 fnmadd
constexpr Word fused(Word which, Word rm, Word rd, Word rs1, Word rs2, Word rs3) {
  return r_type(0x43 | which << 2, rm, rs3 << 2, rd, rs1, rs2);
}

constexpr Word csr_op(Word funct3, Word rd, Word csr, Word rs1) {
  return csr << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0x73;
}
constexpr Word csrrw(Word rd, Word csr, Word rs1) {
  return csr_op(1, rd, csr, rs1);
}
constexpr Word csrrs(Word rd, Word csr, Word rs1) {
  return csr_op(2, rd, csr, rs1);
}
constexpr Word csrrc(Word rd, Word csr, Word rs1) {
  return csr_op(3, rd, csr, rs1);
}
constexpr Word csrrwi(Word rd, Word csr, Word imm) {
  return csr_op(5, rd, csr, imm);
}
constexpr Word csrrsi(Word rd, Word csr, Word imm) {
  return csr_op(6, rd, csr, imm);
}
constexpr Word csrrci(Word rd, Word csr, Word imm) {
  return csr_op(7, rd, csr, imm);
}
constexpr Word csrr(Word rd, Word csr) {
  return csrrs(rd, csr, 0);
}
constexpr Word csrw(Word csr, Word rs1) {
  return csrrw(0, csr, rs1);
}

constexpr Word ecall = 0x00000073, ebreak = 0x00100073, mret = 0x30200073, wfi = 0x10500073;
constexpr Word fence = 0x0ff0000f, fence_i = 0x0000100f, nop = 0x00000013;

}  // namespace epoch::rv
