// SPDX-License-Identifier: Apache-2.0
#include "image/numbers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "epoch_image.h"

namespace epoch::test {
namespace {

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

double gelu(double x) {
  return x / 2 * std::erfc(-x * std::sqrt(0.5));
}

// Hendrycks and Gimpel, arXiv 1606.08415.
double gelu_tanh(double x) {
  return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
}

// To `digits` binary digits.
double rounded_to_digits(double x, int digits) {
  int exponent = 0;
  const double mantissa = std::frexp(x, &exponent);
  return std::ldexp(std::rint(std::ldexp(mantissa, digits)), exponent - digits);
}

// Exponents as fp32 has them.
double within_fp32(double x) {
  if (std::abs(x) < 0x1p-126) return 0 * x;
  return std::abs(x) < 0x1p128 ? x : std::copysign(HUGE_VAL, x);
}

}  // namespace

double function_of(std::uint32_t function, double x) {
  switch (function) {
    case EPOCH_FUNCTION_IDENTITY:
      return x;
    case EPOCH_FUNCTION_GELU:
      return gelu(x);
    case EPOCH_FUNCTION_GELU_TANH:
      return gelu_tanh(x);
    case EPOCH_FUNCTION_RELU:
      return x < 0 ? 0 : x;
    case EPOCH_FUNCTION_SILU:
      return x * sigmoid(x);
    case EPOCH_FUNCTION_SIGMOID:
      return sigmoid(x);
    case EPOCH_FUNCTION_TANH:
      return std::tanh(x);
    case EPOCH_FUNCTION_SOFTPLUS:
      return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
    case EPOCH_FUNCTION_EXP:
      return std::exp(x);
    default:
      throw std::runtime_error("image: function " + std::to_string(function));
  }
}

double activation_of(std::uint32_t activation, double x) {
  switch (activation) {
    case EPOCH_ACTIVATION_NONE:
      return x;
    case EPOCH_ACTIVATION_GELU:
      return function_of(EPOCH_FUNCTION_GELU, x);
    case EPOCH_ACTIVATION_GELU_TANH:
      return function_of(EPOCH_FUNCTION_GELU_TANH, x);
    case EPOCH_ACTIVATION_RELU:
      return function_of(EPOCH_FUNCTION_RELU, x);
    case EPOCH_ACTIVATION_SILU:
      return function_of(EPOCH_FUNCTION_SILU, x);
    case EPOCH_ACTIVATION_SIGMOID:
      return function_of(EPOCH_FUNCTION_SIGMOID, x);
    case EPOCH_ACTIVATION_TANH:
      return function_of(EPOCH_FUNCTION_TANH, x);
    default:
      throw std::runtime_error("image: activation " + std::to_string(activation));
  }
}

double rounded_to(std::uint32_t type, double x, double scale) {
  switch (type) {
    case EPOCH_TYPE_FP32:
      return within_fp32(rounded_to_digits(x, 24));
    case EPOCH_TYPE_BF16:
      return within_fp32(rounded_to_digits(x, 8));
    case EPOCH_TYPE_INT8:
      return std::isnan(x) ? 0 : std::clamp(std::rint(x * scale), -127.0, 127.0);
    default:
      return x;
  }
}

double value_of_bits(std::uint32_t fp32) {
  float value;
  std::memcpy(&value, &fp32, sizeof value);
  return value;
}

}  // namespace epoch::test
