// SPDX-License-Identifier: Apache-2.0
#include "compiler/image_builder.h"

#include <cstring>

#include "compiler/crc32.h"

namespace epoch {
namespace {

constexpr std::uint64_t layers_begin = sizeof(epoch_image_header);

}  // namespace

void ImageBuilder::begin_layer() {
  Layer layer;
  layer.first_op = static_cast<std::uint32_t>(ops_.size());
  layer.first_parameter = parameters_.size();
  layers_.push_back(layer);
}

void ImageBuilder::add_op(const epoch_image_op& op, const std::vector<std::uint8_t>& parameters) {
  epoch_image_op placed = op;
  placed.parameter_offset = static_cast<std::uint32_t>(parameters_.size());
  placed.parameter_bytes = static_cast<std::uint32_t>(parameters.size());
  ops_.push_back(placed);
  ++layers_.back().op_count;
  parameters_.insert(parameters_.end(), parameters.begin(), parameters.end());
  parameters_.resize(aligned(parameters_.size()));
}

std::vector<std::uint64_t> ImageBuilder::layer_parameter_bytes() const {
  std::vector<std::uint64_t> bytes;
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    const std::uint64_t end =
        layer + 1 < layers_.size() ? layers_[layer + 1].first_parameter : parameters_.size();
    bytes.push_back(end - layers_[layer].first_parameter);
  }
  return bytes;
}

std::uint64_t ImageBuilder::ops_begin() const {
  return aligned(layers_begin + layers_.size() * sizeof(epoch_image_layer));
}

std::uint64_t ImageBuilder::parameters_begin() const {
  return aligned(ops_begin() + ops_.size() * sizeof(epoch_image_op));
}

std::uint64_t ImageBuilder::total_bytes() const {
  return parameters_begin() + parameters_.size();
}

std::vector<std::uint8_t> ImageBuilder::finish(epoch_image_header header) const {
  const auto word = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
  header.magic = EPOCH_IMAGE_MAGIC;
  header.version = EPOCH_IMAGE_VERSION;
  header.contract_version = EPOCH_VERSION_MAJOR << 16 | EPOCH_VERSION_MINOR;
  header.total_bytes = word(total_bytes());
  header.checksum = 0;
  header.layer_count = word(layers_.size());
  header.layer_offset = word(layers_begin);
  header.op_count = word(ops_.size());
  header.op_offset = word(ops_begin());

  std::vector<std::uint8_t> image(total_bytes());
  const std::vector<std::uint64_t> layer_bytes = layer_parameter_bytes();
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const epoch_image_layer layer = {layers_[i].first_op, layers_[i].op_count,
                                     word(parameters_begin() + layers_[i].first_parameter),
                                     word(layer_bytes[i])};
    std::memcpy(image.data() + header.layer_offset + i * sizeof layer, &layer, sizeof layer);
  }
  for (std::size_t i = 0; i < ops_.size(); ++i) {
    epoch_image_op op = ops_[i];
    op.parameter_offset += word(parameters_begin());
    std::memcpy(image.data() + header.op_offset + i * sizeof op, &op, sizeof op);
  }
  if (!parameters_.empty()) {
    std::memcpy(image.data() + parameters_begin(), parameters_.data(), parameters_.size());
  }
  std::memcpy(image.data(), &header, sizeof header);
  header.checksum = crc32(image.data(), image.size());
  std::memcpy(image.data(), &header, sizeof header);
  return image;
}

}  // namespace epoch
