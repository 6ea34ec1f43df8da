// SPDX-License-Identifier: Apache-2.0
#include "compiler/number_words.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

using namespace epoch;

namespace {

// What a bf16 word stands for, from its fields; the word behind the largest is 2^128, where
// rounding goes to infinity.
long double value_of(std::uint32_t magnitude) {
  const int exponent = static_cast<int>(magnitude >> 7);
  const auto fraction = static_cast<long double>(magnitude & 0x7Fu);
  return exponent == 0 ? std::ldexp(fraction, -133) : std::ldexp(128 + fraction, exponent - 134);
}

// The nearest word by bisection, of two equally near the even one.
std::uint32_t nearest(double value) {
  const long double magnitude = std::abs(value);
  std::uint32_t low = 0, high = 0x7F80;  // value_of(low) <= magnitude, value_of(high) above it
  if (magnitude >= value_of(high)) return (std::signbit(value) ? 0x8000u : 0) | high;
  while (high - low > 1) {
    const std::uint32_t middle = (low + high) / 2;
    (value_of(middle) <= magnitude ? low : high) = middle;
  }
  const long double below = magnitude - value_of(low), above = value_of(high) - magnitude;
  const bool up = above < below || (above == below && low % 2 != 0);
  return (std::signbit(value) ? 0x8000u : 0) | (up ? high : low);
}

}  // namespace

TEST_CASE("bf16_of rounds any float64 once, to nearest even") {
  const unsigned seed = 16;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> mantissa(-2, 2);
  std::uniform_int_distribution<int> exponent(-140, 129);
  std::size_t wrong = 0;
  for (unsigned i = 0; i < 200000; ++i) {
    const double value = std::ldexp(mantissa(random), exponent(random));
    wrong += bf16_of(value) != nearest(value);
  }
  CHECK(wrong == 0);
}

// Ties, and values that are a tie only once they have been rounded to fp32.
TEST_CASE("bf16_of: ties and their neighbours") {
  std::size_t wrong = 0;
  for (std::uint32_t word = 0; word < 0x7F80; ++word) {
    const double tie = static_cast<double>((value_of(word) + value_of(word + 1)) / 2);
    for (const double off : {0.0, 0x1p-52, -0x1p-52, 0x1p-30, -0x1p-30, 0x1p-24, -0x1p-24}) {
      const double value = tie * (1 + off);
      wrong += bf16_of(value) != nearest(value);
      wrong += bf16_of(-value) != nearest(-value);
    }
  }
  CHECK(wrong == 0);
  CHECK(bf16_of(1 + 0x1p-8) == 0x3F80);            // tie, to even
  CHECK(bf16_of(1 + 0x1p-8 + 0x1p-40) == 0x3F81);  // above it by what fp32 does not hold
}

TEST_CASE("words of a bf16 are widened exactly") {
  for (std::uint32_t word = 0; word < 0x7F80; ++word) {
    CHECK(widened(static_cast<std::uint16_t>(word)) == static_cast<double>(value_of(word)));
    CHECK(widened(static_cast<std::uint16_t>(word | 0x8000u)) ==
          -static_cast<double>(value_of(word)));
  }
}

TEST_CASE("pole_of: the word, and what the hardware computes with") {
  for (const NumberType type : {NumberType::fp32, NumberType::bf16})
    for (const bool real : {false, true}) {
      const Pole pole = pole_of(0.999, type, real);
      CHECK(pole.word == bits_of(0.999));
      CHECK(pole.value == static_cast<double>(0.999f));
    }
  SECTION("bf16d stores the real part's distance from 1") {
    const Pole re = pole_of(0.999, NumberType::bf16d, true);
    CHECK(re.word == nearest(0.999 - 1));
    CHECK(re.value == 1 + widened(static_cast<std::uint16_t>(re.word)));
    CHECK(std::abs(re.value - 0.999) <= 0.001 * 0x1p-8);
    const Pole im = pole_of(0.25 + 0x1p-12, NumberType::bf16d, false);
    CHECK(im.word == nearest(0.25 + 0x1p-12));
    CHECK(im.value == 0.25);
  }
  SECTION("int8 has 14 fraction bits in 16") {
    CHECK(pole_of(0.5, NumberType::int8, true).word == 0x2000u);
    CHECK(pole_of(-0.5, NumberType::int8, false).word == 0xE000u);
    CHECK(pole_of(0.5 + 0x1p-15, NumberType::int8, true).value == 0.5);  // tie, to even
    CHECK(pole_of(0.5 + 0x1.8p-14, NumberType::int8, true).value == 0.5 + 0x1p-13);
    CHECK(pole_of(3, NumberType::int8, true).value == 32767.0 / 16384);
    CHECK(pole_of(-3, NumberType::int8, true).word == 0x8000u);
    CHECK(pole_of(-3, NumberType::int8, true).value == -2);
  }
}
