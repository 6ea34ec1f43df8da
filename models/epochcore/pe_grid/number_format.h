// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

#include "epochcore/pe_grid/line.h"

namespace epoch {

// Conversions between number types, by bits: no operation that host flags could change. A word is
// as array.h says; what reaches these functions is flushed or about to be.

EPOCH_INLINE float float_of_bits(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

EPOCH_INLINE std::uint32_t bits_of_float(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

EPOCH_INLINE std::int32_t int_of_word(float word) {
  return static_cast<std::int32_t>(bits_of_float(word));
}
EPOCH_INLINE float word_of_int(std::int32_t value) {
  return float_of_bits(static_cast<std::uint32_t>(value));
}

// The one NaN that anybody sees, whatever payload the host's operations left (array specification).
constexpr std::uint32_t kNan = 0x7FC00000u;

EPOCH_INLINE float canonical_nan(float value) {
  std::uint32_t bits = bits_of_float(value);
  bits = (bits & 0x7FFFFFFFu) > 0x7F800000u ? kNan : bits;
  return float_of_bits(bits);
}

// A word as it leaves the array: no subnormal, one NaN.
EPOCH_INLINE float flushed_fp32(float value) {
  const std::uint32_t bits = bits_of_float(value);
  return canonical_nan(float_of_bits((bits & 0x7F800000u) == 0 ? bits & 0x80000000u : bits));
}

// To nearest even, of a word that is flushed: its lower half becomes 0.
EPOCH_INLINE float round_to_bf16(float value) {
  const std::uint32_t bits = bits_of_float(value);
  const std::uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) & 0xFFFF0000u;
  return float_of_bits((bits & 0x7FFFFFFFu) > 0x7F800000u ? kNan : rounded);
}

// To nearest even within [-127, 127]; NaN becomes 0.
EPOCH_INLINE std::int32_t round_to_int8(float value) {
  const float low = value > -127.0f ? value : -127.0f;
  const float clamped = low < 127.0f ? low : 127.0f;
  return value != value ? 0 : static_cast<std::int32_t>(__builtin_rintf(clamped));
}

EPOCH_INLINE float widen_bf16(std::uint16_t half) {
  return float_of_bits(std::uint32_t{half} << 16);
}
// The upper half of a word that round_to_bf16 has made.
EPOCH_INLINE std::uint16_t bf16_of_word(float word) {
  return static_cast<std::uint16_t>(bits_of_float(word) >> 16);
}

}  // namespace epoch
