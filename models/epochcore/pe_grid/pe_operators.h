// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "epochcore/pe_grid/integer_arithmetic.h"
#include "epochcore/pe_grid/line.h"
#include "epochcore/pe_grid/number_format.h"
#include "epochcore/pe_grid/transcendental.h"

namespace epoch {

// The multipliers and adders of neighbouring PEs in the cycle-true array: `count` words, result and
// operands at any place of their registers. A result may stand where an operand stood.

namespace pe_operator {

typedef float AnyLanes __attribute__((vector_size(64), aligned(4), may_alias));

EPOCH_INLINE AnyLanes& at(float* words) {
  return *reinterpret_cast<AnyLanes*>(words);
}
EPOCH_INLINE const AnyLanes& at(const float* words) {
  return *reinterpret_cast<const AnyLanes*>(words);
}

// Sixteen words at a time, the rest one by one: the same operation on each.
template <class Lines, class Words>
EPOCH_INLINE void each(unsigned count, Lines lines, Words words) {
  const unsigned whole = count / kLanes;
  EPOCH_UNROLL
  for (unsigned i = 0; i < whole; ++i) lines(i * kLanes);
  for (unsigned i = whole * kLanes; i < count; ++i) words(i);
}

EPOCH_INLINE void multiply(float* made, const float* left, const float* right, unsigned count) {
  each(
      count, [&](unsigned i) { at(made + i) = at(left + i) * at(right + i); },
      [&](unsigned i) { made[i] = left[i] * right[i]; });
}
EPOCH_INLINE void add(float* made, const float* left, const float* right, unsigned count) {
  each(
      count, [&](unsigned i) { at(made + i) = at(left + i) + at(right + i); },
      [&](unsigned i) { made[i] = left[i] + right[i]; });
}
EPOCH_INLINE void subtract(float* made, const float* left, const float* right, unsigned count) {
  each(
      count, [&](unsigned i) { at(made + i) = at(left + i) - at(right + i); },
      [&](unsigned i) { made[i] = left[i] - right[i]; });
}

// An infinite sum becomes the largest finite number of its sign; returns how many did.
EPOCH_INLINE std::uint32_t saturating_add(float* made, const float* left, const float* right,
                                          unsigned count) {
  std::uint32_t saturated = 0;
  for (unsigned i = 0; i < count; ++i) {
    const std::uint32_t bits = bits_of_float(left[i] + right[i]);
    const std::uint32_t infinite = (bits & 0x7FFFFFFFu) == 0x7F800000u ? 1u : 0u;
    made[i] = float_of_bits(bits - infinite);
    saturated += infinite;
  }
  return saturated;
}

EPOCH_INLINE void fraction(float* made, const float* left, unsigned count) {
  for (unsigned i = 0; i < count; ++i) made[i] = left[i] - __builtin_rintf(left[i]);
}
EPOCH_INLINE void add_scaled(float* made, const float* left, const float* right,
                             const float* exponent, unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    made[i] = times_power_of_two(left[i] + right[i], __builtin_rintf(exponent[i]));
}
EPOCH_INLINE void exponential(float* made, const float* left, unsigned count) {
  for (unsigned i = 0; i < count; ++i) made[i] = exp_pe(left[i]);
}

// Type int8; each returns how many results were clamped.
EPOCH_INLINE std::uint64_t multiply_integers(float* made, const float* left, const float* right,
                                             unsigned shift, unsigned count) {
  std::uint64_t clamped = 0;
  for (unsigned i = 0; i < count; ++i)
    made[i] =
        word_of_int(shifted_product(int_of_word(left[i]), int_of_word(right[i]), shift, clamped));
  return clamped;
}
EPOCH_INLINE std::uint64_t add_integers(float* made, const float* left, const float* right,
                                        unsigned count) {
  std::uint64_t clamped = 0;
  for (unsigned i = 0; i < count; ++i)
    made[i] = word_of_int(clamped_sum(int_of_word(left[i]), int_of_word(right[i]), clamped));
  return clamped;
}
EPOCH_INLINE std::uint64_t subtract_integers(float* made, const float* left, const float* right,
                                             unsigned count) {
  std::uint64_t clamped = 0;
  for (unsigned i = 0; i < count; ++i)
    made[i] = word_of_int(clamped_difference(int_of_word(left[i]), int_of_word(right[i]), clamped));
  return clamped;
}

}  // namespace pe_operator

}  // namespace epoch
