// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/image_reader.h"

namespace epoch::test {

// Runs an image on one sequence [step][input_width]: the accelerator's arithmetic to the bit,
// without time, tiles, passes or folds. Written from the array specification's "Arithmetic" (order
// of every sum, exp_pe, flushing) and the definitions in models/epochcore/README.md (sigmoid, GELU,
// vector operations), shares no code with the models. Finite values only: NaN and infinity are not
// canonicalised.
std::vector<float> execute_image(const Image& image, const std::vector<std::uint8_t>& input);

}  // namespace epoch::test
