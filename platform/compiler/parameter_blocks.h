// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "epoch_layout.h"

namespace epoch {

// An op's parameters in the order that COEFF reads them, grouped by firmware/driver/epoch_layout.h.

// coefficients [channel][mode][mode_words], extra [channel] (D).
std::vector<std::uint8_t> ssm_parameters(const epoch_ssm_layout& layout,
                                         const std::vector<float>& coefficients,
                                         const std::vector<float>& extra);

// weight [output][input], extra [output] (bias); outputs are array columns.
std::vector<std::uint8_t> gemm_parameters(const epoch_gemm_layout& layout,
                                          const std::vector<float>& weight,
                                          const std::vector<float>& extra);

}  // namespace epoch
