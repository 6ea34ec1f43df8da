// SPDX-License-Identifier: Apache-2.0
// The hot loop of Hart: executes predecoded instructions straight from the code pages. It handles
// what works on registers and direct memory, and passes the rest to Hart::execute.
#include <cstdint>
#include <limits>

#include "cpu/hart.h"

namespace epoch {
namespace {

using u32 = std::uint32_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

constexpr i32 as_signed(u32 value) {
  return static_cast<i32>(value);
}
constexpr u32 as_unsigned(i32 value) {
  return static_cast<u32>(value);
}

constexpr u32 high_word(i64 product) {
  return static_cast<u32>(static_cast<std::uint64_t>(product) >> 32);
}
constexpr u32 mulh(u32 a, u32 b) {
  return high_word(static_cast<i64>(as_signed(a)) * as_signed(b));
}
constexpr u32 mulhsu(u32 a, u32 b) {
  return high_word(static_cast<i64>(as_signed(a)) * static_cast<i64>(b));
}
constexpr u32 mulhu(u32 a, u32 b) {
  return static_cast<u32>((static_cast<std::uint64_t>(a) * b) >> 32);
}

// Division by zero and overflow do not trap (unprivileged specification, table 7.1).
constexpr bool overflows(u32 a, u32 b) {
  return as_signed(a) == std::numeric_limits<i32>::min() && as_signed(b) == -1;
}
constexpr u32 div(u32 a, u32 b) {
  if (b == 0) return ~0u;
  return overflows(a, b) ? a : as_unsigned(as_signed(a) / as_signed(b));
}
constexpr u32 divu(u32 a, u32 b) {
  return b == 0 ? ~0u : a / b;
}
constexpr u32 rem(u32 a, u32 b) {
  if (b == 0) return a;
  return overflows(a, b) ? 0 : as_unsigned(as_signed(a) % as_signed(b));
}
constexpr u32 remu(u32 a, u32 b) {
  return b == 0 ? a : a % b;
}

}  // namespace

void Hart::interpret() {
  each_.empty() ? interpret_free() : interpret_stepwise();
}

void Hart::interpret_free() {
  if (observer_ != nullptr) {
    timed_ ? interpret_as<true, true>() : interpret_as<true, false>();
  } else {
    timed_ ? interpret_as<false, true>() : interpret_as<false, false>();
  }
}

template <bool timed, typename T>
bool Hart::load_direct(u32 address, u32& result) {
  if (timed && dcache_ && !dcache_->hit(address, false)) return false;
  T value;
  if (!direct_.load(address, value)) return false;
  result = as_unsigned(static_cast<i32>(value));  // extends by the sign of T
  counts_.direct_bytes += sizeof value;
  return true;
}

template <bool timed, typename T>
bool Hart::store_direct(u32 address, T value) {
  if (timed && dcache_ && !dcache_->hit(address, false)) return false;
  if (!direct_.store(address, value)) return false;
  if (timed && dcache_) dcache_->hit(address, true);  // dirty only if it was stored
  counts_.direct_bytes += sizeof value;
  return true;
}

// The loop is threaded: each operation ends in a jump to the next one's label, which the host's
// branch predictor follows better than one jump for all. A label is missing, and this does not
// compile, for an operation that is neither here nor among the slow ones below.
#define BEGIN(name)                          \
  do_##name : {                              \
    const Instruction& i = *ip;              \
    [[maybe_unused]] const u32 a = x[i.rs1]; \
    [[maybe_unused]] const u32 b = x[i.rs2]; \
    [[maybe_unused]] const u32 imm = as_unsigned(i.imm);
#define DISPATCH()                                                         \
  do {                                                                     \
    if (timed && icache_ && leaves_line(page->pc_of(ip), *ip)) goto fetch; \
    goto* labels[static_cast<unsigned>(ip->op)];                           \
  } while (false)
#define END                                                \
  ip += i.length;                                          \
  --budget;                                                \
  if constexpr (timed) spend(timing_.extra(i.op), budget); \
  if (budget == 0) goto leave;                             \
  DISPATCH();                                              \
  }
#define SLOW(name) do_##name:
#define LABEL(name) &&do_##name,

