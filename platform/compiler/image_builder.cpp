// SPDX-License-Identifier: Apache-2.0
#include "compiler/image_builder.h"

#include <cstring>
#include <utility>

#include "epoch_crc.h"

namespace epoch {
namespace {

std::uint32_t word(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}

template <class Entry>
void copy_table(const std::vector<Entry>& table, std::uint64_t offset, ImageBuilder::Bytes& image) {
  if (!table.empty())
    std::memcpy(image.data() + offset, table.data(), table.size() * sizeof(Entry));
}

}  // namespace

std::uint32_t ImageBuilder::add_tensor(const epoch_image_tensor& tensor) {
  tensors_.push_back(tensor);
  return word(tensors_.size() - 1);
}

std::uint32_t ImageBuilder::add_op(const epoch_image_op& op, Bytes parameters) {
  ops_.push_back(op);
  parameters_.push_back(std::move(parameters));
  return word(ops_.size() - 1);
}

std::uint64_t ImageBuilder::parameters_begin() const {
  return aligned(sizeof(epoch_image_header) + tensors_.size() * sizeof(epoch_image_tensor) +
                 ops_.size() * sizeof(epoch_image_op));
}

std::uint64_t ImageBuilder::total_bytes() const {
  std::uint64_t bytes = parameters_begin();
  for (const Bytes& parameters : parameters_) bytes += aligned(parameters.size());
  return bytes;
}

std::uint64_t ImageBuilder::place_parameters() {
  std::uint64_t offset = parameters_begin();
  for (const bool tables : {false, true}) {
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      if ((ops_[i].kind == EPOCH_IMAGE_OP_GATHER) != tables || parameters_[i].empty()) continue;
      ops_[i].parameter_offset = word(offset);
      ops_[i].parameter_bytes = word(parameters_[i].size());
      offset += aligned(parameters_[i].size());
    }
  }
  return offset;
}

ImageBuilder::Bytes ImageBuilder::finish(epoch_image_header header) {
  header.magic = EPOCH_IMAGE_MAGIC;
  header.version = EPOCH_IMAGE_VERSION;
  header.contract_version = EPOCH_VERSION_MAJOR << 16 | EPOCH_VERSION_MINOR;
  header.total_bytes = word(place_parameters());
  header.checksum = 0;
  header.tensor_count = word(tensors_.size());
  header.tensor_offset = sizeof header;
  header.op_count = word(ops_.size());
  header.op_offset = word(sizeof header + tensors_.size() * sizeof(epoch_image_tensor));

  Bytes image(header.total_bytes);
  copy_table(tensors_, header.tensor_offset, image);
  copy_table(ops_, header.op_offset, image);
  for (std::size_t i = 0; i < ops_.size(); ++i) {
    copy_table(parameters_[i], ops_[i].parameter_offset, image);
    Bytes().swap(parameters_[i]);  // a large network is in memory once
  }
  std::memcpy(image.data(), &header, sizeof header);
  header.checksum = epoch_crc32(0, image.data(), header.total_bytes);
  std::memcpy(image.data(), &header, sizeof header);
  return image;
}

}  // namespace epoch
