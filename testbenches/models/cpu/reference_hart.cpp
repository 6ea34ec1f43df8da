// SPDX-License-Identifier: Apache-2.0
#include "reference_hart.h"

#include "cpu/soft_float.h"
#include "plain_board.h"
#include "reference_fields.h"
#include "rv_encode.h"

namespace epoch {

void ReferenceHart::step() {
  const Word inhibited = mcountinhibit_;
  wrote_cycle_ = wrote_instret_ = false;
  bool trapped = false;
  try {
    unsigned length = 0;
    const Word raw = fetch(length);
    const Word bits = length == 2 ? expand(raw) : raw;
    execute(bits, length, raw);
  } catch (const Trap& trap) {
    trapped = true;
    enter_trap(trap.cause, trap.tval);
  }
  if ((inhibited & 1) == 0 && !wrote_cycle_) ++mcycle_;
  if (trapped) return;
  ++retired;
  if ((inhibited & 4) == 0 && !wrote_instret_) ++minstret_;
}

void ReferenceHart::take_interrupt(Word levels) {
  mip = levels & 0x888;
  if (mode == 3 && (mstatus_ & 8) == 0) return;
  const Word ready = mip & mie_;
  for (const Word number : {11u, 3u, 7u}) {
    if ((ready >> number & 1) != 0) return enter_trap(0x80000000u + number, 0);
  }
}

void ReferenceHart::enter_trap(Word cause, Word tval) {
  reservation_.reset();
  mepc_ = pc;
  mcause_ = cause;
  mtval_ = tval;
  const Word mie = mstatus_ >> 3 & 1;
  mstatus_ = (mstatus_ & ~0x1888u) | mie << 7 | mode << 11;
  mode = 3;
  pc = mtvec & ~3u;
  if ((mtvec & 1) != 0 && (cause >> 31) != 0) pc += 4 * (cause & 31);
}

bool ReferenceHart::permitted(Word address, unsigned bytes, Word right, unsigned as) const {
  for (unsigned n = 0; n < 8; ++n) {
    const std::uint64_t top = std::uint64_t{pmpaddr_[n]} * 4;
    std::uint64_t begin = top, end = top;  // OFF: empty
    const unsigned match = pmpcfg_[n] >> 3 & 3;
    if (match == 1) begin = n == 0 ? 0 : std::uint64_t{pmpaddr_[n - 1]} * 4;
    if (match == 2) end = top + 4;
    if (match == 3) {
      unsigned ones = 0;
      while (ones < 32 && (pmpaddr_[n] >> ones & 1) != 0) ++ones;
      const std::uint64_t size = std::uint64_t{8} << ones;
      begin = top / size * size;
      end = begin + size;
    }
    unsigned inside = 0;
    for (unsigned b = 0; b < bytes; ++b) {
      const std::uint64_t at = std::uint64_t{address} + b;
      if (at >= begin && at < end) ++inside;
    }
    if (inside == 0) continue;
    if (inside != bytes) return false;
    return (as == 3 && (pmpcfg_[n] & 0x80) == 0) || (pmpcfg_[n] & right) != 0;
  }
  return as == 3;
}

std::uint8_t* ReferenceHart::byte_at(Word address) {
  if (address >= PlainBus::kDevice && address < PlainBus::kDevice + device.size()) {
    return &device[address - PlainBus::kDevice];
  }
  if (address >= PlainBus::kBase && address - PlainBus::kBase < memory.size()) {
    return &memory[address - PlainBus::kBase];
  }
  return nullptr;
}

Word ReferenceHart::fetch(unsigned& length) {
  Word bits = 0;
  length = 2;
  for (unsigned done = 0; done < length; done += 2) {
    const Word address = pc + done;
    const std::uint8_t* from = address < PlainBus::kBase ? nullptr : byte_at(address);
    if (!permitted(address, 2, 4, mode) || from == nullptr) throw Trap{1, address};
    bits |= static_cast<Word>(from[0] + from[1] * 256) << 8 * done;
    if (bits % 4 == 3) length = 4;
  }
  return bits;
}

Word ReferenceHart::load(Word address, unsigned bytes, Word cause) {
  if (address % bytes != 0 && !splits_) throw Trap{4, address};
  Word value = 0;
  for (unsigned n = 0; n < bytes; ++n) {
    if (!permitted(address + n, 1, 1, data_mode())) throw Trap{cause, address + n};
    const std::uint8_t* from = byte_at(address + n);
    if (from == nullptr) throw Trap{cause, address + n};
    value |= static_cast<Word>(*from) << 8 * n;
  }
  return value;
}

void ReferenceHart::store(Word address, unsigned bytes, Word value) {
  if (address % bytes != 0 && !splits_) throw Trap{6, address};
  for (unsigned n = 0; n < bytes; ++n) {
    if (!permitted(address + n, 1, 2, data_mode())) throw Trap{7, address + n};
  }
  for (unsigned n = 0; n < bytes; ++n) {
    std::uint8_t* to = byte_at(address + n);
    if (to == nullptr) throw Trap{7, address + n};
    *to = static_cast<std::uint8_t>(value >> 8 * n);
  }
}

void ReferenceHart::execute(Word bits, unsigned length, Word raw) {
  Word next = pc + length;
  const Word rd = rd_of(bits), funct3 = funct3_of(bits), funct7 = funct7_of(bits);
  const Word a = x[rs1_of(bits)], b = x[rs2_of(bits)];
  const Trap illegal{2, raw};
  switch (bits & 0x7f) {
    case 0x37:
      set_x(rd, bits & 0xfffff000u);
      break;
    case 0x17:
      set_x(rd, pc + (bits & 0xfffff000u));
      break;
    case 0x6f: {
      const Word offset = gather(bits, {{21, 1},
                                        {22, 2},
                                        {23, 3},
                                        {24, 4},
                                        {25, 5},
                                        {26, 6},
                                        {27, 7},
                                        {28, 8},
                                        {29, 9},
                                        {30, 10},
                                        {20, 11}});
      set_x(rd, next);
      next = pc + low_word(value_of(offset | (bits & 0xff000) | bits_of(bits, 31, 31) << 20, 21));
      break;
    }
    case 0x67:
      if (funct3 != 0) throw illegal;
      set_x(rd, next);
      next = (a + imm_i(bits)) & ~1u;
      break;
    case 0x63:
      if (funct3 == 2 || funct3 == 3) throw illegal;
      execute_branch(bits, next);
      break;
    case 0x03: {
      if (funct3 == 3 || funct3 > 5) throw illegal;
      const unsigned bytes = 1u << funct3 % 4;
      const Word value = load(a + imm_i(bits), bytes, 5);
      set_x(rd, funct3 > 3 ? value : low_word(value_of(value, 8 * bytes)));
      break;
    }
    case 0x23:
      if (funct3 > 2) throw illegal;
      store(a + imm_s(bits), 1u << funct3, b);
      break;
    case 0x13:
      if (funct3 == 1 && funct7 != 0) throw illegal;
      if (funct3 == 5 && (funct7 & ~0x20u) != 0) throw illegal;
      set_x(rd, alu(bits, a, imm_i(bits), true));
      break;
    case 0x33:
      if (funct7 > 1 && (funct7 != 0x20 || (funct3 != 0 && funct3 != 5))) throw illegal;
      set_x(rd, alu(bits, a, b, false));
      break;
    case 0x0f:
      if (funct3 > 1) throw illegal;
      break;
    case 0x2f:
      execute_amo(bits, raw);
      break;
    case 0x73:
      execute_system(bits, raw, next);
      break;
    case 0x07:
    case 0x27:
    case 0x53:
      execute_float(bits, raw);
      break;
    case 0x43:
    case 0x47:
    case 0x4b:
    case 0x4f:
      execute_fused(bits, raw);
      break;
    default:
      throw illegal;
  }
  pc = next;
}

void ReferenceHart::execute_branch(Word bits, Word& next) {
  const Word a = x[rs1_of(bits)], b = x[rs2_of(bits)];
  const Word funct3 = funct3_of(bits);
  const bool base = funct3 < 2 ? a == b : funct3 < 6 ? wide(a) < wide(b) : a < b;
  if (base == (funct3 % 2 != 0)) return;
  const Word offset = gather(bits, {{8, 1},
                                    {9, 2},
                                    {10, 3},
                                    {11, 4},
                                    {25, 5},
                                    {26, 6},
                                    {27, 7},
                                    {28, 8},
                                    {29, 9},
                                    {30, 10},
                                    {7, 11},
                                    {31, 12}});
  next = pc + low_word(value_of(offset, 13));
}

Word ReferenceHart::alu(Word bits, Word a, Word b, bool immediate) const {
  const Word funct3 = funct3_of(bits);
  const bool alternative = funct7_of(bits) == 0x20 && (!immediate || funct3 == 5);
  const unsigned amount = b % 32;
  if (!immediate && funct7_of(bits) == 1) {
    const Signed ub = static_cast<Signed>(b);
    switch (funct3) {
      case 0:
        return a * b;
      case 1:
        return high_word(wide(a) * wide(b));
      case 2:
        return high_word(wide(a) * ub);
      case 3:
        return static_cast<Word>(std::uint64_t{a} * b >> 32);
      case 4:
        return b == 0 ? 0xffffffff : low_word(wide(a) / wide(b));
      case 5:
        return b == 0 ? 0xffffffff : a / b;
      case 6:
        return b == 0 ? a : low_word(wide(a) % wide(b));
      default:
        return b == 0 ? a : a % b;
    }
  }
  switch (funct3) {
    case 0:
      return alternative ? a - b : a + b;
    case 1:
      return a << amount;
    case 2:
      return wide(a) < wide(b) ? 1 : 0;
    case 3:
      return a < b ? 1 : 0;
    case 4:
      return a ^ b;
    case 5:
      return alternative ? low_word(wide(a) >> amount) : a >> amount;
    case 6:
      return a | b;
    default:
      return a & b;
  }
}

void ReferenceHart::execute_amo(Word bits, Word raw) {
  const Word funct5 = bits >> 27, address = x[rs1_of(bits)], b = x[rs2_of(bits)];
  if (funct3_of(bits) != 2) throw Trap{2, raw};
  if (funct5 == 2) {
    if (rs2_of(bits) != 0) throw Trap{2, raw};
    if (address % 4 != 0) throw Trap{4, address};
    set_x(rd_of(bits), load(address, 4, 5));
    reservation_ = address;
    return;
  }
  const bool known = funct5 <= 4 || (funct5 % 4 == 0);
  if (!known) throw Trap{2, raw};
  if (address % 4 != 0) throw Trap{6, address};
  if (funct5 == 3) {
    const bool reserved = reservation_ == address;
    reservation_.reset();
    if (reserved) store(address, 4, b);
    set_x(rd_of(bits), reserved ? 0 : 1);
    return;
  }
  if (!permitted(address, 4, 2, data_mode())) throw Trap{7, address};
  const Word old = load(address, 4, 7);
  Word value = b;  // swap
  if (funct5 == 0x00) value = old + b;
  if (funct5 == 0x04) value = old ^ b;
  if (funct5 == 0x08) value = old | b;
  if (funct5 == 0x0c) value = old & b;
  if (funct5 == 0x10) value = wide(old) < wide(b) ? old : b;
  if (funct5 == 0x14) value = wide(old) > wide(b) ? old : b;
  if (funct5 == 0x18) value = old < b ? old : b;
  if (funct5 == 0x1c) value = old > b ? old : b;
  store(address, 4, value);
  set_x(rd_of(bits), old);
}

Word ReferenceHart::rounded_mode(Word bits, Word raw) const {
  const Word rm = funct3_of(bits) == 7 ? fcsr_ >> 5 : funct3_of(bits);
  if (rm > 4) throw Trap{2, raw};
  return rm;
}

void ReferenceHart::execute_fused(Word bits, Word raw) {
  if ((mstatus_ & 3u << 13) == 0 || bits_of(bits, 26, 25) != 0) throw Trap{2, raw};
  const auto rounding = static_cast<f32::Rounding>(rounded_mode(bits, raw));
  const Word kind = bits_of(bits, 3, 2);
  const Word product_sign = kind >= 2 ? 0x80000000u : 0;
  const Word addend_sign = kind == 1 || kind == 3 ? 0x80000000u : 0;
  const f32::Result result = f32::multiply_add(f[rs1_of(bits)] ^ product_sign, f[rs2_of(bits)],
                                               f[bits >> 27] ^ addend_sign, rounding);
  raise_flags(result.flags);
  set_f(rd_of(bits), result.bits);
}

void ReferenceHart::execute_float(Word bits, Word raw) {
  const Trap illegal{2, raw};
  if ((mstatus_ & 3u << 13) == 0) throw illegal;
  const Word rd = rd_of(bits), rs1 = rs1_of(bits), rs2 = rs2_of(bits), funct3 = funct3_of(bits);
  if ((bits & 0x7f) != 0x53) {
    if (funct3 != 2) throw illegal;
    if ((bits & 0x7f) == 0x07) return set_f(rd, load(x[rs1] + imm_i(bits), 4, 5));
    return store(x[rs1] + imm_s(bits), 4, f[rs2]);
  }
  const Word a = f[rs1], b = f[rs2], sign = 0x80000000u;
  f32::Result result;
  bool integer = false;
  const auto rounding = [&] { return static_cast<f32::Rounding>(rounded_mode(bits, raw)); };
  switch (funct7_of(bits)) {
    case 0x00:
      result = f32::add(a, b, rounding());
      break;
    case 0x04:
      result = f32::subtract(a, b, rounding());
      break;
    case 0x08:
      result = f32::multiply(a, b, rounding());
      break;
    case 0x0c:
      result = f32::divide(a, b, rounding());
      break;
    case 0x2c:
      if (rs2 != 0) throw illegal;
      result = f32::square_root(a, rounding());
      break;
    case 0x10:
      if (funct3 > 2) throw illegal;
      result.bits = (a & ~sign) | ((funct3 == 0 ? b : funct3 == 1 ? ~b : a ^ b) & sign);
      break;
    case 0x14:
      if (funct3 > 1) throw illegal;
      result = funct3 == 0 ? f32::minimum(a, b) : f32::maximum(a, b);
      break;
    case 0x50:
      if (funct3 > 2) throw illegal;
      integer = true;
      result = funct3 == 2   ? f32::equal(a, b)
               : funct3 == 1 ? f32::less(a, b)
                             : f32::less_or_equal(a, b);
      break;
    case 0x60:
      if (rs2 > 1) throw illegal;
      integer = true;
      result = rs2 == 0 ? f32::to_signed(a, rounding()) : f32::to_unsigned(a, rounding());
      break;
    case 0x68:
      if (rs2 > 1) throw illegal;
      result =
          rs2 == 0 ? f32::from_signed(x[rs1], rounding()) : f32::from_unsigned(x[rs1], rounding());
      break;
    case 0x70:
      if (rs2 != 0 || funct3 > 1) throw illegal;
      integer = true;
      result.bits = funct3 == 0 ? a : f32::classify(a);
      break;
    case 0x78:
      if (rs2 != 0 || funct3 != 0) throw illegal;
      result.bits = x[rs1];
      break;
    default:
      throw illegal;
  }
  raise_flags(result.flags);
  if (integer) {
    set_x(rd, result.bits);
  } else {
    set_f(rd, result.bits);
  }
}

void ReferenceHart::execute_system(Word bits, Word raw, Word& next) {
  if (funct3_of(bits) != 0 && funct3_of(bits) != 4) return execute_csr(bits, raw);
  if (bits == rv::ecall) throw Trap{mode == 3 ? 11u : 8u, 0};
  if (bits == rv::ebreak) throw Trap{3, pc};
  if (bits == rv::wfi && (mode == 3 || (mstatus_ >> 21 & 1) == 0)) return;
  if (bits != rv::mret || mode != 3) throw Trap{2, raw};
  next = mepc_;
  mode = mstatus_ >> 11 & 3;
  const Word mpie = mstatus_ >> 7 & 1;
  mstatus_ = (mstatus_ & ~0x1888u) | 0x80 | mpie << 3;
  if (mode == 0) mstatus_ &= ~(1u << 17);
}

void ReferenceHart::execute_csr(Word bits, Word raw) {
  const Word number = bits >> 20, funct3 = funct3_of(bits), rs1 = rs1_of(bits);
  const std::optional<Word> old = read_csr(number);
  const bool writes = funct3 % 4 == 1 || rs1 != 0;
  if (!old || (writes && number >= 0xc00)) throw Trap{2, raw};
  const Word operand = funct3 > 4 ? rs1 : x[rs1];
  if (writes) {
    write_csr(number, funct3 % 4 == 1   ? operand
                      : funct3 % 4 == 2 ? *old | operand
                                        : *old & ~operand);
  }
  set_x(rd_of(bits), *old);
}

}  // namespace epoch
