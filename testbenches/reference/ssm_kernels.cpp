// SPDX-License-Identifier: Apache-2.0
#include "reference/ssm_kernels.h"

#include <cmath>
#include <complex>

#include "reference/fft.h"

namespace epoch::test {
namespace {

using Complex = std::complex<double>;
using Extended = std::complex<long double>;

// A complex tensor's element, [..][re, im].
Extended element(const std::vector<float>& words, std::size_t index) {
  return {words[2 * index], words[2 * index + 1]};
}

// log a and the factor of B, in extended precision.
struct Discrete {
  Extended log_a, gain;
};

Discrete discretise(Discretization how, long double dt, Extended lambda) {
  const Extended z = dt * lambda;
  if (how == Discretization::zoh) return {z, (std::exp(z) - 1.0L) / lambda};
  return {std::log((2.0L + z) / (2.0L - z)), 2.0L * dt / (2.0L - z)};
}

void add_mode(std::vector<double>& kernel, Extended log_a, Extended weight) {
  for (std::size_t t = 0; t < kernel.size(); ++t) {
    const Extended power = std::exp(static_cast<long double>(t) * log_a);
    kernel[t] += static_cast<double>(2 * (weight * power).real());
  }
}

std::vector<double> diagonal_kernel(const S4Config& config, const SsmTensors& ssm,
                                    std::size_t channel, std::size_t steps) {
  std::vector<double> kernel(steps);
  for (std::size_t i = channel * config.modes; i < (channel + 1) * config.modes; ++i) {
    if (config.discretization == Discretization::stored) {
      add_mode(kernel, std::log(element(ssm.a_bar, i)), element(ssm.c, i) * element(ssm.b, i));
      continue;
    }
    const Extended lambda(-std::exp(static_cast<double>(ssm.log_a_re[i])), ssm.a_im[i]);
    const double dt = std::exp(static_cast<double>(ssm.log_dt[channel]));
    const Discrete discrete = discretise(config.discretization, dt, lambda);
    add_mode(kernel, discrete.log_a, element(ssm.c, i) * element(ssm.b, i) * discrete.gain);
  }
  return kernel;
}

std::vector<double> shared_kernel(const S4Config& config, const SsmTensors& ssm,
                                  std::size_t direction, std::size_t to, std::size_t from,
                                  std::size_t steps) {
  std::vector<double> kernel(steps);
  for (std::size_t mode = 0; mode < config.modes; ++mode) {
    const double dt = std::exp(static_cast<double>(ssm.log_dt[mode]));
    const Discrete discrete =
        discretise(config.discretization, dt, Extended(ssm.log_a_re[mode], ssm.a_im[mode]));
    const std::size_t row = direction * config.channels + to;
    add_mode(kernel, discrete.log_a,
             element(ssm.c, row * config.modes + mode) *
                 element(ssm.b, mode * config.channels + from) * discrete.gain);
  }
  return kernel;
}

// C (I - z A_bar)^-1 B_bar over all conjugate pairs, where
// (I - z A_bar)^-1 B_bar = ((1 - z) I - g A)^-1 dt B with g = dt (1 + z) / 2.
Complex generating_function(const S4Config& config, const SsmTensors& ssm, std::size_t channel,
                            Complex z) {
  const double dt = std::exp(static_cast<double>(ssm.log_dt[channel]));
  const Complex g = dt / 2 * (1.0 + z);
  Complex cb, cp, pb, pp;  // c D^-1 b and so on, D = (1 - z) - g lambda
  for (std::size_t i = channel * config.modes; i < (channel + 1) * config.modes; ++i) {
    const Complex lambda(-std::exp(static_cast<double>(ssm.log_a_re[i])), ssm.a_im[i]);
    const Complex b(element(ssm.b, i)), c(element(ssm.c, i)), p(element(ssm.p, i));
    for (const bool conjugate : {false, true}) {
      const auto side = [&](Complex word) { return conjugate ? std::conj(word) : word; };
      const Complex inverse = 1.0 / ((1.0 - z) - g * side(lambda));
      cb += side(c) * side(b) * inverse;
      cp += side(c) * side(p) * inverse;
      pb += std::conj(side(p)) * side(b) * inverse;
      pp += std::conj(side(p)) * side(p) * inverse;
    }
  }
  return dt * (cb - g * cp * pb / (1.0 + g * pp));
}

// Points on a circle inside the unit circle: a term k[t + n] comes back as k[t] scaled by
// radius^n = 1e-16, and rounding grows by at most radius^-steps = 100 with n = 8 steps.
std::vector<double> dplr_kernel(const S4Config& config, const SsmTensors& ssm, std::size_t channel,
                                std::size_t steps) {
  const bool truncated = config.truncated_steps != 0;
  std::size_t points = 1;
  while (points < (truncated ? config.truncated_steps : 8 * steps)) points *= 2;
  const double log_radius = truncated ? 0 : std::log(1e-16) / static_cast<double>(points);
  std::vector<Complex> values;
  for (std::size_t k = 0; k < points; ++k) {
    const double angle =
        -2 * std::acos(-1.0) * static_cast<double>(k) / static_cast<double>(points);
    values.push_back(
        generating_function(config, ssm, channel, std::polar(std::exp(log_radius), angle)));
  }
  Fft(points).inverse(values);
  std::vector<double> kernel;
  for (std::size_t t = 0; t < steps; ++t)
    kernel.push_back(values[t].real() * std::exp(-log_radius * static_cast<double>(t)));
  return kernel;
}

}  // namespace

std::vector<double> ssm_kernel(const S4Config& config, const SsmTensors& ssm, std::size_t direction,
                               std::size_t to, std::size_t from, std::size_t steps) {
  if (config.kind == SsmKind::s5) return shared_kernel(config, ssm, direction, to, from, steps);
  if (to != from) return std::vector<double>(steps);
  const std::size_t row = direction * config.channels + to;
  if (config.kind == SsmKind::s4) return dplr_kernel(config, ssm, row, steps);
  return diagonal_kernel(config, ssm, row, steps);
}

std::vector<double> fft_convolution(const std::vector<double>& kernel,
                                    const std::vector<double>& signal) {
  std::size_t size = 1;
  while (size < 2 * signal.size()) size *= 2;
  std::vector<Complex> left(kernel.begin(), kernel.end()), right(signal.begin(), signal.end());
  left.resize(size);
  right.resize(size);
  const Fft fft(size);
  fft.forward(left);
  fft.forward(right);
  for (std::size_t i = 0; i < size; ++i) left[i] *= right[i];
  fft.inverse(left);
  std::vector<double> result;
  for (std::size_t t = 0; t < signal.size(); ++t) result.push_back(left[t].real());
  return result;
}

}  // namespace epoch::test
