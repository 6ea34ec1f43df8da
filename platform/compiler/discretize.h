// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <complex>
#include <cstddef>
#include <vector>

#include "model/s4_model.h"

namespace epoch {

// The recurrences of the S4 family as the array runs them, in float64: one direction of a layer,
// [channel][mode]; of s5 [mode].

// s4d and liquid_s4: x' = a x + b u (liquid: (a + b u) x + b u), y = 2 Re sum C x.
struct DiagonalCoefficients {
  std::vector<std::complex<double>> a, b, c;
};
DiagonalCoefficients diagonal_coefficients(const S4Config& config, const SsmTensors& ssm,
                                           std::size_t direction);

// s4: A_bar = (I - dt/2 A)^-1 (I + dt/2 A) with A = diag(lambda) - P P^* is diagonal plus rank one
// again: x' = a x - p s + u, s = Re sum w x (x before the step), y = Re sum c x. B_bar is folded:
// x is in units of it.
struct DplrCoefficients {
  std::vector<std::complex<double>> a, w, p, c;
};
// Throws std::domain_error, with channel and mode, where B_bar is 0: nothing to fold.
DplrCoefficients dplr_coefficients(const S4Config& config, const SsmTensors& ssm,
                                   std::size_t direction);

// s5: x' = a x + gain (B u), by mode.
struct SharedCoefficients {
  std::vector<std::complex<double>> a, gain;
};
SharedCoefficients shared_coefficients(const S4Config& config, const SsmTensors& ssm);

// "channel 3, mode 7"
std::string place_text(std::size_t index, std::size_t modes);

}  // namespace epoch
