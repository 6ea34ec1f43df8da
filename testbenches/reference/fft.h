// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <complex>
#include <cstddef>
#include <vector>

namespace epoch::test {

// Radix-2 fast Fourier transform of one power-of-two size, float64.
class Fft {
 public:
  explicit Fft(std::size_t size);  // std::invalid_argument unless a power of two

  // In place; X[k] = sum x[n] exp(-2 pi i k n / size). The inverse divides by size.
  void forward(std::vector<std::complex<double>>& values) const;
  void inverse(std::vector<std::complex<double>>& values) const;

 private:
  std::size_t size_;
  std::vector<std::complex<double>> twiddles_;  // exp(-2 pi i k / size), k < size / 2
};

}  // namespace epoch::test
