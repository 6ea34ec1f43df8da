// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "epoch_image.h"

namespace epoch::test {

// An op with its parameters taken apart again, in the model's order.
struct ImageOp {
  epoch_image_op op{};
  std::vector<float>
      values;  // SSM [channel][mode][words]; LINEAR [column][input]; NORM [gain, bias]
  std::vector<float> extra;  // SSM D, LINEAR bias
};

struct Image {
  epoch_image_header header{};
  std::vector<epoch_image_layer> layers;
  std::vector<ImageOp> ops;
};

// Reads a network image as epoch_image.h and the array specification's "Shape" describe it, without
// the layout functions that wrote it. Throws std::runtime_error for a wrong magic, version,
// checksum or size, misaligned or overlapping blocks, and bytes that belong to nothing and are not
// zero.
Image read_image(const std::vector<std::uint8_t>& bytes);

}  // namespace epoch::test
