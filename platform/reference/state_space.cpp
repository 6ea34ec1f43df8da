// SPDX-License-Identifier: Apache-2.0
#include "reference/state_space.h"

#include <cmath>

#include "reference/row_functions.h"

namespace epoch {
namespace {

Complex word(const std::vector<float>& interleaved, std::size_t index) {
  return {interleaved[2 * index], interleaved[2 * index + 1]};
}

// (exp(z) - 1) / z, without the cancellation where z is small.
Complex growth(Complex z) {
  if (z == Complex(0)) return 1;
  const double half_sine = std::sin(z.imag() / 2), e = std::exp(z.real());
  const Complex difference(std::expm1(z.real()) * std::cos(z.imag()) - 2 * half_sine * half_sine,
                           e * std::sin(z.imag()));
  return difference / z;
}

struct Discrete {
  Complex a, gain;  // b = gain B
};

Discrete discretise(Discretization how, double dt, Complex lambda) {
  if (how == Discretization::zoh) return {std::exp(dt * lambda), dt * growth(dt * lambda)};
  const Complex denominator = 1.0 - dt / 2 * lambda;
  return {(1.0 + dt / 2 * lambda) / denominator, dt / denominator};
}

DiagonalSystem diagonal(const S4Config& config, const SsmTensors& ssm, std::size_t direction) {
  DiagonalSystem system{config.channels, config.modes, config.kind == SsmKind::liquid, {}, {}, {}};
  const std::size_t words = system.channels * system.modes;
  for (std::size_t i = direction * words; i < (direction + 1) * words; ++i) {
    system.c.push_back(word(ssm.c, i));
    if (config.discretization == Discretization::stored) {
      system.a.push_back(word(ssm.a_bar, i));
      system.b.push_back(word(ssm.b, i));
      continue;
    }
    const Complex lambda(-std::exp(static_cast<double>(ssm.log_a_re[i])), ssm.a_im[i]);
    const double dt = std::exp(static_cast<double>(ssm.log_dt[i / system.modes]));
    const Discrete discrete = discretise(config.discretization, dt, lambda);
    system.a.push_back(discrete.a);
    system.b.push_back(discrete.gain * word(ssm.b, i));
  }
  return system;
}

DplrSystem dplr(const S4Config& config, const SsmTensors& ssm, std::size_t direction) {
  DplrSystem system;
  const std::size_t channels = config.channels, modes = config.modes;
  for (std::size_t row = direction * channels; row < (direction + 1) * channels; ++row) {
    DplrChannel channel;
    channel.dt = std::exp(static_cast<double>(ssm.log_dt[row]));
    channel.truncated_steps = config.truncated_steps;
    for (std::size_t i = row * modes; i < (row + 1) * modes; ++i) {
      channel.lambda.emplace_back(-std::exp(static_cast<double>(ssm.log_a_re[i])), ssm.a_im[i]);
      channel.p.push_back(word(ssm.p, i));
      channel.b.push_back(word(ssm.b, i));
      channel.c.push_back(word(ssm.c, i));
    }
    add_channel(system, channel);
  }
  return system;
}

SharedSystem shared(const S4Config& config, const SsmTensors& ssm, std::size_t direction) {
  SharedSystem system;
  system.channels = config.channels;
  system.modes = config.modes;
  for (std::size_t mode = 0; mode < system.modes; ++mode) {
    const double dt = std::exp(static_cast<double>(ssm.log_dt[mode]));
    const Discrete discrete =
        discretise(config.discretization, dt, Complex(ssm.log_a_re[mode], ssm.a_im[mode]));
    system.a.push_back(discrete.a);
    system.gain.push_back(discrete.gain);
  }
  const std::size_t words = system.channels * system.modes;
  for (std::size_t i = 0; i < words; ++i) {
    system.b.push_back(word(ssm.b, i));
    system.c.push_back(word(ssm.c, direction * words + i));
  }
  return system;
}

// Real and imaginary parts apart: a vectorised loop, and no NaN handling of complex products.
struct Parts {
  std::vector<double> re, im;

