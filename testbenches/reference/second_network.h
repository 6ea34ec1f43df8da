// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "reference/reference_network.h"
#include "reference/second_functions.h"

namespace epoch::test {

// Networks written a second time, from their definitions and without recurrences where there is
// another way, to hold platform/reference against: short sequences only (sums over pairs of steps).
//
//   s4d, s4, s5   double sums over convolution kernels (ssm_kernels.h)
//   liquid_s4     x[t] = sum_k (prod_{k < j <= t} (a + b z[j])) b z[k], every product anew
//   Mamba         y[t] = sum_k C[t] exp(A sum_{k < j <= t} d[j]) d[k] B[k] x[k]
//   Mamba-2       Y = (L o C B^T) X by head (arXiv 2405.21060, section 3.1)
//   plain         loops over PyTorch's definitions of Linear, LSTM and Conv2d
std::vector<double> second_outputs(const NetworkModel& model, const ReferenceInput& input);

// y of one layer's state-space part, D included.
Table second_ssm(const S4Config& config, const SsmTensors& ssm, const Table& u);

std::vector<double> second_s4(const S4Model& model, const ReferenceInput& input);
std::vector<double> second_mamba(const MambaModel& model, const std::vector<std::uint32_t>& tokens);
std::vector<double> second_dense(const DenseModel& model, const std::vector<std::uint8_t>& bytes);

}  // namespace epoch::test
