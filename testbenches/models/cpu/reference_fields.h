// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// Fields of an instruction for the reference hart, by arithmetic.
namespace epoch {

using Word = std::uint32_t;
using Signed = std::int64_t;

constexpr Word bits_of(Word word, unsigned msb, unsigned lsb) {
  return static_cast<Word>((std::uint64_t{word} >> lsb) % (std::uint64_t{1} << (msb - lsb + 1)));
}
// Two's complement of the low `width` bits, by arithmetic.
constexpr int value_of(Word word, unsigned width) {
  const Signed full = Signed{1} << width;
  const Signed low = static_cast<Signed>(word) % full;
  return static_cast<int>(low >= full / 2 ? low - full : low);
}
constexpr Signed wide(Word word) {
  return value_of(word, 32);
}
constexpr Word low_word(Signed value) {
  return static_cast<Word>(static_cast<std::uint64_t>(value));
}
constexpr Word high_word(Signed value) {
  return static_cast<Word>(static_cast<std::uint64_t>(value) >> 32);
}

inline Word rd_of(Word bits) {
  return bits_of(bits, 11, 7);
}
inline Word rs1_of(Word bits) {
  return bits_of(bits, 19, 15);
}
inline Word rs2_of(Word bits) {
  return bits_of(bits, 24, 20);
}
inline Word funct3_of(Word bits) {
  return bits_of(bits, 14, 12);
}
inline Word funct7_of(Word bits) {
  return bits_of(bits, 31, 25);
}
inline Word imm_i(Word bits) {
  return low_word(value_of(bits >> 20, 12));
}
inline Word imm_s(Word bits) {
  return low_word(value_of(funct7_of(bits) * 32 + rd_of(bits), 12));
}

// A sum of bits of the halfword, each at a place of its own: {bit, place}.
struct BitAt {
  unsigned bit, place;
};
template <unsigned count>
Word gather(Word half, const BitAt (&bits)[count]) {
  Word value = 0;
  for (const BitAt& b : bits) value |= bits_of(half, b.bit, b.bit) << b.place;
  return value;
}

// The 32-bit instruction that a compressed one stands for (tables 16.5 to 16.7), or 0.
Word expand(Word half);

}  // namespace epoch
