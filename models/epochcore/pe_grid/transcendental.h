// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

namespace epoch {

// The accelerator's transcendental functions: the one scalar definition that drain pipeline and
// vector unit compute, each operation rounded to fp32 (no FMA), under FlushToZero. Inlined into
// kernels so that loops over them vectorise; the bits do not depend on that. Errors: README.md.
#define EPOCH_DEFINITION inline __attribute__((always_inline))

EPOCH_DEFINITION float float_of_bits(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

EPOCH_DEFINITION std::uint32_t bits_of_float(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// 2^k for k in [-126, 127].
EPOCH_DEFINITION float power_of_two(std::int32_t k) {
  return float_of_bits(static_cast<std::uint32_t>(k + 127) << 23);
}

// e^z as the specification's exp_pe: 2^t by a polynomial on [-1/2, 1/2]; an infinite z*log2(e)
// gives NaN.
EPOCH_DEFINITION float exp_pe(float z) {
  const float t = z * float_of_bits(0x3FB8AA3Bu);  // log2(e)
  const float whole = __builtin_rintf(t);
  const float f = t - whole;
  float h = float_of_bits(0x3AAFBB4Au);
  h = h * f + float_of_bits(0x3C1E76C9u);
  h = h * f + float_of_bits(0x3D635734u);
  h = h * f + float_of_bits(0x3E75FCD9u);
  h = h * f + float_of_bits(0x3F317219u);
  h = h * f + float_of_bits(0x3F800000u);
  // h * 2^whole in two exact factors: h is in (1/2, 2), so outside [-127, 129] the result is 0 or
  // infinite as at the ends. A NaN takes any factor.
  const float low = whole > -127.0f ? whole : -127.0f;
  const std::int32_t k = static_cast<std::int32_t>(low < 129.0f ? low : 129.0f);
  const std::int32_t first = k < -126 ? -126 : (k > 127 ? 127 : k);
  return h * power_of_two(first) * power_of_two(k - first);
}

// exp_pe for arguments that may be -Inf: below -104 e^z is flushed anyway.
EPOCH_DEFINITION float exp_of_negative(float z) {
  return exp_pe(z < -104.0f ? -104.0f : z);
}

// 1 / (1 + e^-x), from e^-|x| so that nothing overflows.
EPOCH_DEFINITION float sigmoid(float x) {
  const float e = exp_of_negative(-float_of_bits(bits_of_float(x) & 0x7FFFFFFFu));
  return (x >= 0.0f ? 1.0f : e) / (1.0f + e);
}

// GELU(x) = x * Phi(x), the erf form, with Phi by Abramowitz & Stegun, Handbook of Mathematical
// Functions, 26.2.17: 1 - Phi(a) = density(a) * p(t), t = 1 / (1 + 0.2316419 a), a >= 0.
EPOCH_DEFINITION float gelu(float x) {
  x = x < -14.0f ? -14.0f : x;  // Phi is flushed from -13.2 down; -Inf must not meet it
  const float a = float_of_bits(bits_of_float(x) & 0x7FFFFFFFu);
  const float density =
      exp_of_negative((x * x) * -0.5f) * float_of_bits(0x3ECC422Au);  // /sqrt(2 pi)
  const float t = 1.0f / (1.0f + float_of_bits(0x3E6D3389u) * a);     // 0.2316419
  float p = float_of_bits(0x3FAA466Fu);                               // 1.330274429
  p = p * t + float_of_bits(0xBFE91EEAu);                             // -1.821255978
  p = p * t + float_of_bits(0x3FE40778u);                             // 1.781477937
  p = p * t + float_of_bits(0xBEB68F87u);                             // -0.356563782
  p = p * t + float_of_bits(0x3EA385FAu);                             // 0.319381530
  const float tail = density * (p * t);
  return x * (x < 0.0f ? tail : 1.0f - tail);
}

#undef EPOCH_DEFINITION

}  // namespace epoch
