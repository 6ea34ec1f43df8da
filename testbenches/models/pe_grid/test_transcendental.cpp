// SPDX-License-Identifier: Apache-2.0
// The drain's functions: their bits against the soft definition, their errors against long double.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "epochcore/flush_to_zero.h"
#include "epochcore/pe_grid/transcendental.h"
#include "models/pe_grid/soft_float.h"

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The functions under the accelerator's flags, out of line so that nothing moves across them.
__attribute__((noinline)) float hard_exp_pe(float z) {
  return epoch::exp_pe(z);
}
__attribute__((noinline)) float hard_sigmoid(float x) {
  return epoch::sigmoid(x);
}
__attribute__((noinline)) float hard_gelu(float x) {
  return epoch::gelu(x);
}

__attribute__((noinline)) float hard_silu(float x) {
  return epoch::silu(x);
}
__attribute__((noinline)) float hard_gelu_tanh(float x) {
  return epoch::gelu_tanh(x);
}
__attribute__((noinline)) float hard_tanh(float x) {
  return epoch::tanh(x);
}
__attribute__((noinline)) float hard_softplus(float x) {
  return epoch::softplus(x);
}
__attribute__((noinline)) float hard_exponential(float x) {
  return epoch::exponential(x);
}
__attribute__((noinline)) float hard_relu(float x) {
  return epoch::relu(x);
}

template <class Function>
float flushed(Function function, float x) {
  const epoch::FlushToZero flush;
  return function(x);
}

// Largest error over every `stride`-th float from `from` to `to` by bit pattern, both of one sign.
template <class Function, class Reference, class Scale>
double worst_error(Function function, Reference reference, Scale scale, float from, float to,
                   std::uint32_t stride) {
  double worst = 0.0;
  for (std::uint32_t bits = soft::to_bits(from); bits <= soft::to_bits(to); bits += stride) {
    const float x = soft::from_bits(bits);
    const long double error = std::fabs(static_cast<long double>(flushed(function, x)) -
                                        reference(static_cast<long double>(x)));
    worst = std::fmax(worst, static_cast<double>(error / scale(static_cast<long double>(x))));
  }
  return worst;
}

long double one(long double) {
  return 1.0L;
}
long double exact_sigmoid(long double x) {
  return 1.0L / (1.0L + std::exp(-x));
}
long double exact_gelu(long double x) {
  return 0.5L * x * std::erfc(-x * std::sqrt(0.5L));
}

}  // namespace

TEST_CASE("exp_pe is within 2^-22.5 of e^z for z <= 0") {
  auto exact = [](long double z) { return std::exp(z); };
  CHECK(worst_error(hard_exp_pe, exact, one, -0.0f, -104.0f, 211) < std::exp2(-22.5));
  // Relative to the result on the whole range that is not flushed, up to overflow: t = z*log2(e) is
  // rounded, so its error grows with z.
  auto of_result = [](long double z) { return std::exp(z) * (1.0L + std::fabs(z)); };
  CHECK(worst_error(hard_exp_pe, exact, of_result, -1.0f, -87.0f, 997) < 2e-7);
  CHECK(worst_error(hard_exp_pe, exact, of_result, 0.0f, 88.0f, 997) < 2e-7);
}

TEST_CASE("sigmoid is within 1.1e-7 of the logistic function") {
  CHECK(worst_error(hard_sigmoid, exact_sigmoid, one, 0.0f, 110.0f, 499) < 1.1e-7);
  CHECK(worst_error(hard_sigmoid, exact_sigmoid, one, -0.0f, -110.0f, 499) < 1.1e-7);
}

TEST_CASE("gelu is within 3.5e-7 |x| of x Phi(x)") {
  auto magnitude = [](long double x) { return std::fmax(std::fabs(x), 1e-30L); };
  CHECK(worst_error(hard_gelu, exact_gelu, magnitude, 1e-30f, 50.0f, 997) < 3.5e-7);
  CHECK(worst_error(hard_gelu, exact_gelu, magnitude, -1e-30f, -50.0f, 997) < 3.5e-7);
}

TEST_CASE("silu is within 2.5e-7 |x| of x / (1 + e^-x)") {
  auto magnitude = [](long double x) { return std::fmax(std::fabs(x), 1e-30L); };
  auto exact = [](long double x) { return x / (1.0L + std::exp(-x)); };
  CHECK(worst_error(hard_silu, exact, magnitude, 1e-30f, 110.0f, 997) < 2.5e-7);
  CHECK(worst_error(hard_silu, exact, magnitude, -1e-30f, -100.0f, 997) < 2.5e-7);
}

TEST_CASE("gelu_tanh is within 3.5e-7 |x| of its formula by tanh") {
  auto magnitude = [](long double x) { return std::fmax(std::fabs(x), 1e-30L); };
  auto exact = [](long double x) {
    const long double z = std::sqrt(2.0L / std::acos(-1.0L)) * (x + 0.044715L * x * x * x);
    return 0.5L * x * (1.0L + std::tanh(z));
  };
  CHECK(worst_error(hard_gelu_tanh, exact, magnitude, 1e-30f, 50.0f, 997) < 3.5e-7);
  CHECK(worst_error(hard_gelu_tanh, exact, magnitude, -1e-30f, -50.0f, 997) < 3.5e-7);
}

TEST_CASE("tanh is within 4e-7 of itself, relatively") {
  auto exact = [](long double x) { return std::tanh(x); };
  auto size = [](long double x) { return std::fabs(std::tanh(x)); };
  CHECK(worst_error(hard_tanh, exact, size, 1e-30f, 110.0f, 499) < 4e-7);
  CHECK(worst_error(hard_tanh, exact, size, -1e-30f, -110.0f, 499) < 4e-7);
}

