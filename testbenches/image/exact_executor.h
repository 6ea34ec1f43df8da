// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "image/image_reader.h"

namespace epoch::test {

// Runs a causal fp32 S4D network with layer norms (the digits' one) on [step][input_width] bytes:
// the accelerator's arithmetic to the bit, without time, tiles, passes or folds. Written from the
// array specification's "Arithmetic" (order of every sum, exp_pe, flushing) and the definitions in
// models/epochcore/README.md (sigmoid, GELU, vector operations), shares no code with the models.
// Finite values only. Throws std::runtime_error for ops of other networks.
std::vector<float> execute_exactly(const Image& image, const std::vector<std::uint8_t>& input);

}  // namespace epoch::test