template <bool observed, bool timed>
void Hart::interpret_as() {
  static const void* const labels[] = {EPOCH_CPU_OPS(LABEL)};
  while (budget_ != 0 && !exit_) {
    CodePage* page = &code().page(pc_);
    Instruction* ip = page->slot(pc_);
    std::uint64_t budget = budget_;
    u32* const x = x_.data();
    u32 target = 0;
    DISPATCH();

    // A table of operations.
    // clang-format off
    BEGIN(lui) x[i.rd] = imm; END
    BEGIN(addi) x[i.rd] = a + imm; END
    BEGIN(slti) x[i.rd] = as_signed(a) < i.imm; END
    BEGIN(sltiu) x[i.rd] = a < imm; END
    BEGIN(xori) x[i.rd] = a ^ imm; END
    BEGIN(ori) x[i.rd] = a | imm; END
    BEGIN(andi) x[i.rd] = a & imm; END
    BEGIN(slli) x[i.rd] = a << imm; END
    BEGIN(srli) x[i.rd] = a >> imm; END
    BEGIN(srai) x[i.rd] = as_unsigned(as_signed(a) >> imm); END
    BEGIN(add) x[i.rd] = a + b; END
    BEGIN(sub) x[i.rd] = a - b; END
    BEGIN(sll) x[i.rd] = a << (b & 31); END
    BEGIN(slt) x[i.rd] = as_signed(a) < as_signed(b); END
    BEGIN(sltu) x[i.rd] = a < b; END
    BEGIN(xor_) x[i.rd] = a ^ b; END
    BEGIN(srl) x[i.rd] = a >> (b & 31); END
    BEGIN(sra) x[i.rd] = as_unsigned(as_signed(a) >> (b & 31)); END
    BEGIN(or_) x[i.rd] = a | b; END
    BEGIN(and_) x[i.rd] = a & b; END
    BEGIN(mul) x[i.rd] = a * b; END
    BEGIN(mulh) x[i.rd] = mulh(a, b); END
    BEGIN(mulhsu) x[i.rd] = mulhsu(a, b); END
    BEGIN(mulhu) x[i.rd] = mulhu(a, b); END
    BEGIN(div) x[i.rd] = div(a, b); END
    BEGIN(divu) x[i.rd] = divu(a, b); END
    BEGIN(rem) x[i.rd] = rem(a, b); END
    BEGIN(remu) x[i.rd] = remu(a, b); END
    BEGIN(fence) END  // accesses happen in program order
    BEGIN(lb) if (!load_direct<timed, std::int8_t>(a + imm, x[i.rd])) goto leave; END
    BEGIN(lh) if (!load_direct<timed, std::int16_t>(a + imm, x[i.rd])) goto leave; END
    BEGIN(lw) if (!load_direct<timed, u32>(a + imm, x[i.rd])) goto leave; END
    BEGIN(lbu) if (!load_direct<timed, std::uint8_t>(a + imm, x[i.rd])) goto leave; END
    BEGIN(lhu) if (!load_direct<timed, std::uint16_t>(a + imm, x[i.rd])) goto leave; END
    BEGIN(sb) if (!store_direct<timed>(a + imm, static_cast<std::uint8_t>(b))) goto leave; END
    BEGIN(sh) if (!store_direct<timed>(a + imm, static_cast<std::uint16_t>(b))) goto leave; END
    BEGIN(sw) if (!store_direct<timed>(a + imm, b)) goto leave; END
    BEGIN(beq) if (a == b) goto jump; END
    BEGIN(bne) if (a != b) goto jump; END
    BEGIN(blt) if (as_signed(a) < as_signed(b)) goto jump; END
    BEGIN(bge) if (as_signed(a) >= as_signed(b)) goto jump; END
    BEGIN(bltu) if (a < b) goto jump; END
    BEGIN(bgeu) if (a >= b) goto jump; END
    BEGIN(jal)
      x[i.rd] = page->pc_of(ip + i.length);
      goto jump;
    }
    BEGIN(jalr)
      target = (a + imm) & ~1u;  // before the link: rd may be rs1
      x[i.rd] = page->pc_of(ip + i.length);
      goto jump_to_target;
    }

  jump:
    if (!observed && ip->local) {
      const Instruction& i = *ip;
      ip += i.imm / 2;
      --budget;
      if constexpr (timed) spend(timing_.extra_taken(i.op), budget);
      if (budget == 0) goto leave;
      DISPATCH();
    }
    target = page->pc_of(ip) + as_unsigned(ip->imm);

  jump_to_target:
    --budget;
    if constexpr (timed) spend(timing_.extra_taken(ip->op), budget);
    if constexpr (observed) observer_->on_jump(limit_ - budget, target);
    if ((target & kPageMask) != page->address()) page = &code().page(target);
    ip = page->slot(target);
    if (budget == 0) goto leave;
    DISPATCH();

  fetch:  // only for its timing
    pc_ = page->pc_of(ip);
    budget_ = budget;
    touch_code(*ip);
    continue;

    SLOW(undecoded) SLOW(page_end) SLOW(illegal) SLOW(auipc) SLOW(lr_w) SLOW(sc_w)
    SLOW(amoswap_w) SLOW(amoadd_w) SLOW(amoxor_w) SLOW(amoand_w) SLOW(amoor_w) SLOW(amomin_w)
    SLOW(amomax_w) SLOW(amominu_w) SLOW(amomaxu_w) SLOW(told_fence) SLOW(cbo) SLOW(fence_i)
    SLOW(ecall) SLOW(ebreak) SLOW(mret) SLOW(wfi) SLOW(csrrw) SLOW(csrrs) SLOW(csrrc) SLOW(csrrwi) SLOW(csrrsi)
    SLOW(csrrci) SLOW(flw) SLOW(fsw) SLOW(fadd_s) SLOW(fsub_s) SLOW(fmul_s) SLOW(fdiv_s)
    SLOW(fsqrt_s) SLOW(fmadd_s) SLOW(fmsub_s) SLOW(fnmsub_s) SLOW(fnmadd_s) SLOW(fcvt_w_s)
    SLOW(fcvt_wu_s) SLOW(fcvt_s_w) SLOW(fcvt_s_wu) SLOW(fsgnj_s) SLOW(fsgnjn_s) SLOW(fsgnjx_s)
    SLOW(fmin_s) SLOW(fmax_s) SLOW(feq_s) SLOW(flt_s) SLOW(fle_s) SLOW(fclass_s) SLOW(fmv_x_w)
    SLOW(fmv_w_x)
  leave:
    pc_ = page->pc_of(ip);
    budget_ = budget;
    if (budget == 0) return;
    const u32 before = pc_;
    execute(ip);
    if (observed && pc_ != before && pc_ != page->pc_of(ip + ip->length)) {
      observer_->on_jump(cycles(), pc_);
    }
  }
}
// clang-format on

#undef BEGIN
#undef DISPATCH
#undef END
#undef SLOW
#undef LABEL

}  // namespace epoch
