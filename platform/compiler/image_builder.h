// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epoch_image.h"

namespace epoch {

// Puts layers, ops and parameters together into one image (firmware/include/epoch_image.h). Layers
// and ops run in the order in which they are added.
class ImageBuilder {
 public:
  // Rounded up to the alignment of parameter blocks.
  static constexpr std::uint64_t aligned(std::uint64_t bytes) {
    return (bytes + EPOCH_IMAGE_ALIGN - 1) / EPOCH_IMAGE_ALIGN * EPOCH_IMAGE_ALIGN;
  }

  void begin_layer();
  // `op` without its parameter fields; parameters in the order that the hardware reads them.
  void add_op(const epoch_image_op& op, const std::vector<std::uint8_t>& parameters);

  std::uint64_t total_bytes() const;

  // The image; `header` gives name, array and widths. Precondition: total_bytes() fits 32 bits.
  std::vector<std::uint8_t> finish(epoch_image_header header) const;

 private:
  struct Layer {
    std::uint32_t first_op = 0;
    std::uint32_t op_count = 0;
    std::uint64_t first_parameter = 0;  // bytes from the start of the parameters
  };

  std::vector<std::uint64_t> layer_parameter_bytes() const;
  std::uint64_t ops_begin() const;
  std::uint64_t parameters_begin() const;

  std::vector<Layer> layers_;
  std::vector<epoch_image_op> ops_;  // parameter_offset from the start of the parameters
  std::vector<std::uint8_t> parameters_;
};

}  // namespace epoch