TEST_CASE("softplus is within 2e-7 of log(1 + e^x), relatively above -10") {
  auto exact = [](long double x) {
    return std::fmax(x, 0.0L) + std::log1p(std::exp(-std::fabs(x)));
  };
  CHECK(worst_error(hard_softplus, exact, one, -1e-30f, -104.0f, 499) < 2e-7);
  auto size = [&](long double x) { return exact(x); };
  CHECK(worst_error(hard_softplus, exact, size, 1e-30f, 110.0f, 499) < 3e-7);
  CHECK(worst_error(hard_softplus, exact, size, -1e-30f, -10.0f, 499) < 2e-6);
}

TEST_CASE("exponential is exp_pe within its range, and ends in 0 and infinity") {
  auto exact = [](long double z) { return std::exp(z); };
  auto of_result = [](long double z) { return std::exp(z) * (1.0L + std::fabs(z)); };
  CHECK(worst_error(hard_exponential, exact, of_result, -1e-30f, -87.0f, 997) < 2e-7);
  CHECK(worst_error(hard_exponential, exact, of_result, 1e-30f, 88.0f, 997) < 2e-7);
  CHECK(flushed(hard_exponential, -kInfinity) == 0.0f);
  CHECK(flushed(hard_exponential, kInfinity) == kInfinity);
}

TEST_CASE("special arguments") {
  CHECK(soft::to_bits(flushed(hard_silu, -kInfinity)) == 0x80000000u);
  CHECK(flushed(hard_silu, kInfinity) == kInfinity);
  CHECK(soft::to_bits(flushed(hard_gelu_tanh, -kInfinity)) == 0x80000000u);
  CHECK(flushed(hard_gelu_tanh, kInfinity) == kInfinity);
  CHECK(flushed(hard_tanh, kInfinity) == 1.0f);
  CHECK(flushed(hard_tanh, -kInfinity) == -1.0f);
  CHECK(flushed(hard_tanh, -0.0f) == 0.0f);
  CHECK(flushed(hard_softplus, -kInfinity) == 0.0f);
  CHECK(flushed(hard_softplus, kInfinity) == kInfinity);
  CHECK(flushed(hard_relu, -kInfinity) == 0.0f);
  for (auto function :
       {hard_silu, hard_gelu_tanh, hard_tanh, hard_softplus, hard_exponential, hard_relu})
    CHECK(std::isnan(flushed(function, std::numeric_limits<float>::quiet_NaN())));
  CHECK(soft::to_bits(flushed(hard_exp_pe, 0.0f)) == 0x3F800000u);
  CHECK(std::isnan(flushed(hard_exp_pe, -kInfinity)));  // an infinite t gives NaN
  CHECK(std::isnan(flushed(hard_exp_pe, 3e38f)));
  CHECK(flushed(hard_exp_pe, 89.0f) == kInfinity);
  CHECK(flushed(hard_exp_pe, -88.0f) == 0.0f);
  CHECK(flushed(hard_sigmoid, kInfinity) == 1.0f);
  CHECK(flushed(hard_sigmoid, -kInfinity) == 0.0f);
  CHECK(flushed(hard_sigmoid, -0.0f) == 0.5f);
  CHECK(flushed(hard_gelu, kInfinity) == kInfinity);
  CHECK(soft::to_bits(flushed(hard_gelu, -kInfinity)) == 0x80000000u);
  CHECK(soft::to_bits(flushed(hard_gelu, -0.0f)) == 0x80000000u);
  for (auto function : {hard_exp_pe, hard_sigmoid, hard_gelu})
    CHECK(std::isnan(flushed(function, std::numeric_limits<float>::quiet_NaN())));
}

TEST_CASE("the functions are the documented operations, bit for bit") {
  const std::uint32_t seed = 20250601;
  CAPTURE(seed);
  std::mt19937 engine(seed);
  std::uint64_t different = 0;
  for (unsigned i = 0; i < 400000; ++i) {
    // Half any bit pattern, half within the interesting range.
    const float x = i % 2 == 0 ? soft::from_bits(static_cast<std::uint32_t>(engine()))
                               : static_cast<float>(static_cast<std::int32_t>(engine())) * 5e-8f;
    auto same = [&](float hard, float defined) {
      return (std::isnan(hard) && std::isnan(defined)) ||
             soft::to_bits(hard) == soft::to_bits(defined);
    };
    different += same(flushed(hard_exp_pe, x), soft::exp_pe(x)) ? 0 : 1;
    different += same(flushed(hard_sigmoid, x), soft::sigmoid(x)) ? 0 : 1;
    different += same(flushed(hard_gelu, x), soft::gelu(x)) ? 0 : 1;
    different += same(flushed(hard_silu, x), soft::silu(x)) ? 0 : 1;
    different += same(flushed(hard_gelu_tanh, x), soft::gelu_tanh(x)) ? 0 : 1;
    different += same(flushed(hard_tanh, x), soft::tanh(x)) ? 0 : 1;
    different += same(flushed(hard_softplus, x), soft::softplus(x)) ? 0 : 1;
    different += same(flushed(hard_exponential, x), soft::exponential(x)) ? 0 : 1;
  }
  CHECK(different == 0);
}

TEST_CASE("flush-to-zero ends with its scope") {
  volatile float tiny = 1e-30f, result = 0.0f;
  {
    const epoch::FlushToZero flush;
    result = tiny * 1e-10f;
    CHECK(soft::to_bits(result) == 0u);
  }
  result = tiny * 1e-10f;
  CHECK(soft::to_bits(result) != 0u);
}
