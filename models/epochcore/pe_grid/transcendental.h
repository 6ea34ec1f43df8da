// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "epochcore/pe_grid/number_format.h"

namespace epoch {

// The accelerator's transcendental functions: the one scalar definition that PEs, drain pipeline
// and vector unit compute, each operation rounded to fp32 (no FMA), under FlushToZero. Inlined into
// kernels so that loops over them vectorise; the bits do not depend on that. Errors: README.md.
#define EPOCH_DEFINITION inline __attribute__((always_inline))

EPOCH_DEFINITION float magnitude(float x) {
  return float_of_bits(bits_of_float(x) & 0x7FFFFFFFu);
}
EPOCH_DEFINITION float with_sign_of(float x, float sign) {
  return float_of_bits(bits_of_float(x) | (bits_of_float(sign) & 0x80000000u));
}

// 2^k for k in [-126, 127].
EPOCH_DEFINITION float power_of_two(std::int32_t k) {
  return float_of_bits(static_cast<std::uint32_t>(k + 127) << 23);
}

// h * 2^whole, whole an integer and h in (1/2, 2), in two exact factors: outside [-127, 129] the
// result is 0 or infinite as at the ends. A NaN takes any factor.
EPOCH_DEFINITION float times_power_of_two(float h, float whole) {
  const float low = whole > -127.0f ? whole : -127.0f;
  const std::int32_t k = static_cast<std::int32_t>(low < 129.0f ? low : 129.0f);
  const std::int32_t first = k < -126 ? -126 : (k > 127 ? 127 : k);
  return h * power_of_two(first) * power_of_two(k - first);
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
  return times_power_of_two(h, whole);
}

// exp_pe for arguments that may be -Inf: below -104 e^z is flushed anyway.
EPOCH_DEFINITION float exp_of_negative(float z) {
  return exp_pe(z < -104.0f ? -104.0f : z);
}

// e^x for any x; from 104 on it is infinite.
EPOCH_DEFINITION float exponential(float x) {
  return exp_of_negative(x > 104.0f ? 104.0f : x);
}

// 1 / (1 + e^-x), from e^-|x| so that nothing overflows.
EPOCH_DEFINITION float sigmoid(float x) {
  const float e = exp_of_negative(-magnitude(x));
  return (x >= 0.0f ? 1.0f : e) / (1.0f + e);
}

// GELU(x) = x * Phi(x), the erf form, with Phi by Abramowitz & Stegun, Handbook of Mathematical
// Functions, 26.2.17: 1 - Phi(a) = density(a) * p(t), t = 1 / (1 + 0.2316419 a), a >= 0.
EPOCH_DEFINITION float gelu(float x) {
  x = x < -14.0f ? -14.0f : x;  // Phi is flushed from -13.2 down; -Inf must not meet it
  const float a = magnitude(x);
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

// x * sigmoid(x). -Inf must not meet a sigmoid of 0.
EPOCH_DEFINITION float silu(float x) {
  x = x < -104.0f ? -104.0f : x;
  return x * sigmoid(x);
}

// GELU by tanh, x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), which is x * sigmoid of twice that.
EPOCH_DEFINITION float gelu_tanh(float x) {
  x = x < -14.0f ? -14.0f : x;  // as gelu
  const float k = (x * x) * float_of_bits(0x3D922279u) + float_of_bits(0x3FCC422Au);
  return x * sigmoid(x * k);
}

// tanh: its series to x^9 near 0, where 1 - e would cancel; (1 - e^-2|x|) / (1 + e^-2|x|)
// elsewhere.
EPOCH_DEFINITION float tanh(float x) {
  const float t = x * x;
  float p = float_of_bits(0x3CB327A4u);    // 62/2835
  p = p * t + float_of_bits(0xBD5D0DD1u);  // -17/315
  p = p * t + float_of_bits(0x3E088889u);  // 2/15
  p = p * t + float_of_bits(0xBEAAAAABu);  // -1/3
  const float near = x + x * (t * p);
  const float e = exp_of_negative(magnitude(x) * -2.0f);
  const float far = with_sign_of((1.0f - e) / (1.0f + e), x);
  return magnitude(x) < 0.3125f ? near : far;
}

// log(1 + y), y in [0, 1]: 2 atanh(s), s = y / (2 + y), by its series to s^13.
EPOCH_DEFINITION float log1p_of_unit(float y) {
  const float s = y / (2.0f + y), t = s * s;
  float p = float_of_bits(0x3D9D89D9u);    // 1/13
  p = p * t + float_of_bits(0x3DBA2E8Cu);  // 1/11
  p = p * t + float_of_bits(0x3DE38E39u);  // 1/9
  p = p * t + float_of_bits(0x3E124925u);  // 1/7
  p = p * t + float_of_bits(0x3E4CCCCDu);  // 1/5
  p = p * t + float_of_bits(0x3EAAAAABu);  // 1/3
  p = p * t + 1.0f;
  return (s + s) * p;
}

// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)
EPOCH_DEFINITION float softplus(float x) {
  return (x < 0.0f ? 0.0f : x) + log1p_of_unit(exp_of_negative(-magnitude(x)));
}

EPOCH_DEFINITION float relu(float x) {
  return x < 0.0f ? 0.0f : x;
}

#undef EPOCH_DEFINITION

}  // namespace epoch
