// SPDX-License-Identifier: Apache-2.0
//
// The F extension as programs see it: registers, fcsr, rounding modes, mstatus.FS. The arithmetic
// itself is test_soft_float's.
#include <catch2/catch.hpp>
#include <cstdint>

#include "cpu/csr_file.h"
#include "plain_board.h"
#include "rv_encode.h"

namespace epoch {
namespace {

using u32 = std::uint32_t;
constexpr u32 kBase = PlainBoard::kBase;
constexpr u32 kFsInitial = 1u << 13, kFsClean = 2u << 13, kFsDirty = 3u << 13, kSd = 1u << 31;
constexpr u32 kOne = 0x3f800000, kTwo = 0x40000000, kThree = 0x40400000, kThird = 0x3eaaaaab;
constexpr u32 kDynamic = 7;

struct FloatBoard : PlainBoard {
  FloatBoard() {
    write_csr(csr::mtvec, kHandler);
    write_csr(csr::mstatus, kFsInitial);
  }
  u32 result(u32 instruction) {
    step(instruction);
    CHECK(hart.pc() == kBase + 4);
    return hart.f(10);
  }
  u32 integer_result(u32 instruction) {
    step(instruction);
    CHECK(hart.pc() == kBase + 4);
    return hart.x(rv::a0);
  }
  u32 fs() { return read_csr(csr::mstatus) & (kFsDirty | kSd); }
};

TEST_CASE("every floating-point operation computes from its own registers") {
  FloatBoard board;
  board.hart.set_f(1, kThree);
  board.hart.set_f(2, kTwo);
  board.hart.set_f(31, kOne);
  board.hart.set_x(rv::a1, 0xfffffffd);
  const auto op = [](u32 funct7, u32 funct3 = 0, u32 rs2 = 2) {
    return rv::fop(funct7, funct3, 10, 1, rs2);
  };
  CHECK(board.result(op(0x00)) == 0x40a00000);                       // fadd: 5
  CHECK(board.result(op(0x04)) == kOne);                             // fsub
  CHECK(board.result(op(0x08)) == 0x40c00000);                       // fmul: 6
  CHECK(board.result(op(0x0c)) == 0x3fc00000);                       // fdiv: 1.5
  CHECK(board.result(op(0x2c, 0, 0)) == 0x3fddb3d7);                 // fsqrt
  CHECK(board.result(rv::fused(0, 0, 10, 1, 2, 31)) == 0x40e00000);  // fmadd: 7
  CHECK(board.result(rv::fused(1, 0, 10, 1, 2, 31)) == 0x40a00000);  // fmsub: 5
  CHECK(board.result(rv::fused(2, 0, 10, 1, 2, 31)) == 0xc0a00000);  // fnmsub: -5
  CHECK(board.result(rv::fused(3, 0, 10, 1, 2, 31)) == 0xc0e00000);  // fnmadd: -7
  CHECK(board.result(op(0x14, 0)) == kTwo);                          // fmin
  CHECK(board.result(op(0x14, 1)) == kThree);                        // fmax
  CHECK(board.result(op(0x10, 0)) == kThree);                        // fsgnj
  CHECK(board.result(op(0x10, 1)) == (kThree | kSd));                // fsgnjn
  board.hart.set_f(2, kTwo | kSd);
  CHECK(board.result(op(0x10, 0)) == (kThree | kSd));
  CHECK(board.result(op(0x10, 2)) == (kThree | kSd));  // fsgnjx
  board.hart.set_f(1, kThree | kSd);
  CHECK(board.result(op(0x10, 2)) == kThree);
  board.hart.set_f(1, kThree);
  CHECK(board.result(rv::fop(0x68, 0, 10, rv::a1, 0)) == (kThree | kSd));  // fcvt.s.w
  CHECK(board.result(rv::fop(0x68, 1, 10, rv::a1, 1)) == 0x4f7fffff);      // fcvt.s.wu, rtz
  CHECK(board.result(rv::fop(0x78, 0, 10, rv::a1, 0)) == 0xfffffffd);      // fmv.w.x
  CHECK(board.integer_result(op(0x60, 0, 0)) == 3);                        // fcvt.w.s
  CHECK(board.integer_result(op(0x60, 0, 1)) == 3);                        // fcvt.wu.s
  CHECK(board.integer_result(op(0x70, 0, 0)) == kThree);                   // fmv.x.w
  CHECK(board.integer_result(op(0x70, 1, 0)) == 1u << 6);                  // fclass
  CHECK(board.integer_result(op(0x50, 2, 1)) == 1);                        // feq
  CHECK(board.integer_result(op(0x50, 1, 1)) == 0);                        // flt
  CHECK(board.integer_result(op(0x50, 0, 1)) == 1);                        // fle
  // f0 is a register like any other; x0 is not.
  board.step(rv::fop(0x78, 0, 0, rv::a1, 0));
  CHECK(board.hart.f(0) == 0xfffffffd);
  board.step(rv::fop(0x60, 0, rv::zero, 1, 0));
  CHECK(board.hart.x(0) == 0);
}

TEST_CASE("loads and stores move single words") {
  FloatBoard board;
  const u32 data = kBase + 0x3000;
  board.put(data, {0x7f800001, 0});  // a signalling NaN stays one
  board.hart.set_x(rv::a1, data + 4);
  CHECK(board.result(rv::flw(10, rv::a1, -4)) == 0x7f800001);
  board.step(rv::fsw(10, rv::a1, 0));
  CHECK(board.word(data + 4) == 0x7f800001);
  CHECK(board.read_csr(csr::fflags) == 0);
  // c.fsw fa0, 4(a1); c.flw fa5, 4(a1); c.fswsp fa5, 8(sp); c.flwsp f31, 8(sp)
  board.hart.set_x(rv::sp, data + 8);
  board.put(kBase + 0x200, {0xe1c8 | 0x61dcu << 16, 0xe43e | 0x6fa2u << 16});
  board.hart.set_pc(kBase + 0x200);
  board.steps(4);
  CHECK(board.hart.pc() == kBase + 0x208);
  CHECK(board.word(data + 8) == 0x7f800001);
  CHECK(board.hart.f(15) == 0x7f800001);
  CHECK(board.word(data + 16) == 0x7f800001);
  CHECK(board.hart.f(31) == 0x7f800001);
}

TEST_CASE("flags accumulate, and fcsr holds flags and rounding mode") {
  FloatBoard board;
  board.hart.set_f(1, kOne);
  board.hart.set_f(2, kThree);
  board.hart.set_f(3, 0);
  board.step(rv::fop(0x0c, 0, 10, 1, 2));
  CHECK(board.hart.f(10) == kThird);
  CHECK(board.read_csr(csr::fflags) == 1);
  board.step(rv::fop(0x0c, 0, 10, 1, 3));
  CHECK(board.read_csr(csr::fflags) == 9);
  board.step(rv::fop(0x00, 0, 10, 1, 1));  // exact: nothing is taken back
  CHECK(board.read_csr(csr::fflags) == 9);
  board.write_csr(csr::frm, 0xffffffff);
  CHECK(board.read_csr(csr::frm) == 7);
  CHECK(board.read_csr(csr::fcsr) == 0xe9);
  board.write_csr(csr::fcsr, 0xffffff42);
  CHECK(board.read_csr(csr::frm) == 2);
  CHECK(board.read_csr(csr::fflags) == 2);
  board.write_csr(csr::fflags, 0xffffffff);
  CHECK(board.read_csr(csr::fcsr) == 0x5f);
}

TEST_CASE("the instruction's rounding mode, or frm's") {
  FloatBoard board;
  board.hart.set_f(1, kOne);
  board.hart.set_f(2, kThree);
  board.write_csr(csr::frm, 1);
  CHECK(board.result(rv::fop(0x0c, kDynamic, 10, 1, 2)) == kThird - 1);
  CHECK(board.result(rv::fop(0x0c, 3, 10, 1, 2)) == kThird);
  board.write_csr(csr::frm, 3);
  CHECK(board.result(rv::fop(0x0c, kDynamic, 10, 1, 2)) == kThird);
  board.hart.set_f(1, 0x40200000);  // 2.5
  const u32 modes[] = {2, 2, 2, 3, 3};
  for (u32 rm = 0; rm < 5; ++rm) {
    CAPTURE(rm);
    board.write_csr(csr::frm, rm);
    CHECK(board.integer_result(rv::fop(0x60, kDynamic, rv::a0, 1, 0)) == modes[rm]);
    CHECK(board.integer_result(rv::fop(0x60, rm, rv::a0, 1, 0)) == modes[rm]);
  }
  // A reserved frm makes what depends on it illegal, and nothing else.
  for (const u32 frm : {5u, 6u, 7u}) {
    board.write_csr(csr::frm, frm);
    CHECK(board.integer_result(rv::fop(0x60, 1, rv::a0, 1, 0)) == 2);
    CHECK(board.integer_result(rv::fop(0x50, 2, rv::a0, 1, 1)) == 1);
    const u32 dynamic = rv::fop(0x00, kDynamic, 10, 1, 2);
    board.step(dynamic);
    CHECK(board.hart.pc() == PlainBoard::kHandler);
    CHECK(board.read_csr(csr::mcause) == 2);
    CHECK(board.read_csr(csr::mtval) == dynamic);
  }
}

TEST_CASE("without mstatus.FS floating point is illegal, with it changes make it dirty") {
  FloatBoard board;
  board.hart.set_x(rv::a1, kBase + 0x3000);
  const u32 all[] = {
      rv::flw(1, rv::a1, 0),       rv::fsw(1, rv::a1, 0),     rv::fop(0x00, 0, 1, 2, 3),
      rv::fused(0, 0, 1, 2, 3, 4), rv::fop(0x70, 0, 1, 2, 0), rv::fop(0x50, 2, 1, 2, 3),
      rv::csrr(1, csr::fflags),    rv::csrr(1, csr::frm),     rv::csrw(csr::fcsr, rv::zero)};
  for (const u32 instruction : all) {
    INFO(std::hex << instruction);
    board.write_csr(csr::mstatus, 0);
    board.step(instruction);
    CHECK(board.hart.pc() == PlainBoard::kHandler);
    CHECK(board.read_csr(csr::mcause) == 2);
    CHECK(board.read_csr(csr::mtval) == instruction);
    board.write_csr(csr::mstatus, kFsClean);
    board.step(instruction);
    CHECK(board.hart.pc() == kBase + 4);
  }
  const auto fs_after = [&](u32 instruction) {
    board.write_csr(csr::mstatus, kFsClean);
    board.step(instruction);
    return board.fs();
  };
  board.hart.set_f(2, 0x7f800001);
  CHECK(fs_after(rv::fop(0x78, 0, 1, rv::zero, 0)) == (kFsDirty | kSd));
  CHECK(fs_after(rv::flw(1, rv::a1, 0)) == (kFsDirty | kSd));
  CHECK(fs_after(rv::csrw(csr::frm, rv::zero)) == (kFsDirty | kSd));
  CHECK(fs_after(rv::fop(0x50, 2, rv::a0, 2, 2)) == (kFsDirty | kSd));  // a flag
  CHECK(fs_after(rv::fop(0x70, 0, rv::a0, 2, 0)) == kFsClean);
  CHECK(fs_after(rv::fsw(2, rv::a1, 0)) == kFsClean);
  CHECK(fs_after(rv::csrr(1, csr::fcsr)) == kFsClean);
}

}  // namespace
}  // namespace epoch
