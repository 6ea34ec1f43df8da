// SPDX-License-Identifier: Apache-2.0
#include "compiler/number_words.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "epochcore/pe_grid/integer_arithmetic.h"

namespace epoch {
namespace {

constexpr double kPoleUnit = 1u << kPoleBits;

std::uint32_t bits(float value) {
  std::uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  return word;
}

// To odd: what the fp32 lacks stays visible in its last bit, and a second rounding is exact.
float rounded_to_odd(double value) {
  float near = static_cast<float>(value);
  if (static_cast<double>(near) == value || !std::isfinite(near)) return near;
  if (std::abs(static_cast<double>(near)) > std::abs(value)) near = std::nextafter(near, 0.0f);
  std::uint32_t word = bits(near) | 1u;
  std::memcpy(&near, &word, sizeof near);
  return near;
}

}  // namespace

float fp32_of(double value) {
  return static_cast<float>(value);
}

std::uint16_t bf16_of(double value) {
  const std::uint32_t word = bits(rounded_to_odd(value));
  return static_cast<std::uint16_t>((word + 0x7FFFu + ((word >> 16) & 1u)) >> 16);
}

double widened(std::uint16_t bf16) {
  const std::uint32_t word = std::uint32_t{bf16} << 16;
  float value;
  std::memcpy(&value, &word, sizeof value);
  return value;
}

std::uint32_t bits_of(double value) {
  return bits(fp32_of(value));
}

Pole pole_of(double value, NumberType type, bool real) {
  if (type == NumberType::bf16d) {
    const std::uint16_t word = bf16_of(real ? value - 1 : value);
    return {word, real ? 1 + widened(word) : widened(word)};
  }
  if (type == NumberType::int8) {
    const double integer = std::clamp(std::rint(value * kPoleUnit), -32768.0, 32767.0);
    return {static_cast<std::uint16_t>(static_cast<std::int16_t>(integer)), integer / kPoleUnit};
  }
  return {bits_of(value), fp32_of(value)};
}

}  // namespace epoch
