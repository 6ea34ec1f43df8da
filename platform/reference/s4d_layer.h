// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace epoch {

// A diagonal state-space layer, float64, discrete (README.md):
//   x[h][n] = a x[h][n] + b u[h] ;  y[h] = 2 sum_n Re(c x[h][n]) + d[h] u[h]     x = 0 at the start
// Complex coefficients are [channel][mode], real and imaginary parts apart. Signals are
// [step][channel].
class S4dLayer {
 public:
  std::size_t channels = 0;
  std::size_t modes = 0;
  std::vector<double> a_re, a_im, b_re, b_im, c_re, c_im;
  std::vector<double> d;

  // y by the recurrence, step by step.
  std::vector<double> recurrence(const std::vector<double>& u) const;
  // y by FFT convolution with the kernel: shares no arithmetic with the recurrence.
  std::vector<double> convolution(const std::vector<double>& u) const;
  // Impulse response of one channel without d: k[t] = 2 sum_n Re(c b a^t).
  std::vector<double> kernel(std::size_t channel, std::size_t steps) const;
};

}  // namespace epoch
