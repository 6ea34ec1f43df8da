// SPDX-License-Identifier: Apache-2.0
//
// The integer-only arithmetic against the host's floating-point unit: results and flags in the four
// rounding modes that it has, and the fifth (ties to the greater magnitude) by whether the exact
// result is a tie, which double precision decides.
#include <catch2/catch.hpp>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "cpu/soft_float.h"

namespace epoch::f32 {
namespace {

using u32 = std::uint32_t;

constexpr u32 kSeed = 20250613;
constexpr unsigned kRandomOperands = 400'000;
constexpr Rounding kModes[] = {Rounding::nearest_even, Rounding::to_zero, Rounding::down,
                               Rounding::up, Rounding::nearest_max_magnitude};

float as_float(u32 bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
u32 as_bits(float value) {
  u32 bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return std::isnan(value) ? canonical_nan : bits;
}

int host_mode(Rounding rounding) {
  switch (rounding) {
    case Rounding::to_zero:
      return FE_TOWARDZERO;
    case Rounding::down:
      return FE_DOWNWARD;
    case Rounding::up:
      return FE_UPWARD;
    default:
      return FE_TONEAREST;
  }
}

u32 host_flags() {
  const int raised = std::fetestexcept(FE_ALL_EXCEPT);
  return ((raised & FE_INEXACT) != 0 ? inexact : 0) |
         ((raised & FE_UNDERFLOW) != 0 ? underflow : 0) |
         ((raised & FE_OVERFLOW) != 0 ? overflow : 0) |
         ((raised & FE_DIVBYZERO) != 0 ? divide_by_zero : 0) |
         ((raised & FE_INVALID) != 0 ? invalid : 0);
}

struct Operation {
  std::string name;
  float (*host)(float, float, float);
  // Whether a op b (op c) is exactly this double.
  bool (*is_exactly)(double, double, double, double);
  Result (*tested)(u32, u32, u32, Rounding);
};

bool exact_sum(volatile double a, volatile double b, double expected) {
  std::feclearexcept(FE_ALL_EXCEPT);
  volatile double sum = a + b;
  return std::fetestexcept(FE_INEXACT) == 0 && sum == expected;
}
bool exact_fma(double a, double b, volatile double c, double expected) {
  volatile double product = a * b;  // 48 bits
  return exact_sum(product, c, expected);
}

const std::vector<Operation>& operations() {
  static const std::vector<Operation> table = {
      {"add", [](float a, float b, float) { return a + b; },
       [](double a, double b, double, double r) { return exact_sum(a, b, r); },
       [](u32 a, u32 b, u32, Rounding m) { return add(a, b, m); }},
      {"subtract", [](float a, float b, float) { return a - b; },
       [](double a, double b, double, double r) { return exact_sum(a, -b, r); },
       [](u32 a, u32 b, u32, Rounding m) { return subtract(a, b, m); }},
      {"multiply", [](float a, float b, float) { return a * b; },
       [](double a, double b, double, double r) { return a * b == r; },
       [](u32 a, u32 b, u32, Rounding m) { return multiply(a, b, m); }},
      {"multiply_add", [](float a, float b, float c) { return std::fma(a, b, c); },
       [](double a, double b, double c, double r) { return exact_fma(a, b, c, r); },
       [](u32 a, u32 b, u32 c, Rounding m) { return multiply_add(a, b, c, m); }},
      {"divide", [](float a, float b, float) { return a / b; },
       [](double a, double b, double, double r) { return r * b == a; },
       [](u32 a, u32 b, u32, Rounding m) { return divide(a, b, m); }},
      {"square_root", [](float a, float, float) { return std::sqrt(a); },
       [](double a, double, double, double r) { return r * r == a; },
       [](u32 a, u32, u32, Rounding m) { return square_root(a, m); }},
  };
  return table;
}

Result host_result(const Operation& operation, u32 a, u32 b, u32 c, int mode) {
  volatile float x = as_float(a), y = as_float(b), z = as_float(c);
  std::fesetround(mode);
  std::feclearexcept(FE_ALL_EXCEPT);
  volatile float result = operation.host(x, y, z);
  const u32 flags = host_flags();
  std::fesetround(FE_TONEAREST);
  return {as_bits(result), flags};
}

Result reference(const Operation& operation, u32 a, u32 b, u32 c, Rounding rounding) {
  const Result host = host_result(operation, a, b, c, host_mode(rounding));
  if (rounding != Rounding::nearest_max_magnitude || (host.flags & inexact) == 0) return host;
  // Inexact: the neighbours differ, and a tie is their mean. If one is infinite, ties are even.
  const float below = as_float(host_result(operation, a, b, c, FE_DOWNWARD).bits);
  const float above = as_float(host_result(operation, a, b, c, FE_UPWARD).bits);
  if (std::isinf(below) || std::isinf(above)) return host;
  const double middle = (static_cast<double>(below) + static_cast<double>(above)) / 2;
  if (!operation.is_exactly(as_float(a), as_float(b), as_float(c), middle)) return host;
  return {as_bits(std::fabs(below) > std::fabs(above) ? below : above), host.flags};
}

const std::vector<u32>& specials() {
  static const std::vector<u32> table = [] {
    std::vector<u32> words = {
        0x00000000, 0x00000001, 0x00000002, 0x00000003, 0x00400000, 0x007ffffe, 0x007fffff,
        0x00800000, 0x00800001, 0x00ffffff, 0x01000000, 0x3effffff, 0x3f000000, 0x3f000001,
        0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fc00000, 0x40000000, 0x4b000000, 0x4b7fffff,
        0x4b800000, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000, 0x7effffff, 0x7f000000,
        0x7f7ffffe, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fbfffff, 0x7fc00000, 0x7fffffff,
        0x33800000, 0x34000000, 0x33000000};
    const std::size_t count = words.size();
    for (std::size_t n = 0; n < count; ++n) words.push_back(words[n] | 0x80000000u);
    return words;
  }();
  return table;
}

// Any bits; few significant bits, so that ties and exact results are common; special values; and
// exponents close to a first operand's, where additions cancel.
class OperandSource {
 public:
  u32 next(u32 near) {
    const u32 bits = static_cast<u32>(random_());
    switch (random_() % 6) {
      case 0:
        return bits;
      case 1:
        return bits & 0xff9c0000u;
      case 2:
        return (bits & 0x807fffffu) | ((near & 0x7f800000u) + ((bits >> 24 & 3) << 23));
      case 3:
        return specials()[bits % specials().size()];
      case 4:
        return (bits & 0x8000ffffu) | (bits >> 16 & 63) << 23;
      default:
        return (bits & 0x80ffffffu) | (96 + (bits >> 24 & 63)) << 23;
    }
  }

 private:
  std::mt19937 random_{kSeed};
};

// The multiplicands of an undefined product are invalid even beside a quiet NaN; hosts differ
// there.
bool host_may_differ(const Operation& operation, u32 a, u32 b, u32 c) {
  const float product = as_float(a) * as_float(b);
  return operation.name == "multiply_add" && std::isnan(product) && std::isnan(as_float(c));
}

void check(const Operation& operation, u32 a, u32 b, u32 c) {
  if (host_may_differ(operation, a, b, c)) return;
  for (const Rounding rounding : kModes) {
    const Result expected = reference(operation, a, b, c, rounding);
    const Result got = operation.tested(a, b, c, rounding);
    if (got.bits == expected.bits && got.flags == expected.flags) continue;
    INFO(operation.name << std::hex << " a " << a << " b " << b << " c " << c << " mode "
                        << static_cast<int>(rounding) << " seed " << std::dec << kSeed);
    INFO(std::hex << "got " << got.bits << " flags " << got.flags << ", expected " << expected.bits
                  << " flags " << expected.flags);
    REQUIRE(false);
  }
}

TEST_CASE("arithmetic on all pairs of special values equals the host's, flags included") {
  for (const Operation& operation : operations()) {
    for (const u32 a : specials()) {
      for (const u32 b : specials())
        check(operation, a, b, specials()[(a ^ b) % specials().size()]);
    }
  }
  const Operation& fma = operations()[3];
  for (const u32 a : specials()) {
    for (const u32 c : specials()) check(fma, a, 0x3f800001, c);
  }
  CHECK(operations().size() == 6);
}

TEST_CASE("arithmetic on random operands equals the host's, flags included") {
  OperandSource source;
  for (unsigned n = 0; n < kRandomOperands; ++n) {
    const u32 a = source.next(0x3f800000), b = source.next(a);
    const u32 product = multiply(a, b, Rounding::nearest_even).bits;
    const u32 c = source.next(product);
    for (const Operation& operation : operations()) check(operation, a, b, c);
  }
  SUCCEED();
}

TEST_CASE("infinity times zero is invalid whatever is added") {
  for (const u32 nan : {0x7fc00000u, 0xffc12345u, 0x7f800001u}) {
    for (const Rounding rounding : kModes) {
      for (const auto& [a, b] : {std::pair<u32, u32>{0x7f800000, 0}, {0x80000000, 0xff800000}}) {
        const Result result = multiply_add(a, b, nan, rounding);
        CHECK(result.bits == canonical_nan);
        CHECK(result.flags == invalid);
      }
    }
  }
}

// An independent rounding to an integer, in double precision, which holds every single exactly.
double rounded_double(double value, Rounding rounding) {
  switch (rounding) {
    case Rounding::to_zero:
      return std::trunc(value);
    case Rounding::down:
      return std::floor(value);
    case Rounding::up:
      return std::ceil(value);
    case Rounding::nearest_max_magnitude:
      return std::round(value);
    default:
      return std::nearbyint(value);
  }
}

Result integer_reference(u32 a, Rounding rounding, double least, double most) {
  const double value = static_cast<double>(as_float(a));
  const auto word = [](double integer) {
    return static_cast<u32>(static_cast<std::int64_t>(integer));
  };
  if (std::isnan(value)) return {word(most), invalid};
  const double integer = rounded_double(value, rounding);
  if (integer < least) return {word(least), invalid};
  if (integer > most) return {word(most), invalid};
  return {word(integer), integer != value ? inexact : 0};
}

void check_conversions(u32 a) {
  for (const Rounding rounding : kModes) {
    CAPTURE(std::hex, a, static_cast<int>(rounding), kSeed);
    const Result to_int = to_signed(a, rounding);
    const Result int_expected = integer_reference(a, rounding, -2147483648.0, 2147483647.0);
    REQUIRE(to_int.bits == int_expected.bits);
    REQUIRE(to_int.flags == int_expected.flags);
    const Result to_word = to_unsigned(a, rounding);
    const Result word_expected = integer_reference(a, rounding, 0.0, 4294967295.0);
    REQUIRE(to_word.bits == word_expected.bits);
    REQUIRE(to_word.flags == word_expected.flags);
  }
}

// The five roundings of an integer to 24 significant bits, by integer division.
Result single_reference(std::int64_t value, Rounding rounding) {
  if (value == 0) return {0, 0};
  const bool negative = value < 0;
  std::int64_t magnitude = negative ? -value : value;
  std::int64_t unit = 1;
  while (magnitude / unit >= (1 << 24)) unit *= 2;
  const std::int64_t rest = magnitude % unit;
  magnitude -= rest;
  bool away = false;
  if (rounding == Rounding::up) away = !negative && rest != 0;
  if (rounding == Rounding::down) away = negative && rest != 0;
  if (rounding == Rounding::nearest_max_magnitude) away = 2 * rest >= unit && rest != 0;
  if (rounding == Rounding::nearest_even) {
    away = 2 * rest > unit || (rest != 0 && 2 * rest == unit && magnitude / unit % 2 != 0);
  }
  if (away) magnitude += unit;
  const float single = static_cast<float>(magnitude);  // exact
  return {as_bits(negative ? -single : single), rest != 0 ? inexact : 0};
}

void check_from_integers(u32 word) {
  for (const Rounding rounding : kModes) {
    CAPTURE(word, static_cast<int>(rounding), kSeed);
    const auto value = static_cast<std::int64_t>(word);
    const Result from_word = from_unsigned(word, rounding);
    REQUIRE(from_word.bits == single_reference(value, rounding).bits);
    REQUIRE(from_word.flags == single_reference(value, rounding).flags);
    const std::int64_t integer = value - (word >= 0x80000000u ? 0x100000000LL : 0);
    const Result from_int = from_signed(word, rounding);
    REQUIRE(from_int.bits == single_reference(integer, rounding).bits);
    REQUIRE(from_int.flags == single_reference(integer, rounding).flags);
  }
}

TEST_CASE("conversions between integers and singles, in all modes") {
  for (const u32 a : specials()) {
    check_conversions(a);
    check_from_integers(a);
  }
  OperandSource source;
  std::mt19937 random(kSeed);
  for (unsigned n = 0; n < 50'000; ++n) {
    check_conversions(source.next(0x4f000000));
    check_conversions((source.next(0) & 0x80ffffffu) | (120 + n % 44) << 23);
    check_from_integers(static_cast<u32>(random()) >> n % 32);
    check_from_integers(0 - (static_cast<u32>(random()) >> n % 32));
  }
}

TEST_CASE("comparisons, minimum and maximum") {
  const auto signalling = [](u32 a) {
    return (a & 0x7fffffffu) > 0x7f800000u && (a & 0x00400000u) == 0;
  };
  for (const u32 a : specials()) {
    for (const u32 b : specials()) {
      CAPTURE(a, b);
      const float x = as_float(a), y = as_float(b);
      const bool unordered = std::isnan(x) || std::isnan(y);
      const u32 quiet = signalling(a) || signalling(b) ? invalid : 0;
      CHECK(equal(a, b).bits == (x == y ? 1u : 0u));
      CHECK(equal(a, b).flags == quiet);
      CHECK(less(a, b).bits == (std::isless(x, y) ? 1u : 0u));
      CHECK(less(a, b).flags == (unordered ? invalid : 0));
      CHECK(less_or_equal(a, b).bits == (std::islessequal(x, y) ? 1u : 0u));
      CHECK(less_or_equal(a, b).flags == (unordered ? invalid : 0));
      u32 low = a, high = b;
      if (std::isnan(x)) low = high = std::isnan(y) ? canonical_nan : b;
      if (!std::isnan(x) && std::isnan(y)) low = high = a;
      if (!unordered && (y < x || (x == y && std::signbit(y)))) std::swap(low, high);
      CHECK(minimum(a, b).bits == low);
      CHECK(maximum(a, b).bits == high);
      CHECK(minimum(a, b).flags == quiet);
      CHECK(maximum(a, b).flags == quiet);
    }
  }
}

TEST_CASE("every class has its own bit") {
  const u32 one_of_each[] = {0xff800000, 0xbf800000, 0x80000001, 0x80000000, 0x00000000,
                             0x007fffff, 0x3f800000, 0x7f800000, 0x7f800001, 0x7fc00000};
  for (unsigned n = 0; n < 10; ++n) CHECK(classify(one_of_each[n]) == 1u << n);
}

}  // namespace
}  // namespace epoch::f32
