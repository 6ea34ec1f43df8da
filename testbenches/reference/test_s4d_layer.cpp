// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <random>

#include "compiler/s4d_model.h"
#include "reference/reference_network.h"
#include "reference/s4d_layer.h"
#include "reference/smnist_data.h"

using epoch::S4dLayer;

namespace {

constexpr double roundoff = 0x1p-53;

double l2(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) {
    sum += value * value;
  }
  return std::sqrt(sum);
}

double l1(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) {
    sum += std::abs(value);
  }
  return sum;
}

std::vector<double> channel_of(const std::vector<double>& signal, std::size_t channels,
                               std::size_t channel) {
  std::vector<double> result;
  for (std::size_t i = channel; i < signal.size(); i += channels) {
    result.push_back(signal[i]);
  }
  return result;
}

// First-order bound on the recurrence's error at each step of one channel. With X the recurrence
// of the absolute values, a step errs by (sqrt 5 + 1) u X: sqrt 5 u for a complex product (Brent,
// Percival, Zimmermann 2007), u for b u, u for the sum; errors then decay with |a|. The output
// adds N + 1 roundings of sum |c| X, and two of d u.
std::vector<double> recurrence_bound(const S4dLayer& layer, std::size_t channel,
                                     const std::vector<double>& u) {
  std::vector<double> bound(u.size());
  const double sum_roundings = static_cast<double>(layer.modes) + 1;
  for (std::size_t i = channel * layer.modes; i < (channel + 1) * layer.modes; ++i) {
    const double a = std::hypot(layer.a_re[i], layer.a_im[i]);
    const double b = std::hypot(layer.b_re[i], layer.b_im[i]);
    const double c = std::hypot(layer.c_re[i], layer.c_im[i]);
    double magnitude = 0;
    double error = 0;
    for (std::size_t t = 0; t < u.size(); ++t) {
      magnitude = a * magnitude + b * std::abs(u[t]);
      error = a * error + (std::sqrt(5.0) + 1) * roundoff * magnitude;
      bound[t] += 2 * c * (error + sum_roundings * roundoff * magnitude);
    }
  }
  for (std::size_t t = 0; t < u.size(); ++t) {
    bound[t] += 2 * roundoff * std::abs(layer.d[channel] * u[t]);
  }
  return bound;
}

// First-order bound on the kernel's error: a^t = exp(t log a) errs relatively by t times the error
// of log a (2 u, absolute near |a| = 1) and of the product (3 u |log a|), 8 roundings in exp, cos,
// sin and the scaling, N in the sum.
std::vector<double> kernel_bound(const S4dLayer& layer, std::size_t channel, std::size_t steps) {
  std::vector<double> bound(steps);
  for (std::size_t i = channel * layer.modes; i < (channel + 1) * layer.modes; ++i) {
    const double scale =
        2 * std::hypot(layer.c_re[i], layer.c_im[i]) * std::hypot(layer.b_re[i], layer.b_im[i]);
    const std::complex<double> a(layer.a_re[i], layer.a_im[i]);
    const double logarithm = std::abs(std::log(a));
    for (std::size_t t = 0; t < steps; ++t) {
      const double time = static_cast<double>(t);
      bound[t] += scale * std::pow(std::abs(a), time) * roundoff *
                  (time * (2 + 3 * logarithm) + 8 + static_cast<double>(layer.modes));
    }
  }
  return bound;
}

// Bound on the convolution's error at any step. Transforms err by e = 6.7 u log2 n in L2 (Higham,
// theorem 24.2): two go into a product, whose element errors Cauchy-Schwarz turns into |u| |k|;
// the inverse errs by e of the result, at most |k|_1 |u|.
double convolution_bound(const S4dLayer& layer, std::size_t channel, const std::vector<double>& u) {
  const std::vector<double> kernel = layer.kernel(channel, u.size());
  const double size = 4 * static_cast<double>(u.size());  // at most, rounded up to a power of two
  const double transform = 6.7 * roundoff * std::log2(size);
  return l2(u) * (l2(kernel_bound(layer, channel, u.size())) +
                  (2 * transform + 4 * roundoff) * l2(kernel) + transform * l1(kernel));
}

