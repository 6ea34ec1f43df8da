// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// Single precision arithmetic of the F extension (unprivileged specification, version 2.2) in
// integers only: results and flags do not depend on the host's rounding mode, flush-to-zero or
// NaNs. Every NaN result is the canonical one; tininess is detected after rounding.
namespace epoch::f32 {

// As encoded in frm.
enum class Rounding : std::uint8_t { nearest_even, to_zero, down, up, nearest_max_magnitude };

// As encoded in fflags.
constexpr std::uint32_t inexact = 1, underflow = 2, overflow = 4, divide_by_zero = 8, invalid = 16;

constexpr std::uint32_t canonical_nan = 0x7fc00000u;

struct Result {
  std::uint32_t bits = 0;
  std::uint32_t flags = 0;
};

Result add(std::uint32_t a, std::uint32_t b, Rounding rounding);
Result subtract(std::uint32_t a, std::uint32_t b, Rounding rounding);
Result multiply(std::uint32_t a, std::uint32_t b, Rounding rounding);
// a * b + c, rounded once.
Result multiply_add(std::uint32_t a, std::uint32_t b, std::uint32_t c, Rounding rounding);
Result divide(std::uint32_t a, std::uint32_t b, Rounding rounding);
Result square_root(std::uint32_t a, Rounding rounding);

Result minimum(std::uint32_t a, std::uint32_t b);
Result maximum(std::uint32_t a, std::uint32_t b);
Result equal(std::uint32_t a, std::uint32_t b);          // quiet: invalid for signalling NaNs only
Result less(std::uint32_t a, std::uint32_t b);           // invalid for every NaN
Result less_or_equal(std::uint32_t a, std::uint32_t b);  // likewise
std::uint32_t classify(std::uint32_t a);                 // FCLASS.S's mask

// Out of range and NaN: the nearest end of the range (NaN: the greatest), invalid, not inexact.
Result to_signed(std::uint32_t a, Rounding rounding);
Result to_unsigned(std::uint32_t a, Rounding rounding);
Result from_signed(std::uint32_t value, Rounding rounding);
Result from_unsigned(std::uint32_t value, Rounding rounding);

}  // namespace epoch::f32
