// SPDX-License-Identifier: Apache-2.0
//
// Each operation computes its exact result as sign * significand * 2^exponent, where bits too far
// right to matter are or-ed into bit 0 ("jammed"), and leaves rounding and packing to pack().
#include "cpu/soft_float.h"

#include <algorithm>
#include <utility>

namespace epoch::f32 {
namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;
__extension__ using u128 = unsigned __int128;

constexpr u32 kSign = 0x80000000u;
constexpr u32 kInfinity = 0x7f800000u;
constexpr u32 kGreatest = 0x7f7fffffu;
constexpr u32 kQuiet = 0x00400000u;
constexpr u32 kFraction = 0x007fffffu;
constexpr u32 kHidden = 0x00800000u;
constexpr int kLeastExponent = -149;  // of the last place of a subnormal

constexpr bool is_nan(u32 a) {
  return (a & ~kSign) > kInfinity;
}
constexpr bool is_signalling(u32 a) {
  return is_nan(a) && (a & kQuiet) == 0;
}
constexpr bool is_infinite(u32 a) {
  return (a & ~kSign) == kInfinity;
}
constexpr bool is_zero(u32 a) {
  return (a & ~kSign) == 0;
}
constexpr bool is_negative(u32 a) {
  return (a & kSign) != 0;
}
constexpr u32 sign_of(bool negative) {
  return negative ? kSign : 0;
}

constexpr Result exact(u32 bits) {
  return {bits, 0};
}
constexpr Result nan_of_invalid() {
  return {canonical_nan, invalid};
}
constexpr Result nan_from(u32 a, u32 b = 0, u32 c = 0) {
  const bool signalling = is_signalling(a) || is_signalling(b) || is_signalling(c);
  return {canonical_nan, signalling ? invalid : 0};
}

// |a| = significand * 2^exponent, of a finite a.
struct Magnitude {
  u32 significand;
  int exponent;
};

Magnitude magnitude(u32 a) {
  const u32 field = (a & ~kSign) >> 23;
  if (field == 0) return {a & kFraction, kLeastExponent};
  return {(a & kFraction) | kHidden, static_cast<int>(field) - 1 + kLeastExponent};
}

// With bit 23 set; a is not zero.
Magnitude normalized(u32 a) {
  Magnitude m = magnitude(a);
  while (m.significand < kHidden) {
    m.significand <<= 1;
    --m.exponent;
  }
  return m;
}

template <typename T>
constexpr T shift_right_jam(T value, int by) {
  if (by == 0) return value;
  if (by >= static_cast<int>(8 * sizeof(T))) return value != 0 ? 1 : 0;
  const T kept = value >> by;
  return kept | static_cast<T>((kept << by) != value ? 1 : 0);
}

// value / 2^drop rounded to an integer (1 <= drop <= 63).
struct Rounded {
  u64 value;
  bool inexact;
};

Rounded round_off(u64 value, int drop, bool negative, Rounding rounding) {
  const u64 quotient = value >> drop;
  const u64 rest = value - (quotient << drop);
  const u64 half = u64{1} << (drop - 1);
  bool away = false;
  switch (rounding) {
    case Rounding::nearest_even:
      away = rest > half || (rest == half && (quotient & 1) != 0);
      break;
    case Rounding::to_zero:
      break;
    case Rounding::down:
      away = negative && rest != 0;
      break;
    case Rounding::up:
      away = !negative && rest != 0;
      break;
    case Rounding::nearest_max_magnitude:
      away = rest >= half;
      break;
  }
  return {quotient + (away ? 1 : 0), rest != 0};
}

Result overflowed(bool negative, Rounding rounding) {
  const bool to_greatest =
      rounding == Rounding::to_zero || rounding == (negative ? Rounding::up : Rounding::down);
  return {sign_of(negative) | (to_greatest ? kGreatest : kInfinity), overflow | inexact};
}

// Rounds significand * 2^exponent; the significand is not zero.
Result pack(bool negative, u64 significand, int exponent, Rounding rounding) {
  const int leading_zeros = __builtin_clzll(significand);
  significand <<= leading_zeros;
  exponent -= leading_zeros;
  constexpr int drop = 64 - 24;
  const int biased = exponent + drop - kLeastExponent + 1;  // of a normal result
  if (biased >= 255) return overflowed(negative, rounding);
  if (biased >= 1) {
    const Rounded r = round_off(significand, drop, negative, rounding);
    // The hidden bit counts as one in the exponent, and so does a carry out of rounding.
    const u32 bits = (static_cast<u32>(biased - 1) << 23) + static_cast<u32>(r.value);
    if (bits >= kInfinity) return overflowed(negative, rounding);
    return {sign_of(negative) | bits, r.inexact ? inexact : 0};
  }
  // Tiny, unless rounding to 24 bits reaches the least normal number.
  const bool tiny =
      biased < 0 || round_off(significand, drop, negative, rounding).value < (u64{2} << 23);
  const int more = std::min(1 - biased, 64);
  const Rounded r = round_off(shift_right_jam(significand, more), drop, negative, rounding);
  const u32 flags = r.inexact ? inexact | (tiny ? underflow : 0) : 0;
  return {sign_of(negative) | static_cast<u32>(r.value), flags};
}

Result pack_wide(bool negative, u128 significand, int exponent, Rounding rounding) {
  while (significand >> 64 != 0) {
    significand = shift_right_jam(significand, 8);
    exponent += 8;
  }
  return pack(negative, static_cast<u64>(significand), exponent, rounding);
}

struct Term {
  bool negative;
  u128 significand;
  int exponent;
};

// The two leading bits lie at bit 110 to 113, so that a shift by more than the bits below them
// leaves nothing to cancel but one or two places: what was jammed stays right of the rounding
// point.
Result sum(Term a, Term b, Rounding rounding) {
  if (a.exponent < b.exponent) std::swap(a, b);
  b.significand = shift_right_jam(b.significand, a.exponent - b.exponent);
  if (a.negative == b.negative) {
    return pack_wide(a.negative, a.significand + b.significand, a.exponent, rounding);
  }
  if (a.significand == b.significand) return exact(sign_of(rounding == Rounding::down));
  const bool first = a.significand > b.significand;
  const u128 difference = first ? a.significand - b.significand : b.significand - a.significand;
  return pack_wide(first ? a.negative : b.negative, difference, a.exponent, rounding);
}

Term term(u32 a) {
  const Magnitude m = normalized(a);
  return {is_negative(a), static_cast<u128>(m.significand) << 88, m.exponent - 88};
}

Result sum_with_zero(u32 a, u32 b, Rounding rounding) {
  if (!is_zero(a)) return exact(a);
  if (!is_zero(b)) return exact(b);
  return exact(a == b ? a : sign_of(rounding == Rounding::down));
}

u64 integer_square_root(u64 value) {
  u64 root = 0;
  for (u64 bit = u64{1} << 31; bit != 0; bit >>= 1) {
    if ((root + bit) * (root + bit) <= value) root += bit;
  }
  return root;
}

Result to_integer(u32 a, Rounding rounding, u64 most, u64 most_negative) {
  const bool negative = is_negative(a) && !is_nan(a);
  const Result saturated{negative ? static_cast<u32>(0 - most_negative) : static_cast<u32>(most),
                         invalid};
  if (is_nan(a) || is_infinite(a)) return saturated;
  const Magnitude m = magnitude(a);
  if (m.exponent > 8) return saturated;
  Rounded r{};
  if (m.exponent >= 0) {
    r = {u64{m.significand} << m.exponent, false};
  } else {
    // 24 bits above 32 fractional ones; what lies further right is less than half.
    const u64 fixed = shift_right_jam(u64{m.significand} << 32, -m.exponent);
    r = round_off(fixed, 32, negative, rounding);
  }
  if (r.value > (negative ? most_negative : most)) return saturated;
  const u32 value = static_cast<u32>(r.value);
  return {negative ? 0 - value : value, r.inexact ? inexact : 0};
}

bool is_less(u32 a, u32 b) {
  if (is_zero(a) && is_zero(b)) return false;
  if (is_negative(a) != is_negative(b)) return is_negative(a);
  return is_negative(a) ? a > b : a < b;
}

Result smaller_or_larger(u32 a, u32 b, bool smaller) {
  const u32 flags = is_signalling(a) || is_signalling(b) ? invalid : 0;
  if (is_nan(a)) return {is_nan(b) ? canonical_nan : b, flags};
  if (is_nan(b)) return {a, flags};
  // Here -0 is less than +0.
  const bool a_first = is_less(a, b) || (is_zero(a) && is_zero(b) && is_negative(a));
  return {a_first == smaller ? a : b, flags};
}

}  // namespace

