// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "compiler/image_builder.h"
#include "epoch_caps.h"

namespace epoch::test {

// Bytes at a 64-byte aligned address, as the driver wants an image.
class AlignedImage {
 public:
  explicit AlignedImage(const std::vector<std::uint8_t>& bytes);
  std::uint8_t* data() { return storage_.data() + offset_; }
  const std::uint8_t* data() const { return storage_.data() + offset_; }
  std::uint32_t size() const { return size_; }
  epoch_image_header& header() { return *reinterpret_cast<epoch_image_header*>(data()); }
  epoch_image_tensor* tensors();
  epoch_image_op* ops();
  void seal();  // sets the checksum to what the bytes say

 private:
  std::vector<std::uint8_t> storage_;
  std::size_t offset_ = 0;
  std::uint32_t size_ = 0;
};

epoch_array_shape random_array(std::mt19937& random);
// Caps of a device that implements everything this version knows, with the given buffers.
epoch_caps sample_caps(const epoch_array_shape& array, std::uint32_t activations,
                       std::uint32_t coefficients, std::uint32_t accumulators);

struct ImageLimits {
  std::uint32_t width = 20;
  std::uint32_t modes = 12;
  std::uint32_t blocks = 4;
  bool causal = false;     // no op that looks ahead
  bool one_output = true;  // may end in a pool and a head; else a row a step
};

// A random small network of every kind of op, for one array: what a compiler could have made and
// more. Its numbers stay small: poles inside 0.95, weights around 1/sqrt(inputs).
std::vector<std::uint8_t> random_image(std::mt19937& random, const epoch_array_shape& array,
                                       const ImageLimits& limits = {});

// An input for it of so many steps: [documents][steps] rows; indices are inside the tables.
std::vector<std::uint8_t> random_input(std::mt19937& random, const AlignedImage& image,
                                       std::uint32_t steps);

// A plain bitwise CRC-32, to check the driver's against.
std::uint32_t bitwise_crc32(const std::uint8_t* bytes, std::size_t count);

}  // namespace epoch::test
