// SPDX-License-Identifier: Apache-2.0
//
// The decoder against the GNU assembler's encodings and the specification's list of reserved ones.
#include <catch2/catch.hpp>
#include <cstdint>
#include <set>

#include "cpu/decoder.h"
#include "rv_encode.h"

namespace epoch {
namespace {

using u32 = std::uint32_t;

u32 bits_of(u32 word, unsigned msb, unsigned lsb) {
  return (word >> lsb) % (1u << (msb - lsb + 1));
}

// Reserved or foreign to RV32C with F, without D (unprivileged specification, tables 16.5 to 16.7).
bool reserved(u32 half) {
  const u32 funct3 = bits_of(half, 15, 13), rd = bits_of(half, 11, 7), low5 = bits_of(half, 6, 2);
  const bool bit12 = bits_of(half, 12, 12) != 0;
  switch (half % 4 * 8 + funct3) {
    case 0:
      return bits_of(half, 12, 5) == 0;  // C.ADDI4SPN with nzuimm = 0
    case 8 + 3:
      return !bit12 && low5 == 0;  // C.LUI, C.ADDI16SP with nzimm = 0
    case 8 + 4:                    // shifts by more than 31, C.SUBW, C.ADDW, reserved
      return bit12 && bits_of(half, 11, 10) != 2;
    case 16 + 0:
      return bit12;  // C.SLLI by more than 31
    case 16 + 2:
      return rd == 0;  // C.LWSP
    case 16 + 4:
      return !bit12 && low5 == 0 && rd == 0;  // C.JR
    case 2:                                   // C.LW
    case 3:                                   // C.FLW
    case 6:                                   // C.SW
    case 7:                                   // C.FSW
    case 8 + 0:                               // C.ADDI, C.NOP
    case 8 + 1:                               // C.JAL
    case 8 + 2:                               // C.LI
    case 8 + 5:                               // C.J
    case 8 + 6:                               // C.BEQZ
    case 8 + 7:                               // C.BNEZ
    case 16 + 3:                              // C.FLWSP
    case 16 + 6:                              // C.SWSP
    case 16 + 7:                              // C.FSWSP
      return false;
    default:
      return true;  // loads and stores of D, reserved
  }
}

TEST_CASE("a compressed instruction decodes as its expansion") {
  struct Pair {
    u32 compressed, expanded;
    const char* source;
  };
  static const Pair table[] = {
#include "compressed_table.inc"
  };
  std::set<Op> seen;
  for (const Pair& pair : table) {
    INFO(pair.source);
    const Instruction a = decode(pair.compressed | 0xabcd0000u);  // what follows it is ignored
    const Instruction b = decode(pair.expanded);
    CHECK(a.op != Op::illegal);
    CHECK(op_name(a.op) == std::string(op_name(b.op)));
    CHECK(a.rd == b.rd);
    CHECK(a.rs1 == b.rs1);
    CHECK(a.rs2 == b.rs2);
    CHECK(a.imm == b.imm);
    CHECK(a.length == 1);
    CHECK(b.length == 2);
    CHECK(a.bits == pair.compressed);
    CHECK(b.bits == pair.expanded);
    seen.insert(a.op);
  }
  // addi lw sw lui srli srai andi sub xor or and jal beq bne slli jalr add ebreak
  CHECK(seen.size() == 18);
}

TEST_CASE("exactly the reserved halfwords are illegal") {
  for (u32 half = 0; half < 0x10000; ++half) {
    if (half % 4 == 3) continue;
    INFO(std::hex << half);
    REQUIRE((decode(half).op == Op::illegal) == reserved(half));
  }
}

TEST_CASE("hints write nothing") {
  // c.nop 5; c.li x0, 1; c.lui x0, 1; c.mv x0, x1; c.add x0, x1; c.slli x0, 1; c.slli x1, 0
  for (const u32 half : {0x0015u, 0x4005u, 0x6005u, 0x8006u, 0x9006u, 0x0006u}) {
    INFO(std::hex << half);
    CHECK(decode(half).rd == kDiscard);
  }
  CHECK(decode(0x0082).op == Op::slli);
  CHECK(decode(0x0082).imm == 0);
}

TEST_CASE("32-bit encodings outside the supported extensions are illegal") {
  const u32 illegal[] = {
      0xffffffff,                              // all ones
      0x0000707f | 0x03,                       // longer than 32 bits
      rv::load(3, 1, 2, 0),                    // ld
      rv::load(6, 1, 2, 0),                    // lwu
      rv::store(3, 1, 2, 0),                   // sd
      rv::branch(2, 1, 2, 0),                  //
      rv::branch(3, 1, 2, 0),                  //
      rv::i_type(0x67, 1, 1, 2, 0),            // jalr with funct3 1
      rv::i_type(0x0f, 2, 0, 1, 4),            // cbo.zero
      rv::i_type(0x0f, 2, 1, 1, 0),            // cbo.inval with rd
      rv::op_imm(1, 1, 2, 32),                 // slli by 32
      rv::op_imm(5, 1, 2, 32),                 // srli by 32
      rv::op_imm(5, 1, 2, 0x420),              // srai by 32
      rv::op_imm(1, 1, 2, 0x400),              // slli with the arithmetic bit
      rv::op(1, 0x20, 1, 2, 3),                // sll with the arithmetic bit
      rv::op(0, 2, 1, 2, 3),                   //
      rv::r_type(0x2f, 3, 0, 1, 2, 3),         // amoadd.d
      rv::amo(0x02, 1, 2, 3),                  // lr.w with rs2
      rv::amo(0x05, 1, 2, 3),                  //
      rv::i_type(0x1b, 0, 1, 2, 0),            // addiw
      rv::i_type(0x07, 3, 1, 2, 0),            // fld
      rv::s_type(0x27, 3, 1, 2, 0),            // fsd
      rv::fop(0x01, 7, 1, 2, 3),               // fadd.d
      rv::fop(0x00, 5, 1, 2, 3),               // fadd.s with rounding modes 5 and 6
      rv::fop(0x00, 6, 1, 2, 3),               //
      rv::fop(0x2c, 7, 1, 2, 1),               // fsqrt.s with rs2
      rv::fop(0x60, 7, 1, 2, 2),               // fcvt.l.s
      rv::fop(0x68, 7, 1, 2, 3),               // fcvt.s.lu
      rv::fop(0x10, 3, 1, 2, 3),               // fsgnj with funct3 3
      rv::fop(0x14, 2, 1, 2, 3),               // fmin with funct3 2
      rv::fop(0x50, 3, 1, 2, 3),               // comparison with funct3 3
      rv::fop(0x70, 0, 1, 2, 1),               // fmv.x.w with rs2
      rv::fop(0x70, 2, 1, 2, 0),               //
      rv::fop(0x78, 1, 1, 2, 0),               // fmv.w.x with funct3 1
      rv::fop(0x20, 7, 1, 2, 1),               // fcvt.s.d
      rv::fused(0, 7, 1, 2, 3, 4) | 1u << 25,  // fmadd.d
      rv::fused(0, 5, 1, 2, 3, 4),             // fmadd.s with rounding mode 5
      rv::csr_op(4, 1, 0x300, 2),              //
      0x10200073,                              // sret
      0x12000073,                              // sfence.vma
      0x7b200073,                              // dret
      0x00200073,                              // uret
      rv::ecall | 1u << 7,                     // ecall with rd
      rv::mret | 1u << 15,                     // mret with rs1
  };
  for (const u32 word : illegal) {
    INFO(std::hex << word);
    CHECK(decode(word).op == Op::illegal);
    CHECK(decode(word).bits == word);
    CHECK(decode(word).length == 2);
  }
}

TEST_CASE("cache blocks by operation") {
  for (int operation = 0; operation < 3; ++operation) {
    const Instruction decoded = decode(rv::i_type(0x0f, 2, 0, rv::a3, operation));
    CHECK(decoded.op == Op::cbo);
    CHECK(decoded.rs1 == rv::a3);
    CHECK(decoded.imm == operation);
  }
}

TEST_CASE("unused fields of fences and ordering bits of atomics are ignored") {
  CHECK(decode(0x8330000f).op == Op::fence);  // fence.tso
  CHECK(decode(0x0100000f).op == Op::fence);  // pause
  CHECK(decode(rv::fence_i | 0xabc00000u | 5u << 15 | 3u << 7).op == Op::fence_i);
  CHECK(decode(rv::lr(1, 2) | 3u << 25).op == Op::lr_w);
  CHECK(decode(rv::amo(0x1c, 1, 2, 3) | 3u << 25).op == Op::amomaxu_w);
}

}  // namespace
}  // namespace epoch