Result add(u32 a, u32 b, Rounding rounding) {
  if (is_nan(a) || is_nan(b)) return nan_from(a, b);
  if (is_infinite(a)) {
    return is_infinite(b) && a != b ? nan_of_invalid() : exact(a);
  }
  if (is_infinite(b)) return exact(b);
  if (is_zero(a) || is_zero(b)) return sum_with_zero(a, b, rounding);
  return sum(term(a), term(b), rounding);
}

Result subtract(u32 a, u32 b, Rounding rounding) {
  return is_nan(b) ? nan_from(a, b) : add(a, b ^ kSign, rounding);
}

Result multiply(u32 a, u32 b, Rounding rounding) {
  if (is_nan(a) || is_nan(b)) return nan_from(a, b);
  const bool negative = is_negative(a) != is_negative(b);
  if (is_infinite(a) || is_infinite(b)) {
    return is_zero(a) || is_zero(b) ? nan_of_invalid() : exact(sign_of(negative) | kInfinity);
  }
  if (is_zero(a) || is_zero(b)) return exact(sign_of(negative));
  const Magnitude ma = normalized(a), mb = normalized(b);
  return pack(negative, u64{ma.significand} * mb.significand, ma.exponent + mb.exponent, rounding);
}

Result multiply_add(u32 a, u32 b, u32 c, Rounding rounding) {
  const bool undefined = (is_infinite(a) && is_zero(b)) || (is_zero(a) && is_infinite(b));
  if (undefined) return nan_of_invalid();  // even if c is a quiet NaN
  if (is_nan(a) || is_nan(b) || is_nan(c)) return nan_from(a, b, c);
  const bool negative = is_negative(a) != is_negative(b);
  if (is_infinite(a) || is_infinite(b)) {
    const bool opposed = is_infinite(c) && is_negative(c) != negative;
    return opposed ? nan_of_invalid() : exact(sign_of(negative) | kInfinity);
  }
  if (is_infinite(c)) return exact(c);
  if (is_zero(a) || is_zero(b)) return sum_with_zero(sign_of(negative), c, rounding);
  if (is_zero(c)) return multiply(a, b, rounding);
  const Magnitude ma = normalized(a), mb = normalized(b);
  const u128 product = u64{ma.significand} * mb.significand;
  return sum({negative, product << 64, ma.exponent + mb.exponent - 64}, term(c), rounding);
}

