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
  const bool timed = !timing_.uniform();
  if (observer_ != nullptr) {
    timed ? interpret_as<true, true>() : interpret_as<true, false>();
  } else {
    timed ? interpret_as<false, true>() : interpret_as<false, false>();
  }
}

template <typename T>
bool Hart::load_direct(u32 address, u32& result) {
  T value;
  if (!direct_.load(address, value)) return false;
  result = as_unsigned(static_cast<i32>(value));  // extends by the sign of T
  counts_.direct_bytes += sizeof value;
  return true;
}

template <typename T>
bool Hart::store_direct(u32 address, T value) {
  if (!direct_.store(address, value)) return false;
  counts_.direct_bytes += sizeof value;
  return true;
}

template <bool observed, bool timed>
void Hart::interpret_as() {
  while (budget_ != 0 && !exit_) {
    CodePage* page = &code().page(pc_);
    Instruction* ip = page->slot(pc_);
    std::uint64_t budget = budget_;
    u32* const x = x_.data();
    u32 target = 0;

    for (;;) {
      const Instruction& i = *ip;
      const u32 a = x[i.rs1];
      const u32 b = x[i.rs2];
      const u32 imm = as_unsigned(i.imm);
      // A table of operations.
      // clang-format off
      switch (i.op) {
        case Op::lui: x[i.rd] = imm; break;
        case Op::addi: x[i.rd] = a + imm; break;
        case Op::slti: x[i.rd] = as_signed(a) < i.imm; break;
        case Op::sltiu: x[i.rd] = a < imm; break;
        case Op::xori: x[i.rd] = a ^ imm; break;
        case Op::ori: x[i.rd] = a | imm; break;
        case Op::andi: x[i.rd] = a & imm; break;
        case Op::slli: x[i.rd] = a << imm; break;
        case Op::srli: x[i.rd] = a >> imm; break;
        case Op::srai: x[i.rd] = as_unsigned(as_signed(a) >> imm); break;
        case Op::add: x[i.rd] = a + b; break;
        case Op::sub: x[i.rd] = a - b; break;
        case Op::sll: x[i.rd] = a << (b & 31); break;
        case Op::slt: x[i.rd] = as_signed(a) < as_signed(b); break;
        case Op::sltu: x[i.rd] = a < b; break;
        case Op::xor_: x[i.rd] = a ^ b; break;
        case Op::srl: x[i.rd] = a >> (b & 31); break;
        case Op::sra: x[i.rd] = as_unsigned(as_signed(a) >> (b & 31)); break;
        case Op::or_: x[i.rd] = a | b; break;
        case Op::and_: x[i.rd] = a & b; break;
        case Op::mul: x[i.rd] = a * b; break;
        case Op::mulh: x[i.rd] = mulh(a, b); break;
        case Op::mulhsu: x[i.rd] = mulhsu(a, b); break;
        case Op::mulhu: x[i.rd] = mulhu(a, b); break;
        case Op::div: x[i.rd] = div(a, b); break;
        case Op::divu: x[i.rd] = divu(a, b); break;
        case Op::rem: x[i.rd] = rem(a, b); break;
        case Op::remu: x[i.rd] = remu(a, b); break;
        case Op::fence: break;  // accesses happen in program order
        case Op::lb: if (!load_direct<std::int8_t>(a + imm, x[i.rd])) goto leave; break;
        case Op::lh: if (!load_direct<std::int16_t>(a + imm, x[i.rd])) goto leave; break;
        case Op::lw: if (!load_direct<u32>(a + imm, x[i.rd])) goto leave; break;
        case Op::lbu: if (!load_direct<std::uint8_t>(a + imm, x[i.rd])) goto leave; break;
        case Op::lhu: if (!load_direct<std::uint16_t>(a + imm, x[i.rd])) goto leave; break;
        case Op::sb: if (!store_direct(a + imm, static_cast<std::uint8_t>(b))) goto leave; break;
        case Op::sh: if (!store_direct(a + imm, static_cast<std::uint16_t>(b))) goto leave; break;
        case Op::sw: if (!store_direct(a + imm, b)) goto leave; break;
        case Op::beq: if (a == b) goto jump; break;
        case Op::bne: if (a != b) goto jump; break;
        case Op::blt: if (as_signed(a) < as_signed(b)) goto jump; break;
        case Op::bge: if (as_signed(a) >= as_signed(b)) goto jump; break;
        case Op::bltu: if (a < b) goto jump; break;
        case Op::bgeu: if (a >= b) goto jump; break;
        case Op::jal:
          x[i.rd] = page->pc_of(ip + i.length);
          goto jump;
        case Op::jalr:
          target = (a + imm) & ~1u;  // before the link: rd may be rs1
          x[i.rd] = page->pc_of(ip + i.length);
          goto jump_to_target;
        default: goto leave;
      }
      // clang-format on
      ip += i.length;
      --budget;
      if constexpr (timed) spend(timing_.extra(i.op), budget);
      if (budget == 0) goto leave;
      continue;

    jump:
      if (!observed && i.local) {
        ip += i.imm / 2;
        --budget;
        if constexpr (timed) spend(timing_.extra_taken(i.op), budget);
        if (budget == 0) goto leave;
        continue;
      }
      target = page->pc_of(ip) + imm;

    jump_to_target:
      --budget;
      if constexpr (timed) spend(timing_.extra_taken(i.op), budget);
      if constexpr (observed) observer_->on_jump(limit_ - budget, target);
      if ((target & kPageMask) != page->address()) page = &code().page(target);
      ip = page->slot(target);
      if (budget == 0) goto leave;
    }

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

}  // namespace epoch
