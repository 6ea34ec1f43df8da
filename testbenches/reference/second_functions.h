// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace epoch::test {

// The functions of platform/reference/row_functions by other formulas, in extended precision where
// a sum or a cancellation asks for it.

using Row = std::vector<double>;
using Table = std::vector<Row>;  // [step][width]

double second_sigmoid(double x);
double second_gelu_erf(double x);
double second_gelu_tanh(double x);
double second_silu(double x);
double second_softplus(double x);
double second_tanh(double x);

// weight row + bias, [outputs][inputs]; an empty bias is none.
Row second_linear(const std::vector<float>& weight, const std::vector<float>& bias, const Row& row);
Table second_linear(const std::vector<float>& weight, const std::vector<float>& bias,
                    const Table& rows);

Row second_layer_norm(const std::vector<float>& weight, const std::vector<float>& bias,
                      double epsilon, const Row& row);
Row second_rms_norm(const std::vector<float>& weight, double epsilon, const Row& row);

// Bytes as rows of u.
Table second_rows(const std::vector<std::uint8_t>& bytes, std::size_t width, double scale,
                  double mean, double deviation);

}  // namespace epoch::test
