// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "epoch_caps.h"
#include "epoch_image.h"

// Random small networks: as an image, and as a direct float64 evaluation of the same numbers.

namespace epoch::test {

struct SampleOp {
  epoch_image_op op{};  // parameter fields are set by the image builder
  // SSM: [channel][mode][words]; LINEAR: [column][input]; NORM: gain then bias.
  std::vector<float> values;
  std::vector<float> extra;  // D or bias
};

struct SampleNetwork {
  epoch_array_shape array{};
  std::uint32_t input_width = 1;
  std::vector<std::vector<SampleOp>> layers;

  std::uint32_t output_width() const { return layers.back().back().op.outputs; }
  // Elements of work of a sequence: modes stepped by SSMs, products of LINEARs.
  std::uint64_t ssm_elements(std::uint32_t steps) const;
  std::uint64_t gemm_products(std::uint32_t steps) const;
};

struct SampleLimits {
  std::uint32_t width = 20;
  std::uint32_t modes = 16;
  std::uint32_t middle_layers = 3;
  std::uint32_t layer_ops = 5;
};

// The image's bytes at a 64-byte aligned address.
class SampleImage {
 public:
  explicit SampleImage(const SampleNetwork& network);
  std::uint8_t* data() { return storage_.data() + offset_; }
  const std::uint8_t* data() const { return storage_.data() + offset_; }
  std::uint32_t size() const { return size_; }
  epoch_image_header& header() { return *reinterpret_cast<epoch_image_header*>(data()); }
  epoch_image_layer* layers();
  epoch_image_op* ops();
  void seal();  // sets the checksum to what the bytes say

 private:
  std::vector<std::uint8_t> storage_;
  std::size_t offset_ = 0;
  std::uint32_t size_ = 0;
};

epoch_array_shape random_array(std::mt19937& random);
SampleNetwork random_network(std::mt19937& random, const epoch_array_shape& array,
                             const SampleLimits& limits = {});
// Caps of a device that implements everything this version knows, with the given buffers.
epoch_caps sample_caps(const epoch_array_shape& array, std::uint32_t activations,
                       std::uint32_t coefficients, std::uint32_t accumulators);

// Result rows, row-major.
std::vector<double> evaluate(const SampleNetwork& network, const std::vector<std::uint8_t>& input,
                             std::uint32_t steps);

// A plain bitwise CRC-32, to check the driver's against.
std::uint32_t bitwise_crc32(const std::uint8_t* bytes, std::size_t count);

}  // namespace epoch::test
