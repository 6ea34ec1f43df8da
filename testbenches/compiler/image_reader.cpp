// SPDX-License-Identifier: Apache-2.0
#include "compiler/image_reader.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

namespace epoch::test {
namespace {

void expect(bool condition, const std::string& what) {
  if (!condition) {
    throw std::runtime_error("image: " + what);
  }
}

// Bit by bit, so that it shares nothing with the compiler's table.
std::uint32_t checksum(std::vector<std::uint8_t> bytes) {
  const std::size_t at = offsetof(epoch_image_header, checksum);
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 4, std::uint8_t{0});
  std::uint32_t crc = ~0u;
  for (const std::uint8_t byte : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const bool feed = ((crc ^ (static_cast<std::uint32_t>(byte) >> bit)) & 1u) != 0;
      crc = (crc >> 1) ^ (feed ? 0xEDB88320u : 0u);
    }
  }
  return ~crc;
}

class Reader {
 public:
  explicit Reader(const std::vector<std::uint8_t>& bytes) : bytes_(bytes), used_(bytes.size()) {}

  Image read() {
    expect(bytes_.size() >= sizeof image_.header, "shorter than its header");
    image_.header = take<epoch_image_header>(0);
    const epoch_image_header& header = image_.header;
    expect(header.magic == EPOCH_IMAGE_MAGIC, "magic");
    expect(header.version == EPOCH_IMAGE_VERSION, "version");
    expect(header.total_bytes == bytes_.size(), "total_bytes");
    expect(header.checksum == checksum(bytes_), "checksum");
    for (std::uint32_t i = 0; i < header.layer_count; ++i) {
      image_.layers.push_back(
          take<epoch_image_layer>(header.layer_offset + i * sizeof(epoch_image_layer)));
    }
    for (std::uint32_t i = 0; i < header.op_count; ++i) {
      ImageOp op;
      op.op = take<epoch_image_op>(header.op_offset + i * sizeof(epoch_image_op));
      read_parameters(op);
      image_.ops.push_back(op);
    }
    check_layers();
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      expect(used_[i] || bytes_[i] == 0, "byte " + std::to_string(i) + " belongs to nothing");
    }
    return image_;
  }

 private:
  // Claims bytes that nothing else may claim.
  template <typename T>
  T take(std::size_t offset) {
    expect(offset + sizeof(T) <= bytes_.size(), "past the end");
    for (std::size_t i = offset; i < offset + sizeof(T); ++i) {
      expect(!used_[i], "byte " + std::to_string(i) + " belongs to two things");
      used_[i] = true;
    }
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }

  float next_float() {
    const float value = take<float>(cursor_);
    cursor_ += sizeof(float);
    return value;
  }

  void align() { cursor_ = (cursor_ + 63) / 64 * 64; }

  void read_parameters(ImageOp& op) {
    cursor_ = op.op.parameter_offset;
    expect(cursor_ % 64 == 0, "parameters are not 64-byte aligned");
    switch (op.op.kind) {
      case EPOCH_IMAGE_OP_NORM:
        for (std::uint32_t i = 0; i < 2 * op.op.inputs; ++i) {
          op.values.push_back(next_float());
        }
        break;
      case EPOCH_IMAGE_OP_SSM:
        read_ssm(op);
        break;
      case EPOCH_IMAGE_OP_LINEAR:
        read_linear(op);
        break;
      default:
        break;
    }
    const std::size_t end = op.op.parameter_offset + op.op.parameter_bytes;
    expect(cursor_ <= end && end < cursor_ + 64, "parameter_bytes");
  }

  // array specification, "Shape": a channel takes P rows, whole segments of them; F channels stand
  // above each other in each of C columns; modes beyond R rows come in blocks of R.
  void read_ssm(ImageOp& op) {
    const std::uint32_t rows = image_.header.array_rows;
    const std::uint32_t segment = image_.header.array_segment_rows;
    const std::uint32_t channels = op.op.inputs;
    const std::uint32_t modes = op.op.modes;
    const bool complex = EPOCH_FORMAT_MODE(op.op.format) == EPOCH_MODE_COMPLEX;
    const std::uint32_t words = complex ? 4 : 2;
    const std::uint32_t on_array = std::min(modes, rows);
    const std::uint32_t rows_a_channel = (on_array + segment - 1) / segment * segment;
    const std::uint32_t group = std::max(1u, rows / rows_a_channel) * image_.header.array_cols;
    const bool has_extra = (EPOCH_FORMAT_FLAGS(op.op.format) & EPOCH_ARRAY_EXTRA) != 0;
    op.values.resize(std::size_t{channels} * modes * words);
    op.extra.resize(has_extra ? channels : 0);
    for (std::uint32_t first = 0; first < channels; first += group) {
      const std::uint32_t last = std::min(channels, first + group);
      for (std::uint32_t mode = 0; mode < modes; mode += rows) {
        align();
        const std::uint32_t mode_end = std::min(modes, mode + rows);
        for (std::uint32_t channel = first; channel < last; ++channel) {
          for (std::size_t i = (channel * modes + mode) * words;
               i < (channel * modes + mode_end) * words; ++i) {
            op.values[i] = next_float();
          }
        }
        for (std::uint32_t channel = first; has_extra && mode_end == modes && channel < last;
             ++channel) {
          op.extra[channel] = next_float();
        }
      }
    }
  }

  // Tiles of at most R inputs by C outputs, output folds outside; a GLU's pairs stay together.
  void read_linear(ImageOp& op) {
    const bool glu = op.op.activation == EPOCH_ACTIVATION_GLU;
    const std::uint32_t rows = image_.header.array_rows;
    const std::uint32_t cols = image_.header.array_cols - (glu ? image_.header.array_cols % 2 : 0);
    const std::uint32_t columns = op.op.outputs * (glu ? 2 : 1);
    const std::uint32_t inputs = op.op.inputs;
    const bool has_extra = (EPOCH_FORMAT_FLAGS(op.op.format) & EPOCH_ARRAY_EXTRA) != 0;
    op.values.resize(std::size_t{columns} * inputs);
    op.extra.resize(has_extra ? columns : 0);
    for (std::uint32_t first = 0; first < columns; first += cols) {
      const std::uint32_t last = std::min(columns, first + cols);
      for (std::uint32_t input = 0; input < inputs; input += rows) {
        align();
        const std::uint32_t input_end = std::min(inputs, input + rows);
        for (std::uint32_t column = first; column < last; ++column) {
          for (std::uint32_t i = input; i < input_end; ++i) {
            op.values[std::size_t{column} * inputs + i] = next_float();
          }
        }
        for (std::uint32_t column = first; has_extra && input_end == inputs && column < last;
             ++column) {
          op.extra[column] = next_float();
        }
      }
    }
  }

  // Layers cover the ops in order; each one's parameters are one range.
  void check_layers() const {
    std::uint32_t next_op = 0;
    std::uint32_t next_byte = image_.layers.empty() ? 0 : image_.layers[0].parameter_offset;
    for (const epoch_image_layer& layer : image_.layers) {
      expect(layer.first_op == next_op && layer.op_count > 0, "layers do not cover the ops");
      expect(layer.parameter_offset == next_byte && next_byte % 64 == 0,
             "a layer's parameters do not follow the last layer's");
      next_op += layer.op_count;
      next_byte += layer.parameter_bytes;
      for (std::uint32_t i = layer.first_op; i < next_op; ++i) {
        const epoch_image_op& op = image_.ops[i].op;
        expect(op.parameter_offset >= layer.parameter_offset &&
                   op.parameter_offset + op.parameter_bytes <= next_byte,
               "parameters outside their layer");
      }
    }
    expect(next_op == image_.ops.size() && next_byte == bytes_.size(), "layers end early");
  }

  const std::vector<std::uint8_t>& bytes_;
  std::vector<bool> used_;
  std::size_t cursor_ = 0;
  Image image_;
};

}  // namespace

Image read_image(const std::vector<std::uint8_t>& bytes) {
  return Reader(bytes).read();
}

}  // namespace epoch::test
