// SPDX-License-Identifier: Apache-2.0
// One layer's recurrence against convolution with kernels made another way (ssm_kernels.h), at
// length 16384, dt from 1e-4, random and constant input.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "reference/fft.h"
#include "reference/random_models.h"
#include "reference/second_network.h"
#include "reference/ssm_kernels.h"
#include "reference/state_space.h"

using namespace epoch;
using namespace epoch::test;

namespace {

constexpr double kRoundoff = 0x1p-53;
constexpr std::size_t kSteps = 16384;

double l2(const Row& values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

double largest(const Row& values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

Row column(const std::vector<double>& rows, std::size_t width, std::size_t channel) {
  Row result;
  for (std::size_t i = channel; i < rows.size(); i += width) result.push_back(rows[i]);
  return result;
}

S4Config layer_config(SsmKind kind, Discretization how) {
  S4Config config;
  config.kind = kind;
  config.channels = 3;
  config.modes = kind == SsmKind::s4d ? 32 : 12;
  config.discretization = how;
  return config;
}

std::vector<double> layer_input(RandomModels& random, bool constant) {
  if (constant) return std::vector<double>(kSteps * 3, 1.0);
  const std::vector<float> words = random.normals(kSteps * 3);
  return {words.begin(), words.end()};
}

// First-order bound on one mode's share of the recurrence's error at each step, driven by v. With X
// the recurrence of the absolute values, a step errs by (sqrt 5 + 1) u X: sqrt 5 u for a complex
// product (Brent, Percival, Zimmermann 2007), u for the sum; the discretised a, b and B v err by 4
// u and a by 2 u |dt lambda| more, which is 2 u |log a|. Errors decay with |a|. The output adds N +
// 1 roundings of sum |c| X.
void add_mode_bound(Row& bound, Complex a, double b, double c, double modes, const Row& v) {
  const double per_step = std::sqrt(5.0) + 9 + 2 * std::abs(std::log(a));
  double magnitude = 0, error = 0;
  for (std::size_t t = 0; t < v.size(); ++t) {
    magnitude = std::abs(a) * magnitude + b * std::abs(v[t]);
    error = std::abs(a) * error + per_step * kRoundoff * magnitude;
    bound[t] += 2 * c * (error + (modes + 1) * kRoundoff * magnitude);
  }
}

// Bound on a convolution's error at any step. Transforms err by e = 6.7 u log2 n in L2 (Higham,
// Accuracy and Stability, 2nd ed., theorem 24.2): two go into a product, whose element errors
// Cauchy-Schwarz turns into |u| |k|; the inverse errs by e of the result, at most |k|_1 |u|. A
// kernel made in extended precision errs by its sum's N roundings, of sum |c b| |a|^t.
double convolution_bound(const Row& kernel, double modes, double scale, const Row& u) {
  double l1 = 0;
  for (const double value : kernel) l1 += std::abs(value);
  const double transform = 6.7 * kRoundoff * std::log2(4.0 * kSteps);
  const double terms = modes * kRoundoff * scale * std::sqrt(static_cast<double>(kSteps));
  return l2(u) * (terms + (2 * transform + 4 * kRoundoff) * l2(kernel) + transform * l1);
}

// A bound wider than `widest` of the largest output would prove nothing. The bounds add errors up;
// what is left of them is far less.
void check_bound(const Row& found, const Row& expected, const Row& bound, double widest) {
  double of_bound = 0, difference = 0;
  for (std::size_t t = 0; t < found.size(); ++t) {
    of_bound = std::max(of_bound, std::abs(found[t] - expected[t]) / bound[t]);
    difference = std::max(difference, std::abs(found[t] - expected[t]));
  }
  CHECK(of_bound <= 1);
  CHECK(largest(bound) <= widest * largest(found));
  CHECK(difference <= 1e-11 * largest(found));
  CHECK(largest(found) > 0.01);
}

}  // namespace

TEST_CASE("s4d: recurrence equals FFT convolution over 16384 steps") {
  const auto how = GENERATE(Discretization::zoh, Discretization::bilinear, Discretization::stored);
  const bool constant = GENERATE(false, true);
  const unsigned seed = 2206;
  CAPTURE(seed, how, constant);
  RandomModels random(seed);
  const S4Config config = layer_config(SsmKind::s4d, how);
  const SsmTensors ssm = random.ssm(config, 1e-4, 0.1);
  const auto system = std::get<DiagonalSystem>(discretised(config, ssm, 0));
  const std::vector<double> u = layer_input(random, constant), y = run(system, u);
  for (std::size_t channel = 0; channel < config.channels; ++channel) {
    CAPTURE(channel);
    const Row signal = column(u, config.channels, channel);
    const Row kernel = ssm_kernel(config, ssm, 0, channel, channel, kSteps);
    double scale = 0;
    Row bound(kSteps);
    for (std::size_t i = channel * config.modes; i < (channel + 1) * config.modes; ++i) {
      scale += 2 * std::abs(system.c[i] * system.b[i]);
      add_mode_bound(bound, system.a[i], std::abs(system.b[i]), std::abs(system.c[i]), config.modes,
                     signal);
    }
    const double common = convolution_bound(kernel, config.modes, scale, signal);
    for (double& value : bound) value += common;
    check_bound(column(y, config.channels, channel), fft_convolution(kernel, signal), bound, 1e-8);
  }
}

TEST_CASE("s5: recurrence equals FFT convolution over 16384 steps") {
  const auto how = GENERATE(Discretization::zoh, Discretization::bilinear);
  const bool constant = GENERATE(false, true);
  const unsigned seed = 2208;
  CAPTURE(seed, how, constant);
  RandomModels random(seed);
  const S4Config config = layer_config(SsmKind::s5, how);
  const SsmTensors ssm = random.ssm(config, 1e-4, 0.1);
  const auto system = std::get<SharedSystem>(discretised(config, ssm, 0));
  const std::vector<double> u = layer_input(random, constant), y = run(system, u);
  for (std::size_t to = 0; to < config.channels; ++to) {
    CAPTURE(to);
    Row expected(kSteps), bound(kSteps);
    for (std::size_t from = 0; from < config.channels; ++from) {
      const Row signal = column(u, config.channels, from);
      const Row kernel = ssm_kernel(config, ssm, 0, to, from, kSteps);
      const Row part = fft_convolution(kernel, signal);
      double scale = 0;
      for (std::size_t mode = 0; mode < config.modes; ++mode) {
        const double b = std::abs(system.b[mode * config.channels + from] * system.gain[mode]);
        const double c = std::abs(system.c[to * config.modes + mode]);
        scale += 2 * b * c;
        add_mode_bound(bound, system.a[mode], b, c, config.modes, signal);
      }
      const double common = convolution_bound(kernel, config.modes, scale, signal);
      for (std::size_t t = 0; t < kSteps; ++t) {
        expected[t] += part[t];
        bound[t] += common;
      }
    }
    check_bound(column(y, config.channels, to), expected, bound, 1e-8);
  }
}

// The symmetric part of A is negative, so that |A_bar| <= 1 in L2 and errors add up at worst. A
// step errs by n u |x| in its sums and, with the condition k of I - dt/2 A, by 2 k n u |x| in
// A_bar. The generating function's own error, 100 u of its largest value, stays below that.
TEST_CASE("s4: dense recurrence equals the generating function's kernel over 16384 steps") {
  const bool constant = GENERATE(false, true);
  const std::uint32_t truncated = GENERATE(0u, 16384u);
  const unsigned seed = 2111;
  CAPTURE(seed, constant, truncated);
  RandomModels random(seed);
  S4Config config = layer_config(SsmKind::s4, Discretization::bilinear);
  config.truncated_steps = truncated;
  const SsmTensors ssm = random.ssm(config, 1e-4, 0.1);
  const auto system = std::get<DplrSystem>(discretised(config, ssm, 0));
  const std::vector<double> u = layer_input(random, constant), y = run(system, u);
  const std::size_t size = system.dimensions();
  for (std::size_t channel = 0; channel < config.channels; ++channel) {
    CAPTURE(channel);
    const Row signal = column(u, config.channels, channel);
    const double dt = std::exp(static_cast<double>(ssm.log_dt[channel]));
    double frequency = 0, rank_one = 0;  // |A| <= |lambda| + 2 |p|^2
    for (std::size_t i = channel * config.modes; i < (channel + 1) * config.modes; ++i) {
      frequency = std::max(frequency, 0.5 + std::abs(static_cast<double>(ssm.a_im[i])));
      rank_one += 2 * std::norm(Complex(ssm.p[2 * i], ssm.p[2 * i + 1]));
    }
    const double condition = 1 + dt / 2 * (frequency + rank_one);
    const auto first = system.c.begin() + static_cast<std::ptrdiff_t>(channel * size);
    const double c = l2({first, first + static_cast<std::ptrdiff_t>(size)});
    // |x| is at most what constant directions of b add up to.
    DplrSystem states = system;
    double state = 0;
    for (std::size_t i = 0; i < size; ++i) {
      std::fill(states.c.begin(), states.c.end(), 0.0);
      states.c[channel * size + i] = 1;
      state += std::pow(largest(run_channel(states, channel, signal)), 2);
    }
    const double n = static_cast<double>(size);
    const Row bound(kSteps, kSteps * (2 * condition + 1) * n * kRoundoff * c * std::sqrt(state));
    check_bound(column(y, config.channels, channel),
                fft_convolution(ssm_kernel(config, ssm, 0, channel, channel, kSteps), signal),
                bound, 1e-7);
  }
}

TEST_CASE("both conventions of the second direction are sums over kernels") {
  const auto kind = GENERATE(SsmKind::s4d, SsmKind::s4, SsmKind::s5, SsmKind::liquid);
  for (const bool shifted : {false, true}) {
    const unsigned seed = 300 + static_cast<unsigned>(kind);
    CAPTURE(seed, shifted);
    RandomModels random(seed);
    S4Config config = layer_config(kind, Discretization::bilinear);
    config.directions = 2;
    config.shifted = shifted;
    const SsmTensors ssm = random.ssm(config, 1e-3, 0.2);
    Table u;
    std::vector<double> rows;
    for (std::size_t t = 0; t < 24; ++t) {
      const std::vector<float> words = random.normals(config.channels);
      u.emplace_back(words.begin(), words.end());
      rows.insert(rows.end(), words.begin(), words.end());
    }
    const SsmOutput output = ssm_output(config, ssm, rows);
    REQUIRE(output.directions.size() == 2);
    const Table expected = second_ssm(config, ssm, u);
    for (std::size_t i = 0; i < rows.size(); ++i)
      CHECK(output.y[i] ==
            Approx(expected[i / config.channels][i % config.channels]).epsilon(0).margin(1e-12));
  }
}

TEST_CASE("one mode answers an impulse with its powers") {
  DiagonalSystem system{1, 1, false, {{0, 0.5}}, {{1, 0}}, {{1, 0}}};
  // 2 Re((i/2)^t): powers of two are exact.
  CHECK(run(system, {1, 0, 0, 0, 0}) == std::vector<double>{2.0, 0.0, -0.5, 0.0, 0.125});
  system.liquid = true;  // x[1] = (i/2 + 1) 1 + 1, x[2] = (i/2) x[1]
  CHECK(run(system, {1, 1, 0}) == std::vector<double>{2.0, 4.0, -0.5});
}
