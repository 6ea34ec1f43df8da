// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/soft_float.h"

#include <cmath>
#include <cstring>
#include <initializer_list>
#include <limits>

namespace soft {

namespace {

// Rounds an exact (or innocuously rounded) double to the format.
float round(double exact) {
  if (std::isnan(exact)) return from_bits(0x7FC00000u);
  if (std::isinf(exact) || exact == 0.0) return static_cast<float>(exact);
  int exponent = 0;
  const double mantissa = std::frexp(exact, &exponent);             // [1/2, 1)
  const double rounded = std::nearbyint(std::ldexp(mantissa, 24));  // ties to even
  const double value = std::ldexp(rounded, exponent - 24);
  if (std::fabs(value) < std::ldexp(1.0, -126)) return std::copysign(0.0f, value > 0 ? 1.f : -1.f);
  if (std::fabs(value) >= std::ldexp(1.0, 128))
    return std::copysign(std::numeric_limits<float>::infinity(), value > 0 ? 1.f : -1.f);
  return static_cast<float>(value);
}

double in(float value) {
  return static_cast<double>(flush(value));
}

}  // namespace

float from_bits(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

std::uint32_t to_bits(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

float flush(float value) {
  const std::uint32_t bits = to_bits(value);
  const std::uint32_t exponent = (bits >> 23) & 0xFFu, fraction = bits & 0x7FFFFFu;
  if (exponent == 0xFF && fraction != 0) return from_bits(0x7FC00000u);
  if (exponent == 0) return from_bits(bits & 0x80000000u);
  return value;
}

float add(float a, float b) {
  return round(in(a) + in(b));
}
float sub(float a, float b) {
  return round(in(a)-in(b));
}
float mul(float a, float b) {
  return round(in(a)*in(b));
}
float div(float a, float b) {
  return round(in(a) / in(b));
}

float exp_pe(float z) {
  const float t = mul(z, from_bits(0x3FB8AA3Bu));
  if (std::isnan(t) || std::isinf(t)) return from_bits(0x7FC00000u);
  const float whole = static_cast<float>(std::nearbyint(static_cast<double>(t)));
  const float f = sub(t, whole);
  float h = from_bits(0x3AAFBB4Au);
  for (std::uint32_t c : {0x3C1E76C9u, 0x3D635734u, 0x3E75FCD9u, 0x3F317219u, 0x3F800000u})
    h = add(mul(h, f), from_bits(c));
  const double exponent = std::fmax(-1000.0, std::fmin(1000.0, static_cast<double>(whole)));
  return round(std::ldexp(static_cast<double>(h), static_cast<int>(exponent)));
}

float sigmoid(float x) {
  x = flush(x);
  if (std::isnan(x)) return x;
  const float magnitude = std::fabs(x);
  const float e = magnitude > 104.0f ? 0.0f : exp_pe(-magnitude);
  return div(x >= 0.0f ? 1.0f : e, add(1.0f, e));
}

float gelu(float x) {
  x = flush(x);
  if (std::isnan(x)) return x;
  if (x < -14.0f) return -0.0f;
  const float a = std::fabs(x);
  const float z = mul(mul(x, x), -0.5f);
  const float e = z < -104.0f ? 0.0f : exp_pe(z);
  const float density = mul(e, 0.3989422804f);
  const float t = div(1.0f, add(1.0f, mul(0.2316419f, a)));
  float p = 1.330274429f;
  for (float b : {-1.821255978f, 1.781477937f, -0.356563782f, 0.319381530f}) p = add(mul(p, t), b);
  const float tail = mul(density, mul(p, t));
  return mul(x, x < 0.0f ? tail : sub(1.0f, tail));
}

float silu(float x) {
  x = flush(x);
  if (std::isnan(x)) return x;
  x = std::fmax(x, -104.0f);
  return mul(x, sigmoid(x));
}

float gelu_tanh(float x) {
  x = flush(x);
  if (std::isnan(x)) return x;
  x = std::fmax(x, -14.0f);
  // 2 sqrt(2/pi) and that times 0.044715
  const float k = add(mul(mul(x, x), 0.0713548162726f), 1.59576912161f);
  return mul(x, sigmoid(mul(x, k)));
}

float relu(float x) {
  x = flush(x);
  if (std::isnan(x)) return x;
  return x < 0.0f ? 0.0f : x;
}

float tanh(float x) {
  x = flush(x);
  if (std::isnan(x)) return x;
  const float a = std::fabs(x);
  if (a < 0.3125f) {
    const float t = mul(x, x);
    float p = static_cast<float>(62.0 / 2835);
    for (double c : {-17.0 / 315, 2.0 / 15, -1.0 / 3}) p = add(mul(p, t), static_cast<float>(c));
    return add(x, mul(x, mul(t, p)));
  }
  const float z = mul(a, -2.0f);
  const float e = z < -104.0f ? 0.0f : exp_pe(z);
  return std::copysign(div(sub(1.0f, e), add(1.0f, e)), x);
}

float softplus(float x) {
  x = flush(x);
  if (std::isnan(x)) return x;
  const float a = std::fabs(x);
  const float y = a > 104.0f ? 0.0f : exp_pe(-a);
  const float s = div(y, add(2.0f, y)), t = mul(s, s);
  float p = static_cast<float>(1.0 / 13);
  for (int odd : {11, 9, 7, 5, 3, 1}) p = add(mul(p, t), static_cast<float>(1.0 / odd));
  return add(x < 0.0f ? 0.0f : x, mul(add(s, s), p));
}

float exponential(float x) {
  x = flush(x);
  if (std::isnan(x)) return x;
  return exp_pe(std::fmin(std::fmax(x, -104.0f), 104.0f));
}

}  // namespace soft