// Recurrence against convolution on every channel and step; the largest |difference| / bound.
// Infinite where a bound is wider than `widest` of the channel's largest output: it proves nothing.
double worst_against_bound(const S4dLayer& layer, const std::vector<double>& u, double widest) {
  const std::vector<double> stepped = layer.recurrence(u);
  const std::vector<double> convolved = layer.convolution(u);
  double worst = 0;
  for (std::size_t channel = 0; channel < layer.channels; ++channel) {
    const std::vector<double> input = channel_of(u, layer.channels, channel);
    const std::vector<double> output = channel_of(stepped, layer.channels, channel);
    const std::vector<double> other = channel_of(convolved, layer.channels, channel);
    const std::vector<double> per_step = recurrence_bound(layer, channel, input);
    const double common = convolution_bound(layer, channel, input);
    const double largest =
        std::abs(*std::max_element(output.begin(), output.end(),
                                   [](double a, double b) { return std::abs(a) < std::abs(b); }));
    for (std::size_t t = 0; t < input.size(); ++t) {
      const double bound = per_step[t] + common;
      if (!(std::abs(output[t] - other[t]) <= bound) || bound > widest * largest) {
        return std::numeric_limits<double>::infinity();
      }
      worst = std::max(worst, std::abs(output[t] - other[t]) / bound);
    }
  }
  return worst;
}

// S4D-Lin (arXiv 2206.11893): L = -1/2 + i pi n, zero-order hold with B = 1, random C and D.
S4dLayer s4d_lin(std::size_t channels, std::size_t modes, double dt_min, double dt_max,
                 unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  S4dLayer layer;
  layer.channels = channels;
  layer.modes = modes;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    const double place = static_cast<double>(channel) / static_cast<double>(channels - 1);
    const double dt = dt_min * std::pow(dt_max / dt_min, place);
    layer.d.push_back(normal(random));
    for (std::size_t mode = 0; mode < modes; ++mode) {
      const std::complex<double> pole(-0.5, std::acos(-1.0) * static_cast<double>(mode));
      const std::complex<double> a = std::exp(dt * pole);
      const std::complex<double> b = (a - 1.0) / pole;
      layer.a_re.push_back(a.real());
      layer.a_im.push_back(a.imag());
      layer.b_re.push_back(b.real());
      layer.b_im.push_back(b.imag());
      layer.c_re.push_back(normal(random));
      layer.c_im.push_back(normal(random));
    }
  }
  return layer;
}

}  // namespace

TEST_CASE("recurrence equals FFT convolution on the trained layers") {
  const epoch::ReferenceNetwork network(epoch::load_s4d_model(epoch::test::smnist_folder()));
  const auto data = epoch::test::load_smnist();
  std::vector<std::vector<double>> residuals;
  network.logits(
      data.digits[0], epoch::ReferenceNetwork::Evaluation::recurrence,
      [&](std::size_t, const std::vector<double>& residual) { residuals.push_back(residual); });
  for (std::size_t layer = 0; layer < network.config().layers; ++layer) {
    CAPTURE(layer);
    CHECK(worst_against_bound(network.ssm(layer), network.normalised(layer, residuals[layer]),
                              1e-11) <= 1);
  }
}

TEST_CASE("recurrence equals FFT convolution on long sequences, down to dt = 1e-4") {
  constexpr std::size_t channels = 3;
  constexpr std::size_t steps = 16384;
  const unsigned seed = 2206;
  CAPTURE(seed);
  const S4dLayer layer = s4d_lin(channels, 32, 1e-4, 1e-1, seed);
  SECTION("random input") {
    std::mt19937 random(seed + 1);
    std::normal_distribution<double> normal;
    std::vector<double> u(steps * channels);
    std::generate(u.begin(), u.end(), [&] { return normal(random); });
    CHECK(worst_against_bound(layer, u, 1e-9) <= 1);
  }
  SECTION("constant input") {
    CHECK(worst_against_bound(layer, std::vector<double>(steps * channels, 1.0), 1e-9) <= 1);
  }
}

TEST_CASE("one mode answers an impulse with its powers") {
  S4dLayer layer;
  layer.channels = 1;
  layer.modes = 1;
  layer.a_re = {0.0};
  layer.a_im = {0.5};
  layer.b_re = {1.0};
  layer.b_im = {0.0};
  layer.c_re = {1.0};
  layer.c_im = {0.0};
  layer.d = {3.0};
  // 2 Re((i/2)^t) and d at t = 0: powers of two are exact.
  const std::vector<double> expected = {5.0, 0.0, -0.5, 0.0, 0.125};
  CHECK(layer.recurrence({1, 0, 0, 0, 0}) == expected);
}