  explicit Parts(std::size_t count) : re(count), im(count) {}
  Parts(const std::vector<Complex>& words, std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) {
      re.push_back(words[i].real());
      im.push_back(words[i].imag());
    }
  }
};

std::vector<double> run_channel(const DiagonalSystem& system, std::size_t channel,
                                const std::vector<double>& u) {
  const std::size_t modes = system.modes, first = channel * modes;
  const Parts a(system.a, first, modes), b(system.b, first, modes), c(system.c, first, modes);
  Parts x(modes);
  std::vector<double> y;
  y.reserve(u.size());
  for (const double input : u) {
    const double liquid = system.liquid ? input : 0;
    for (std::size_t i = 0; i < modes; ++i) {
      const double g_re = a.re[i] + b.re[i] * liquid, g_im = a.im[i] + b.im[i] * liquid;
      const double re = g_re * x.re[i] - g_im * x.im[i] + b.re[i] * input;
      x.im[i] = g_re * x.im[i] + g_im * x.re[i] + b.im[i] * input;
      x.re[i] = re;
    }
    double sum = 0;
    for (std::size_t i = 0; i < modes; ++i) sum += c.re[i] * x.re[i] - c.im[i] * x.im[i];
    y.push_back(2 * sum);
  }
  return y;
}

// The channels of s4d, s4 and liquid_s4 know nothing of each other.
template <class System>
std::vector<double> run_by_channel(const System& system, const std::vector<double>& u) {
  std::vector<double> y(u.size());
  for (std::size_t channel = 0; channel < system.channels; ++channel) {
    std::vector<double> signal;
    for (std::size_t i = channel; i < u.size(); i += system.channels) signal.push_back(u[i]);
    const std::vector<double> output = run_channel(system, channel, signal);
    for (std::size_t t = 0; t < output.size(); ++t) y[t * system.channels + channel] = output[t];
  }
  return y;
}

std::vector<double> run_system(const DiagonalSystem& system, const std::vector<double>& u) {
  return run_by_channel(system, u);
}

std::vector<double> run_system(const DplrSystem& system, const std::vector<double>& u) {
  return run_by_channel(system, u);
}

std::vector<double> run_system(const SharedSystem& system, const std::vector<double>& u) {
  const std::size_t modes = system.modes;
  std::vector<double> in, out;  // B as [2 M][H]: all real rows, then all imaginary; C as [H][2 M]
  for (const Complex& b : system.b) in.push_back(b.real());
  for (const Complex& b : system.b) in.push_back(b.imag());
  for (std::size_t i = 0; i < system.c.size(); i += modes) {
    for (std::size_t mode = 0; mode < modes; ++mode) out.push_back(2 * system.c[i + mode].real());
    for (std::size_t mode = 0; mode < modes; ++mode) out.push_back(-2 * system.c[i + mode].imag());
  }
  std::vector<double> states = linear<double>(in, {}, u, system.channels);  // B u, then x
  for (std::size_t mode = 0; mode < modes; ++mode) {
    const Complex a = system.a[mode], gain = system.gain[mode];
    double x_re = 0, x_im = 0;
    for (std::size_t row = mode; row < states.size(); row += 2 * modes) {
      const double v_re = states[row], v_im = states[row + modes];
      const double re = a.real() * x_re - a.imag() * x_im + gain.real() * v_re - gain.imag() * v_im;
      x_im = a.real() * x_im + a.imag() * x_re + gain.real() * v_im + gain.imag() * v_re;
      states[row] = x_re = re;
      states[row + modes] = x_im;
    }
  }
  return linear<double>(out, {}, states, 2 * modes);
}

std::vector<double> reversed(const std::vector<double>& rows, std::size_t width) {
  std::vector<double> result;
  result.reserve(rows.size());
  for (std::size_t row = rows.size(); row > 0; row -= width) {
    const auto end = rows.begin() + static_cast<std::ptrdiff_t>(row);
    result.insert(result.end(), end - static_cast<std::ptrdiff_t>(width), end);
  }
  return result;
}

}  // namespace

StateSpace discretised(const S4Config& config, const SsmTensors& ssm, std::size_t direction) {
  if (config.kind == SsmKind::s4) return dplr(config, ssm, direction);
  if (config.kind == SsmKind::s5) return shared(config, ssm, direction);
  return diagonal(config, ssm, direction);
}

std::vector<double> run(const StateSpace& system, const std::vector<double>& u) {
  return std::visit([&](const auto& kind) { return run_system(kind, u); }, system);
}

SsmOutput ssm_output(const S4Config& config, const SsmTensors& ssm, const std::vector<double>& u) {
  const std::size_t width = config.channels;
  SsmOutput output;
  output.directions.push_back(run(discretised(config, ssm, 0), u));
  if (config.directions > 1) {
    std::vector<double> second =
        reversed(run(discretised(config, ssm, 1), reversed(u, width)), width);
    if (config.shifted) {  // a step gets what the one behind it computed
      second.erase(second.begin(), second.begin() + static_cast<std::ptrdiff_t>(width));
      second.resize(u.size());
    }
    output.directions.push_back(std::move(second));
  }
  output.y.resize(u.size());
  for (std::size_t i = 0; i < u.size(); ++i) {
    for (const std::vector<double>& direction : output.directions) output.y[i] += direction[i];
    output.y[i] += ssm.d[i % width] * u[i];
  }
  return output;
}

}  // namespace epoch
