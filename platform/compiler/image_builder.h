// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "epoch_image.h"

namespace epoch {

// Puts tensors, ops and parameters together into one image (firmware/include/epoch_image.h). Ops
// run in the order in which they are added.
class ImageBuilder {
 public:
  using Bytes = std::vector<std::uint8_t>;

  // Rounded up to the alignment of parameters.
  static constexpr std::uint64_t aligned(std::uint64_t bytes) {
    return (bytes + EPOCH_IMAGE_ALIGN - 1) / EPOCH_IMAGE_ALIGN * EPOCH_IMAGE_ALIGN;
  }

  std::uint32_t add_tensor(const epoch_image_tensor& tensor);
  // `op` without its parameter fields; parameters in the order that the hardware reads them.
  std::uint32_t add_op(const epoch_image_op& op, Bytes parameters);

  const std::vector<epoch_image_tensor>& tensors() const { return tensors_; }
  const std::vector<epoch_image_op>& ops() const { return ops_; }
  std::uint64_t total_bytes() const;

  // The image; `header` gives name, array, layer count, input, output and documents. The tables of
  // GATHER stand behind all other parameters, so that those of neighbouring ops are one range.
  // Precondition: total_bytes() fits 32 bits. The builder's parameters are used up.
  Bytes finish(epoch_image_header header);

 private:
  std::uint64_t parameters_begin() const;
  std::uint64_t place_parameters();

  std::vector<epoch_image_tensor> tensors_;
  std::vector<epoch_image_op> ops_;
  std::vector<Bytes> parameters_;
};

}  // namespace epoch
