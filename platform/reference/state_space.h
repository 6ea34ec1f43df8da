// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <complex>
#include <cstddef>
#include <variant>
#include <vector>

#include "model/s4_model.h"
#include "reference/dplr_system.h"

namespace epoch {

using Complex = std::complex<double>;

// One direction of a layer's state-space part, discretised in float64: s4d and liquid_s4.
struct DiagonalSystem {
  std::size_t channels = 0, modes = 0;
  bool liquid = false;
  std::vector<Complex> a, b, c;  // [channel][mode]
};

// s5: one state for all channels, x' = a x + gain (B u), y = 2 Re (C x).
struct SharedSystem {
  std::size_t channels = 0, modes = 0;
  std::vector<Complex> a, gain;  // [mode]
  std::vector<Complex> b;        // [mode][channel]
  std::vector<Complex> c;        // [channel][mode]
};

using StateSpace = std::variant<DiagonalSystem, DplrSystem, SharedSystem>;

StateSpace discretised(const S4Config& config, const SsmTensors& ssm, std::size_t direction);

// y [step][channel] of u [step][channel], from the first step to the last, without D.
std::vector<double> run(const StateSpace& system, const std::vector<double>& u);

// A whole layer: what each direction adds to a step's y, and y = their sum + D u.
struct SsmOutput {
  std::vector<std::vector<double>> directions;
  std::vector<double> y;
};
SsmOutput ssm_output(const S4Config& config, const SsmTensors& ssm, const std::vector<double>& u);

}  // namespace epoch
