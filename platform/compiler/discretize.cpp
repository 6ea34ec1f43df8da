// SPDX-License-Identifier: Apache-2.0
#include "compiler/discretize.h"

#include <cmath>
#include <stdexcept>
#include <string>

#include "reference/dplr_system.h"

namespace epoch {
namespace {

using Complex = std::complex<double>;

Complex word(const std::vector<float>& words, std::size_t index) {
  return {words[2 * index], words[2 * index + 1]};
}

// (e^z - 1) / z without cancellation, for small |z| too: e^z - 1 = 2 e^(z/2) sinh(z/2).
Complex mean_exponential(Complex z) {
  if (std::abs(z) < 1e-150) return 1;
  const Complex half = z / 2.0;
  return std::exp(half) * (std::sinh(half) / half);
}

struct Pair {
  Complex a, gain;  // b = B * gain
};

Pair discretised_mode(Discretization method, Complex lambda, double dt) {
  const Complex z = dt * lambda;
  if (method == Discretization::zoh) return {std::exp(z), dt * mean_exponential(z)};
  return {(1.0 + z / 2.0) / (1.0 - z / 2.0), dt / (1.0 - z / 2.0)};
}

}  // namespace

std::string place_text(std::size_t index, std::size_t modes) {
  return "channel " + std::to_string(index / modes) + ", mode " + std::to_string(index % modes);
}

DiagonalCoefficients diagonal_coefficients(const S4Config& config, const SsmTensors& ssm,
                                           std::size_t direction) {
  const std::size_t channels = config.channels, modes = config.modes;
  DiagonalCoefficients result;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    for (std::size_t mode = 0; mode < modes; ++mode) {
      const std::size_t i = (direction * channels + channel) * modes + mode;
      result.c.push_back(word(ssm.c, i));
      if (config.discretization == Discretization::stored) {
        result.a.push_back(word(ssm.a_bar, i));
        result.b.push_back(word(ssm.b, i));
        continue;
      }
      const double dt = std::exp(static_cast<double>(ssm.log_dt[direction * channels + channel]));
      const Complex lambda(-std::exp(static_cast<double>(ssm.log_a_re[i])), ssm.a_im[i]);
      const Pair pair = discretised_mode(config.discretization, lambda, dt);
      result.a.push_back(pair.a);
      result.b.push_back((ssm.b.empty() ? Complex(1) : word(ssm.b, i)) * pair.gain);
    }
  }
  return result;
}

// With d = 1 - dt/2 lambda and g = 1 + dt/2 P^* d^-1 P (sums run over conjugate pairs, so they are
// real: twice the real part): (I - dt/2 A)^-1 = d^-1 - dt/2 (d^-1 P)(P^* d^-1)/g, by Sherman and
// Morrison, and A_bar = 2 (I - dt/2 A)^-1 - I.
DplrCoefficients dplr_coefficients(const S4Config& config, const SsmTensors& ssm,
                                   std::size_t direction) {
  const std::size_t channels = config.channels, modes = config.modes;
  DplrCoefficients result;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    const std::size_t first = (direction * channels + channel) * modes;
    DplrChannel dense;
    dense.dt = std::exp(static_cast<double>(ssm.log_dt[direction * channels + channel]));
    dense.truncated_steps = config.truncated_steps;
    double g = 0, h = 0;  // P^* d^-1 P and P^* d^-1 B
    std::vector<Complex> d;
    for (std::size_t i = first; i < first + modes; ++i) {
      dense.lambda.emplace_back(-std::exp(static_cast<double>(ssm.log_a_re[i])), ssm.a_im[i]);
      dense.p.push_back(word(ssm.p, i));
      dense.b.push_back(word(ssm.b, i));
      dense.c.push_back(word(ssm.c, i));
      d.push_back(1.0 - dense.dt / 2 * dense.lambda.back());
      g += 2 * (std::norm(dense.p.back()) / d.back()).real();
      h += 2 * (std::conj(dense.p.back()) * dense.b.back() / d.back()).real();
    }
    g = 1 + dense.dt / 2 * g;
    // C may be stored as C (I - A_bar^L): that is undone on the dense system, once.
    DplrSystem system;
    system.modes = modes;
    if (dense.truncated_steps != 0) add_channel(system, dense);
    for (std::size_t m = 0; m < modes; ++m) {
      const Complex p = dense.p[m];
      const Complex b = dense.dt * (dense.b[m] - dense.dt / 2 * p * h / g) / d[m];
      if (std::abs(b) < 1e-30)
        throw std::domain_error("B_bar of " + place_text(channel * modes + m, modes) + " is 0");
      const Complex c =
          system.c.empty() ? 2.0 * dense.c[m] : Complex(system.c[m], -system.c[modes + m]);
      result.a.push_back(2.0 / d[m] - 1.0);
      result.w.push_back(2.0 * std::conj(p) / d[m] * b);
      result.p.push_back(dense.dt * p / (d[m] * g) / b);
      result.c.push_back(c * b);
    }
  }
  return result;
}

SharedCoefficients shared_coefficients(const S4Config& config, const SsmTensors& ssm) {
  SharedCoefficients result;
  for (std::size_t m = 0; m < config.modes; ++m) {
    const Complex lambda(ssm.log_a_re[m], ssm.a_im[m]);
    const Pair pair = discretised_mode(config.discretization, lambda,
                                       std::exp(static_cast<double>(ssm.log_dt[m])));
    result.a.push_back(pair.a);
    result.gain.push_back(pair.gain);
  }
  return result;
}

}  // namespace epoch
