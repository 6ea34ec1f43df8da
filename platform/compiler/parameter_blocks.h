// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "epoch_layout.h"

namespace epoch {

// An op's parameters in the order that COEFF reads them, grouped by firmware/driver/epoch_layout.h.
// Values are rounded to the layout's type here; of type int8, b, c and weights are integers already
// and `scale` is what a channel's integer sums are multiplied with.

struct SsmValues {
  std::vector<double> words;  // [channel][mode][word], in the order of epochcore.h
  std::vector<double> extra;  // [channel] D, or empty
  std::vector<double> scale;  // [channel], int8
};
std::vector<std::uint8_t> ssm_parameters(const epoch_ssm_layout& layout, const SsmValues& values);

struct GemmValues {
  std::vector<float> weight;  // [output][input]; outputs are array columns
  std::vector<float> extra;   // [output] bias, or empty
  std::vector<float> scale;   // [output], int8
};
std::vector<std::uint8_t> gemm_parameters(const epoch_gemm_layout& layout,
                                          const GemmValues& values);

// fp32 as it lies in memory: the parameters of vector operations, and tables.
std::vector<std::uint8_t> fp32_bytes(const std::vector<float>& values);
std::vector<std::uint8_t> bf16_bytes(const std::vector<float>& values);

}  // namespace epoch