Result divide(u32 a, u32 b, Rounding rounding) {
  if (is_nan(a) || is_nan(b)) return nan_from(a, b);
  const u32 sign = sign_of(is_negative(a) != is_negative(b));
  if (is_infinite(a)) return is_infinite(b) ? nan_of_invalid() : exact(sign | kInfinity);
  if (is_infinite(b)) return exact(sign);
  if (is_zero(b)) {
    return is_zero(a) ? nan_of_invalid() : Result{sign | kInfinity, divide_by_zero};
  }
  if (is_zero(a)) return exact(sign);
  const Magnitude ma = normalized(a), mb = normalized(b);
  const u64 dividend = u64{ma.significand} << 40;
  const u64 quotient = dividend / mb.significand;
  const u64 jammed = quotient | (dividend % mb.significand != 0 ? 1 : 0);
  return pack(sign != 0, jammed, ma.exponent - 40 - mb.exponent, rounding);
}

Result square_root(u32 a, Rounding rounding) {
  if (is_nan(a)) return nan_from(a);
  if (is_zero(a)) return exact(a);
  if (is_negative(a)) return nan_of_invalid();
  if (is_infinite(a)) return exact(a);
  const Magnitude m = normalized(a);
  const int shift = m.exponent % 2 == 0 ? 38 : 39;  // an even exponent remains
  const u64 radicand = u64{m.significand} << shift;
  const u64 root = integer_square_root(radicand);
  const u64 jammed = root << 1 | (root * root != radicand ? 1 : 0);
  return pack(false, jammed, (m.exponent - shift) / 2 - 1, rounding);
}

Result minimum(u32 a, u32 b) {
  return smaller_or_larger(a, b, true);
}

Result maximum(u32 a, u32 b) {
  return smaller_or_larger(a, b, false);
}

Result equal(u32 a, u32 b) {
  if (is_nan(a) || is_nan(b)) return {0, nan_from(a, b).flags};
  return exact(a == b || (is_zero(a) && is_zero(b)) ? 1 : 0);
}

Result less(u32 a, u32 b) {
  if (is_nan(a) || is_nan(b)) return {0, invalid};
  return exact(is_less(a, b) ? 1 : 0);
}

Result less_or_equal(u32 a, u32 b) {
  if (is_nan(a) || is_nan(b)) return {0, invalid};
  return exact(is_less(b, a) ? 0 : 1);
}

u32 classify(u32 a) {
  if (is_nan(a)) return is_signalling(a) ? 1u << 8 : 1u << 9;
  const bool subnormal = (a & kInfinity) == 0;
  const unsigned size = is_zero(a) ? 0 : subnormal ? 1 : is_infinite(a) ? 3 : 2;
  return is_negative(a) ? 1u << (3 - size) : 1u << (4 + size);
}

Result to_signed(u32 a, Rounding rounding) {
  return to_integer(a, rounding, 0x7fffffffu, 0x80000000u);
}

Result to_unsigned(u32 a, Rounding rounding) {
  return to_integer(a, rounding, 0xffffffffu, 0);
}

Result from_signed(u32 value, Rounding rounding) {
  if ((value & kSign) == 0) return from_unsigned(value, rounding);
  return pack(true, 0 - value, 0, rounding);
}

Result from_unsigned(u32 value, Rounding rounding) {
  return value == 0 ? exact(0) : pack(false, value, 0, rounding);
}

}  // namespace epoch::f32
