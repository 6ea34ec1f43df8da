// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "model/s4_model.h"

namespace epoch::test {

// What channel `to` of a direction answers at steps 0, 1, ... to a single 1 in channel `from`,
// without D: the convolution kernel of an s4d, s4 or s5 layer, without any recurrence.
//
//   s4d, s5   powers of a as exp(t log a), which for zero-order hold is exp(t dt lambda)
//   s4        the generating function sum k[t] z^t = C (I - z A_bar)^-1 B_bar at points of a
//   circle,
//             by the Woodbury identity on diag + rank 1 (S4, arXiv 2111.00396, appendix C.3), and
//             an inverse FFT; a truncated C gives the first L terms' sum on the unit circle
//             directly
std::vector<double> ssm_kernel(const S4Config& config, const SsmTensors& ssm, std::size_t direction,
                               std::size_t to, std::size_t from, std::size_t steps);

// Causal convolution, kernel and signal of one length, by FFT.
std::vector<double> fft_convolution(const std::vector<double>& kernel,
                                    const std::vector<double>& signal);

}  // namespace epoch::test
