// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "epoch_image.h"

namespace epoch::test {

// An op with its parameters taken apart again, in the network's order and as the hardware computes
// with them: a pole of type bf16d is 1 + what is stored, one of int8 is what is stored / 2^14; c
// and weights of int8 are the integers.
struct ImageOp {
  epoch_image_op op{};
  std::vector<double> words;  // SSM [channel][mode][word], LINEAR [column][input], GATHER [row]
                              // [column], vector operations as epoch_image.h orders them
  std::vector<double> extra;  // SSM D, LINEAR bias
  std::vector<double> scale;  // int8: what a channel's or column's integer sum is multiplied with
};

struct Image {
  epoch_image_header header{};
  std::vector<epoch_image_tensor> tensors;
  std::vector<ImageOp> ops;
};

// Reads a network image as epoch_image.h, epochcore.h (COEFF) and the array specification's "Shape"
// describe it, without the layout functions that wrote it. Throws std::runtime_error for a wrong
// magic, version, checksum or size, operands outside their tensors, misaligned or overlapping
// blocks, and bytes that belong to nothing and are not zero.
Image read_image(const std::vector<std::uint8_t>& bytes);

// Words of a mode in a coefficient block.
std::size_t words_of_mode(std::uint32_t mode);
// Elements of a row that an op takes of an input (EPOCH_INPUT_*), and that it makes.
std::uint32_t elements_taken(const epoch_image_op& op, std::uint32_t input);
std::uint32_t elements_made(const epoch_image_op& op);

}  // namespace epoch::test
