// SPDX-License-Identifier: Apache-2.0
#include "reference_fields.h"
#include "reference_hart.h"

namespace epoch {

std::optional<Word> ReferenceHart::read_csr(Word number) const {
  if (number >= 1 && number <= 3) {
    if ((mstatus_ & 3u << 13) == 0) return std::nullopt;
    return number == 1 ? fcsr_ & 31 : number == 2 ? fcsr_ >> 5 : fcsr_;
  }
  if (mode == 0) {
    const Word which = number & 0x7f;
    if ((number & ~0xffu) != 0xc00 || which > 2 || (mcounteren_ >> which & 1) == 0) {
      return std::nullopt;
    }
  }
  if (number >= 0x3a0 && number < 0x3a4) {
    Word value = 0;
    for (unsigned n = 0; n < 4 && number < 0x3a2; ++n) {
      value |= static_cast<Word>(pmpcfg_[4 * (number - 0x3a0) + n]) << 8 * n;
    }
    return value;
  }
  if (number >= 0x3b0 && number < 0x3c0) return number < 0x3b8 ? pmpaddr_[number - 0x3b0] : 0;
  const bool events = (number >= 0xb03 && number <= 0xb1f) || (number >= 0xb83 && number <= 0xb9f);
  if (events || (number >= 0x323 && number <= 0x33f)) return 0;
  if (number >= 0x7a0 && number <= 0x7a5) return 0;
  switch (number) {
    case 0x300:
      return mstatus_ | ((mstatus_ >> 13 & 3) == 3 ? 0x80000000u : 0);
    case 0x301:
      return 0x40101125;
    case 0x304:
      return mie_;
    case 0x305:
      return mtvec;
    case 0x306:
      return mcounteren_;
    case 0x320:
      return mcountinhibit_;
    case 0x340:
      return mscratch_;
    case 0x341:
      return mepc_;
    case 0x342:
      return mcause_;
    case 0x343:
      return mtval_;
    case 0x344:
      return mip;
    case 0xb00:
    case 0xc00:
      return static_cast<Word>(mcycle_);
    case 0xb80:
    case 0xc80:
      return static_cast<Word>(mcycle_ >> 32);
    case 0xb02:
    case 0xc02:
      return static_cast<Word>(minstret_);
    case 0xb82:
    case 0xc82:
      return static_cast<Word>(minstret_ >> 32);
    case 0xc01:
      return static_cast<Word>(time);
    case 0xc81:
      return static_cast<Word>(time >> 32);
    case 0x30a:
    case 0x310:
    case 0x31a:
    case 0xf11:
    case 0xf12:
    case 0xf13:
    case 0xf14:
    case 0xf15:
      return 0;
    default:
      return std::nullopt;
  }
}

void ReferenceHart::write_csr(Word number, Word value) {
  const auto set_half = [&](std::uint64_t& counter, bool upper) {
    const std::uint64_t kept = counter & (upper ? 0xffffffffull : ~0xffffffffull);
    counter = kept | (upper ? std::uint64_t{value} << 32 : value);
  };
  if (number >= 0x3a0 && number < 0x3c0) return write_pmp(number, value);
  switch (number) {
    case 1:
      fcsr_ = (fcsr_ & ~31u) | (value & 31);
      mstatus_ |= 3u << 13;
      break;
    case 2:
      fcsr_ = (fcsr_ & 31) | (value & 7) << 5;
      mstatus_ |= 3u << 13;
      break;
    case 3:
      fcsr_ = value & 0xff;
      mstatus_ |= 3u << 13;
      break;
    case 0x300:
      mstatus_ = value & 0x00227888;
      if ((mstatus_ >> 11 & 3) != 3) mstatus_ &= ~(3u << 11);
      break;
    case 0x304:
      mie_ = value & 0x888;
      break;
    case 0x305:
      mtvec = value & ~2u;
      break;
    case 0x306:
      mcounteren_ = value & 7;
      break;
    case 0x320:
      mcountinhibit_ = value & 5;
      break;
    case 0x340:
      mscratch_ = value;
      break;
    case 0x341:
      mepc_ = value & ~1u;
      break;
    case 0x342:
      mcause_ = value;
      break;
    case 0x343:
      mtval_ = value;
      break;
    case 0xb00:
    case 0xb80:
      set_half(mcycle_, number == 0xb80);
      wrote_cycle_ = true;
      break;
    case 0xb02:
    case 0xb82:
      set_half(minstret_, number == 0xb82);
      wrote_instret_ = true;
      break;
    default:
      break;
  }
}

void ReferenceHart::write_pmp(Word number, Word value) {
  const auto locked = [&](unsigned n) { return n < 8 && pmpcfg_[n] >= 0x80; };
  if (number >= 0x3b0) {
    const unsigned n = number - 0x3b0;
    const bool below_tor = locked(n + 1) && (pmpcfg_[n + 1] >> 3 & 3) == 1;
    if (n < 8 && !locked(n) && !below_tor) pmpaddr_[n] = value;
    return;
  }
  for (unsigned b = 0; b < 4; ++b) {
    const unsigned n = 4 * (number - 0x3a0) + b;
    if (n >= 8 || locked(n)) continue;
    Word config = value >> 8 * b & 0x9f;
    if ((config & 3) == 2) config &= ~7u;
    pmpcfg_[n] = static_cast<std::uint8_t>(config);
  }
}

}  // namespace epoch
