// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "epochcore/pe_grid/line.h"

namespace epoch {

// The arithmetic of type int8 (README.md): registers of 32 bits, every operation clamps. A product
// is shifted right with rounding (half up): poles have kPoleBits fraction bits, the state
// kStateBits more than u.
constexpr unsigned kPoleBits = 14;
constexpr unsigned kStateBits = 8;

// `clamped` counts what did not fit.
EPOCH_INLINE std::int32_t clamp32(std::int64_t value, std::uint64_t& clamped) {
  constexpr std::int64_t low = INT32_MIN, high = INT32_MAX;
  clamped += value < low || value > high ? 1u : 0u;
  return static_cast<std::int32_t>(value < low ? low : value > high ? high : value);
}
EPOCH_INLINE std::int32_t shifted_product(std::int32_t factor, std::int32_t x, unsigned bits,
                                          std::uint64_t& clamped) {
  const std::int64_t half = bits == 0 ? 0 : std::int64_t{1} << (bits - 1);
  return clamp32((std::int64_t{factor} * x + half) >> bits, clamped);
}
EPOCH_INLINE std::int32_t clamped_sum(std::int32_t a, std::int32_t b, std::uint64_t& clamped) {
  return clamp32(std::int64_t{a} + b, clamped);
}
EPOCH_INLINE std::int32_t clamped_difference(std::int32_t a, std::int32_t b,
                                             std::uint64_t& clamped) {
  return clamp32(std::int64_t{a} - b, clamped);
}
// u beside the state's fraction bits.
EPOCH_INLINE std::int32_t aligned_input(std::int32_t u) {
  return u * (1 << kStateBits);
}

}  // namespace epoch
