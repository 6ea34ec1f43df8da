// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace epoch {

// One direction of an s4 layer, discretised and dense: x' = A x + B u, y = C x' with a real state
// (Re x, Im x) of 2 modes dimensions a channel.
struct DplrSystem {
  std::size_t channels = 0, modes = 0;
  std::vector<double> a;     // [channel][2 M][2 M]
  std::vector<double> b, c;  // [channel][2 M]

  std::size_t dimensions() const { return 2 * modes; }
};

// One channel's continuous parameters, [mode] each.
struct DplrChannel {
  double dt = 0;
  std::vector<std::complex<double>> lambda, p, b, c;
  std::uint32_t truncated_steps = 0;  // C is stored as C (I - A_bar^L) for this L; 0 = as C
};

// Appends a channel, by the bilinear transform.
void add_channel(DplrSystem& system, const DplrChannel& channel);

// One channel's y of its u.
std::vector<double> run_channel(const DplrSystem& system, std::size_t channel,
                                const std::vector<double>& u);

}  // namespace epoch
