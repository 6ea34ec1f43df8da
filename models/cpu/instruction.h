// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace epoch {

// Every operation of RV32IMAFC + Zicsr + Zifencei + Zicbom in machine and user mode. The first two
// are not instructions but states of a slot in the code cache; `undecoded` is first because zeroed
// memory means it. `told_fence` is a FENCE that a MemoryObserver is told of.
// clang-format off
#define EPOCH_CPU_OPS(X)                                                                       \
  X(undecoded) X(page_end) X(illegal)                                                          \
  X(lui) X(auipc) X(jal) X(jalr)                                                               \
  X(beq) X(bne) X(blt) X(bge) X(bltu) X(bgeu)                                                  \
  X(lb) X(lh) X(lw) X(lbu) X(lhu) X(sb) X(sh) X(sw)                                            \
  X(addi) X(slti) X(sltiu) X(xori) X(ori) X(andi) X(slli) X(srli) X(srai)                      \
  X(add) X(sub) X(sll) X(slt) X(sltu) X(xor_) X(srl) X(sra) X(or_) X(and_)                     \
  X(mul) X(mulh) X(mulhsu) X(mulhu) X(div) X(divu) X(rem) X(remu)                              \
  X(lr_w) X(sc_w) X(amoswap_w) X(amoadd_w) X(amoxor_w) X(amoand_w) X(amoor_w)                  \
  X(amomin_w) X(amomax_w) X(amominu_w) X(amomaxu_w)                                            \
  X(fence) X(told_fence) X(cbo) X(fence_i) X(ecall) X(ebreak) X(mret) X(wfi)                       \
  X(csrrw) X(csrrs) X(csrrc) X(csrrwi) X(csrrsi) X(csrrci)                                     \
  X(flw) X(fsw)                                                                                \
  X(fadd_s) X(fsub_s) X(fmul_s) X(fdiv_s) X(fsqrt_s)                                           \
  X(fmadd_s) X(fmsub_s) X(fnmsub_s) X(fnmadd_s)                                                \
  X(fcvt_w_s) X(fcvt_wu_s) X(fcvt_s_w) X(fcvt_s_wu)                                            \
  X(fsgnj_s) X(fsgnjn_s) X(fsgnjx_s) X(fmin_s) X(fmax_s)                                       \
  X(feq_s) X(flt_s) X(fle_s) X(fclass_s) X(fmv_x_w) X(fmv_w_x)
// clang-format on

enum class Op : std::uint8_t {
#define EPOCH_CPU_OP_ENUM(name) name,
  EPOCH_CPU_OPS(EPOCH_CPU_OP_ENUM)
#undef EPOCH_CPU_OP_ENUM
};

const char* op_name(Op op);

// The register file has one slot more than there are registers: the decoder sends results for x0
// there, so that no instruction tests for x0.
constexpr std::uint8_t kDiscard = 32;
constexpr unsigned kRegisterSlots = 33;

// A predecoded instruction, the same for 16- and 32-bit encodings.
struct Instruction {
  Op op = Op::undecoded;
  std::uint8_t rd = 0;   // register slot: kDiscard for x0; a floating-point register's number
  std::uint8_t rs1 = 0;  // csrr*i: the 5-bit immediate
  std::uint8_t rs2 = 0;
  std::int32_t imm = 0;     // sign-extended, in bytes; shift amount; csr number; rm and rs3 << 3
  std::uint32_t bits = 0;   // the encoding, 16 bits of it if compressed
  std::uint8_t length = 0;  // in halfwords
  bool local = false;       // set by the code cache: the jump stays inside its page
};
static_assert(sizeof(Instruction) == 16, "a code page is an array of these: keep them small");

}  // namespace epoch
