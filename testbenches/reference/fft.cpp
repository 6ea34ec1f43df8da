// SPDX-License-Identifier: Apache-2.0
#include "reference/fft.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace epoch::test {

Fft::Fft(std::size_t size) : size_(size), twiddles_(size / 2) {
  if (size == 0 || (size & (size - 1)) != 0) {
    throw std::invalid_argument("FFT size is not a power of two: " + std::to_string(size));
  }
  // Extended precision leaves one rounding: an angle in float64 would cost another 3 pi.
  const long double step = -2 * std::acos(-1.0L) / static_cast<long double>(size);
  for (std::size_t k = 0; k < twiddles_.size(); ++k) {
    twiddles_[k] = std::complex<double>(std::polar(1.0L, step * static_cast<long double>(k)));
  }
}

void Fft::forward(std::vector<std::complex<double>>& values) const {
  for (std::size_t i = 1, reversed = 0; i < size_; ++i) {
    std::size_t bit = size_ >> 1;
    for (; reversed & bit; bit >>= 1) {
      reversed ^= bit;
    }
    reversed ^= bit;
    if (i < reversed) {
      std::swap(values[i], values[reversed]);
    }
  }
  for (std::size_t half = 1; half < size_; half *= 2) {
    const std::size_t stride = size_ / (2 * half);
    for (std::size_t block = 0; block < size_; block += 2 * half) {
      for (std::size_t k = 0; k < half; ++k) {
        const std::complex<double> w = twiddles_[k * stride];
        const std::complex<double> odd = values[block + half + k];
        const std::complex<double> turned(odd.real() * w.real() - odd.imag() * w.imag(),
                                          odd.real() * w.imag() + odd.imag() * w.real());
        values[block + half + k] = values[block + k] - turned;
        values[block + k] += turned;
      }
    }
  }
}

void Fft::inverse(std::vector<std::complex<double>>& values) const {
  forward(values);
  std::reverse(values.begin() + 1, values.end());
  for (std::complex<double>& value : values) {
    value /= static_cast<double>(size_);
  }
}

}  // namespace epoch::test
