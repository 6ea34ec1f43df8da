// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "reference/fft.h"

using Signal = std::vector<std::complex<double>>;

namespace {

// Unit roundoff, and Higham's bound on the FFT's relative L2 error (Accuracy and Stability of
// Numerical Algorithms, 2nd ed., theorem 24.2) with twiddles right to a unit in the last place.
constexpr double roundoff = 0x1p-53;
double fft_bound(std::size_t size) {
  return 6.7 * roundoff * std::log2(static_cast<double>(size));
}

Signal random_signal(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  Signal signal(size);
  for (auto& value : signal) {
    value = {normal(random), normal(random)};
  }
  return signal;
}

// The definition, in extended precision.
Signal discrete_fourier_transform(const Signal& signal) {
  const std::size_t size = signal.size();
  Signal result(size);
  for (std::size_t k = 0; k < size; ++k) {
    std::complex<long double> sum = 0;
    for (std::size_t n = 0; n < size; ++n) {
      const long double angle = -2 * std::acos(-1.0L) * static_cast<long double>(k * n % size) /
                                static_cast<long double>(size);
      sum += std::complex<long double>(signal[n]) * std::polar(1.0L, angle);
    }
    result[k] = std::complex<double>(sum);
  }
  return result;
}

double relative_l2(const Signal& found, const Signal& expected) {
  double error = 0;
  double norm = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    error += std::norm(found[i] - expected[i]);
    norm += std::norm(expected[i]);
  }
  return std::sqrt(error / norm);
}

}  // namespace

TEST_CASE("FFT equals the definition and its inverse undoes it") {
  const auto size = GENERATE(as<std::size_t>{}, 1, 2, 4, 8, 64, 512);
  const unsigned seed = 11 + static_cast<unsigned>(size);
  CAPTURE(size, seed);
  const epoch::test::Fft fft(size);
  const Signal signal = random_signal(size, seed);
  Signal values = signal;
  fft.forward(values);
  CHECK(relative_l2(values, discrete_fourier_transform(signal)) <= fft_bound(size) + roundoff);
  fft.inverse(values);
  CHECK(relative_l2(values, signal) <= 2 * fft_bound(size) + 2 * roundoff);
}

TEST_CASE("FFT refuses sizes that are no power of two") {
  CHECK_THROWS_AS(epoch::test::Fft(0), std::invalid_argument);
  CHECK_THROWS_AS(epoch::test::Fft(12), std::invalid_argument);
}
