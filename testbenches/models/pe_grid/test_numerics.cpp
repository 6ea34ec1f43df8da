// SPDX-License-Identifier: Apache-2.0
// Accuracy of the fp32 recurrence (platform/reference/README.md, level 3a): the array against a
// float64 recurrence on the same rounded coefficients and inputs, which is itself checked by FFT
// convolution.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <complex>
#include <random>

#include "models/pe_grid/random_case.h"

using namespace epoch;
using Complex = std::complex<double>;

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr unsigned kLength = 16384, kChannels = 24, kModes = 32;

// S4D-Lin channels, zero-order hold, c' = 2 C B folded, as the compiler makes them; dt from 1e-4,
// exactly, to 0.1.
std::vector<float> s4d_lin(std::uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  std::vector<float> words;
  for (unsigned h = 0; h < kChannels; ++h) {
    const double dt = 1e-4 * std::pow(1000.0, static_cast<double>(h) / (kChannels - 1));
    for (unsigned n = 0; n < kModes; ++n) {
      const Complex lambda(-0.5, kPi * n), a = std::exp(dt * lambda);
      const Complex c = 2.0 * Complex(normal(engine), normal(engine)) * (a - 1.0) / lambda;
      for (double word : {a.real(), a.imag(), c.real(), c.imag()})
        words.push_back(static_cast<float>(word));
    }
  }
  return words;
}

struct Channel {
  std::vector<double> y, scale;  // scale = sum |c| |x|
};

Channel recurrence(const float* words, const std::vector<double>& u) {
  Channel result;
  std::vector<Complex> x(kModes);
  for (double input : u) {
    double y = 0.0, scale = 0.0;
    for (unsigned n = 0; n < kModes; ++n) {
      const Complex a(words[4 * n], words[4 * n + 1]), c(words[4 * n + 2], words[4 * n + 3]);
      x[n] = a * x[n] + input;
      y += (c * x[n]).real();
      scale += std::abs(c) * std::abs(x[n]);
    }
    result.y.push_back(y);
    result.scale.push_back(scale);
  }
  return result;
}

// In-place radix-2 FFT, decimation in time; the inverse is not divided by the length.
void fft(std::vector<Complex>& v, bool inverse) {
  const std::size_t size = v.size();
  for (std::size_t i = 1, j = 0; i < size; ++i) {
    std::size_t bit = size >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(v[i], v[j]);
  }
  for (std::size_t half = 1; half < size; half *= 2)
    for (std::size_t k = 0; k < half; ++k) {
      const double angle = kPi * static_cast<double>(k) / static_cast<double>(half);
      const Complex w = std::polar(1.0, inverse ? angle : -angle);
      for (std::size_t i = k; i < size; i += 2 * half) {
        const Complex odd = w * v[i + half];
        v[i + half] = v[i] - odd;
        v[i] += odd;
      }
    }
}

// y by convolution with the kernel K[l] = sum Re(c a^l).
std::vector<double> convolution(const float* words, const std::vector<double>& u) {
  std::vector<Complex> kernel(2 * kLength), signal(2 * kLength);
  for (unsigned n = 0; n < kModes; ++n) {
    const Complex a(words[4 * n], words[4 * n + 1]), c(words[4 * n + 2], words[4 * n + 3]);
    for (unsigned l = 0; l < kLength; ++l)
      kernel[l] += (c * std::exp(std::log(a) * double(l))).real();
  }
  std::copy(u.begin(), u.end(), signal.begin());
  fft(kernel, false);
  fft(signal, false);
  for (std::size_t i = 0; i < signal.size(); ++i) signal[i] *= kernel[i];
  fft(signal, true);
  std::vector<double> y(kLength);
  for (unsigned t = 0; t < kLength; ++t) y[t] = signal[t].real() / (2.0 * kLength);
  return y;
}

double norm(const std::vector<double>& v) {
  double sum = 0.0;
  for (double each : v) sum += each * each;
  return std::sqrt(sum);
}

// u [t][channel]: noise, or 1 throughout.
std::vector<float> input(bool constant, std::uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> u(std::size_t{kLength} * kChannels, 1.0f);
  if (!constant)
    for (float& each : u) each = normal(engine);
  return u;
}

std::vector<double> channel_of(const std::vector<float>& rows, unsigned channel) {
  std::vector<double> result;
  for (unsigned t = 0; t < kLength; ++t) result.push_back(rows[t * kChannels + channel]);
  return result;
}

void check_accuracy(bool constant) {
  const std::uint32_t seed = 4242;
  CAPTURE(seed, constant);
  const std::vector<float> words = s4d_lin(seed), u = input(constant, seed + 1);
  ArrayConfig config;
  const auto array = PeArray::make(Fidelity::fast, config);
  array->load(block_of(ArrayMode::complex, kChannels, kModes, words.data(), nullptr));
  std::vector<float> y(u.size());
  ArrayCommand command;
  command.steps = kLength;
  command.u = u.data();
  NumericEvents events;
  array->run(command, y.data(), events);

  std::vector<double> errors;
  for (unsigned h = 0; h < kChannels; ++h) {
    const float* coefficients = &words[std::size_t{h} * kModes * 4];
    const std::vector<double> signal = channel_of(u, h);
    const Channel exact = recurrence(coefficients, signal);
    std::vector<double> difference = channel_of(y, h);
    for (unsigned t = 0; t < kLength; ++t) difference[t] -= exact.y[t];
    errors.push_back(norm(difference) / norm(exact.scale));

    difference = convolution(coefficients, signal);
    for (unsigned t = 0; t < kLength; ++t) difference[t] -= exact.y[t];
    CHECK(norm(difference) / norm(exact.scale) < 1e-11);
  }
  std::sort(errors.begin(), errors.end());
  CHECK(errors[kChannels / 2] <= 5e-5);
  CHECK(errors.back() <= 1e-3);
  CHECK(errors.front() > 0.0);  // fp32 is not float64: the comparison does compare
}

}  // namespace

TEST_CASE("noise through S4D-Lin, 16384 steps, stays within level 3a") {
  check_accuracy(false);
}

TEST_CASE("a constant through S4D-Lin, 16384 steps, stays within level 3a") {
  check_accuracy(true);
}
