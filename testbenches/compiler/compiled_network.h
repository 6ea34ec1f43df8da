// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/network_compiler.h"
#include "image/image_evaluator.h"
#include "reference/random_models.h"

namespace epoch::test {

// Random networks by family; RandomModels draws all that a family's configuration allows. Each
// family has a thousand seeds of its own.
const std::vector<std::string>& family_names();
NetworkModel random_model(RandomModels& random, const std::string& family);
unsigned first_seed(const std::string& family);
// Whether the compiler knows the family in this type; of int8, an s4d with some of the decoders.
bool family_has(const std::string& family, NumberType type);
S4Model random_int8_model(RandomModels& random);

// What the default platform's hardware can do, with its array; and with another one.
epoch_caps default_target();
epoch_caps target_of(std::uint32_t rows, std::uint32_t cols, std::uint32_t segment_rows);
// A small array, so that small networks take several passes, blocks and folds; its slots hold modes
// or channels. Pairs of columns fit, and so do the `modes` of a dplr channel.
epoch_caps random_target(RandomModels& random, const NetworkModel& model);

// An input as the driver's caller has it: bytes, or token ids of 4 bytes.
std::vector<std::uint8_t> input_bytes(const ReferenceInput& input);

// What an image makes of an input in float64: the output tensor, and everything.
std::vector<double> image_outputs(const std::vector<std::uint8_t>& image,
                                  const ReferenceInput& input);
ImageRun run_image(const Image& image, const ReferenceInput& input);

// max |found - expected| over max |expected|, infinite for a value that is not finite.
double relative_difference(const std::vector<double>& found, const std::vector<double>& expected);

}  // namespace epoch::test
