// SPDX-License-Identifier: Apache-2.0
#include "image/image_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>

namespace epoch::test {
namespace {

void expect(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error("image: " + what);
}

// The words of each mode, by how they are stored: P and p the real and imaginary part of a pole, w
// always 4 bytes, n the type's own width.
const char* word_kinds(std::uint32_t mode) {
  static const char* const kinds[] = {"Pn", "Ppnn", "Pnn", "Ppnnnn", "Ppwwwwnn",
                                      "w",  "",     "Pp",  "n"};
  expect(mode <= EPOCH_MODE_MAC, "mode " + std::to_string(mode));
  return kinds[mode];
}

bool has_flag(const epoch_image_op& op, std::uint32_t flag) {
  return (EPOCH_FORMAT_FLAGS(op.format) & flag) != 0;
}

// Bit by bit, so that it shares nothing with the driver's tables.
std::uint32_t checksum(std::vector<std::uint8_t> bytes) {
  const std::size_t at = offsetof(epoch_image_header, checksum);
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 4, std::uint8_t{0});
  std::uint32_t crc = ~0u;
  for (const std::uint8_t byte : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const bool feed = ((crc ^ (std::uint32_t{byte} >> bit)) & 1u) != 0;
      crc = (crc >> 1) ^ (feed ? 0xEDB88320u : 0u);
    }
  }
  return ~crc;
}

class Reader {
 public:
  explicit Reader(const std::vector<std::uint8_t>& bytes) : bytes_(bytes), used_(bytes.size()) {}

  Image read() {
    read_header();
    const epoch_image_header& header = image_.header;
    for (std::uint32_t i = 0; i < header.tensor_count; ++i)
      image_.tensors.push_back(
          take<epoch_image_tensor>(header.tensor_offset + i * sizeof(epoch_image_tensor)));
    for (std::uint32_t i = 0; i < header.op_count; ++i) {
      ImageOp op;
      op.op = take<epoch_image_op>(header.op_offset + i * sizeof(epoch_image_op));
      check_operands(op.op);
      read_parameters(op);
      image_.ops.push_back(std::move(op));
    }
    for (std::size_t i = 0; i < bytes_.size(); ++i)
      if (!used_[i] && bytes_[i] != 0) refuse_byte(i, "nothing");
    return std::move(image_);
  }

 private:
  // ---- Bytes ----

  // Apart from expect(): the images of long networks have 10^8 bytes, and a text for each is slow.
  [[noreturn]] static void refuse_byte(std::size_t at, const char* owner) {
    throw std::runtime_error("image: byte " + std::to_string(at) + " belongs to " + owner);
  }

  // Claims bytes that nothing else may claim.
  template <typename T>
  T take(std::size_t offset) {
    expect(offset + sizeof(T) <= bytes_.size(), "past the end");
    for (std::size_t i = offset; i < offset + sizeof(T); ++i) {
      if (used_[i]) refuse_byte(i, "two things");
      used_[i] = true;
    }
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  template <typename T>
  T next() {
    const T value = take<T>(cursor_);
    cursor_ += sizeof(T);
    return value;
  }
  double next_fp32() { return next<float>(); }
  double next_bf16() {
    const std::uint32_t word = std::uint32_t{next<std::uint16_t>()} << 16;
    float value;
    std::memcpy(&value, &word, sizeof value);
    return value;
  }
  void align(std::size_t to) { cursor_ = (cursor_ + to - 1) / to * to; }

  double next_word(char kind, std::uint32_t type) {
    const bool pole = kind == 'P' || kind == 'p';
    if (kind == 'w' || type == EPOCH_TYPE_FP32 || (pole && type == EPOCH_TYPE_BF16))
      return next_fp32();
    if (type == EPOCH_TYPE_INT8)
      return pole ? next<std::int16_t>() / 16384.0 : static_cast<double>(next<std::int8_t>());
    return next_bf16() + (kind == 'P' ? 1 : 0);
  }

  // ---- Header and operands ----

  void read_header() {
    expect(bytes_.size() >= sizeof(epoch_image_header), "shorter than its header");
    const epoch_image_header& header = image_.header = take<epoch_image_header>(0);
    expect(header.magic == EPOCH_IMAGE_MAGIC, "magic");
    expect(header.version == EPOCH_IMAGE_VERSION, "version");
    expect(header.total_bytes == bytes_.size(), "total_bytes");
    expect(header.checksum == checksum(bytes_), "checksum");
    expect(std::count(header.reserved, header.reserved + 5, 0u) == 5, "reserved words");
    expect(header.name[sizeof header.name - 1] == 0, "name does not end");
    expect(header.input < header.tensor_count && header.output < header.tensor_count,
           "input or output is no tensor");
    expect(header.documents != 0 && header.head_op <= header.op_count, "documents");
    expect(header.array_rows != 0 && header.array_cols != 0 && header.array_segment_rows != 0 &&
               header.array_state_slots != 0,
           "array");
  }

  void check_operand(std::uint32_t ref, std::uint32_t elements) const {
    const std::uint32_t tensor = EPOCH_REF_TENSOR(ref);
    expect(tensor < image_.tensors.size(), "no tensor " + std::to_string(tensor));
    expect(EPOCH_REF_COLUMN(ref) + std::uint64_t{elements} <= image_.tensors[tensor].width,
           "columns outside tensor " + std::to_string(tensor));
  }

  void check_operands(const epoch_image_op& op) const {
    expect(std::count(op.reserved, op.reserved + 3, 0u) == 3, "reserved words of an op");
    expect(op.layer < image_.header.layer_count, "layer");
    for (std::uint32_t input = 0; input < EPOCH_INPUTS; ++input)
      if (op.inputs[input] != EPOCH_REF_NONE)
        check_operand(op.inputs[input], elements_taken(op, input));
    check_operand(op.output, elements_made(op));
  }

  // ---- Parameters ----

  void read_parameters(ImageOp& op) {
    const epoch_image_op& raw = op.op;
    cursor_ = raw.parameter_offset;
    expect(cursor_ % EPOCH_IMAGE_ALIGN == 0, "parameters are not 64-byte aligned");
    if (raw.kind == EPOCH_IMAGE_OP_SSM)
      read_ssm(op);
    else if (raw.kind == EPOCH_IMAGE_OP_LINEAR)
      read_linear(op);
    else if (raw.kind == EPOCH_IMAGE_OP_GATHER)
      read_table(op);
    else
      read_fp32(op);
    expect(cursor_ == std::size_t{raw.parameter_offset} + raw.parameter_bytes, "parameter_bytes");
  }

  void read_table(ImageOp& op) {
    const std::uint32_t type = image_.tensors[EPOCH_REF_TENSOR(op.op.output)].type;
    const std::size_t words = std::size_t{op.op.count} * op.op.width_out;
    for (std::size_t i = 0; i < words; ++i) op.words.push_back(next_word('n', type));
  }

  void read_fp32(ImageOp& op) {
    const epoch_image_op& raw = op.op;
    std::size_t rows = 0;
    if (raw.kind == EPOCH_IMAGE_OP_NORM) rows = raw.activation == 0 ? 2 : 1;
    if (raw.kind == EPOCH_IMAGE_OP_CONV1D) rows = raw.count;
    if (raw.kind != EPOCH_IMAGE_OP_NORM) {
      rows += has_flag(raw, EPOCH_VECTOR_GAIN) ? 1 : 0;
      rows += has_flag(raw, EPOCH_VECTOR_BIAS) ? 1 : 0;
    }
    for (std::size_t i = 0; i < rows * raw.width_out; ++i) op.words.push_back(next_fp32());
  }

  // A block as COEFF reads it: channels (of a GEMM: columns) first to end, of each the modes
  // (inputs) first_mode to end_mode; scales; D or bias behind the last modes.
  struct Block {
    std::size_t first, end, first_mode, end_mode, modes;
    bool extra;
  };
  void read_block(ImageOp& op, const Block& block) {
    const std::uint32_t mode = EPOCH_FORMAT_MODE(op.op.format);
    const std::uint32_t type = EPOCH_FORMAT_TYPE(op.op.format);
    const std::string kinds = word_kinds(mode);
    const std::size_t words = kinds.size();
    align(EPOCH_IMAGE_ALIGN);
    for (std::size_t channel = block.first; channel < block.end; ++channel)
      for (std::size_t i = (channel * block.modes + block.first_mode) * words;
           i < (channel * block.modes + block.end_mode) * words; ++i)
        op.words[i] = next_word(kinds[i % words], type);
    align(4);
    for (std::size_t channel = block.first; channel < block.end; ++channel)
      if (type == EPOCH_TYPE_INT8) op.scale[channel] = next_fp32();
    const bool wide = mode == EPOCH_MODE_MAC || type == EPOCH_TYPE_INT8;
    for (std::size_t channel = block.first; channel < block.end; ++channel)
      if (block.extra) op.extra[channel] = next_word(wide ? 'w' : 'n', type);
    align(EPOCH_IMAGE_ALIGN);
  }

  void reserve(ImageOp& op, std::size_t channels, std::size_t words) const {
    op.words.resize(channels * words);
    op.extra.resize(has_flag(op.op, EPOCH_ARRAY_EXTRA) ? channels : 0);
    op.scale.resize(EPOCH_FORMAT_TYPE(op.op.format) == EPOCH_TYPE_INT8 ? channels : 0);
  }

  // Array specification, "Shape": a channel takes P rows, whole segments of them; F channels stand
  // above each other in each of C columns, in channel slots S times as many. Mode slots hold S
  // modes a row. Modes beyond what R rows hold come in sequential blocks. An edge cell takes two
  // columns.
  void read_ssm(ImageOp& op) {
    const epoch_image_header& header = image_.header;
    const std::size_t channels = op.op.width_in, modes = op.op.modes, rows = header.array_rows;
    const std::uint32_t mode = EPOCH_FORMAT_MODE(op.op.format);
    const std::size_t slots = header.array_state_slots;
    const std::size_t modes_a_row = header.array_slots_kind == EPOCH_SLOTS_MODE ? slots : 1;
    const std::size_t channels_a_row = header.array_slots_kind == EPOCH_SLOTS_CHANNEL ? slots : 1;
    const std::size_t block = mode == EPOCH_MODE_EDGE ? modes : rows * modes_a_row;
    std::size_t taken = (std::min(modes, block) + modes_a_row - 1) / modes_a_row;
    while (taken % header.array_segment_rows != 0) ++taken;
    const std::size_t pass = mode == EPOCH_MODE_EDGE ? header.array_cols / 2
                                                     : std::max<std::size_t>(1, rows / taken) *
                                                           header.array_cols * channels_a_row;
    expect(pass != 0 && modes != 0, "an SSM without modes or columns");
    reserve(op, channels, modes * words_of_mode(mode));
    for (std::size_t first = 0; first < channels; first += pass)
      for (std::size_t m = 0; m < modes; m += block)
        read_block(op, {first, std::min(channels, first + pass), m, std::min(modes, m + block),
                        modes, m + block >= modes && !op.extra.empty()});
  }

  // Tiles of at most R inputs by C columns, column folds outside; a GLU's pairs stay together.
  void read_linear(ImageOp& op) {
    const bool glu = op.op.activation == EPOCH_ACTIVATION_GLU;
    const std::size_t rows = image_.header.array_rows, inputs = op.op.width_in;
    const std::size_t cols = image_.header.array_cols - (glu ? image_.header.array_cols % 2 : 0);
    const std::size_t columns = std::size_t{op.op.width_out} * (glu ? 2 : 1);
    expect(cols != 0 && EPOCH_FORMAT_MODE(op.op.format) == EPOCH_MODE_MAC, "a LINEAR's format");
    reserve(op, columns, inputs);
    for (std::size_t first = 0; first < columns; first += cols)
      for (std::size_t input = 0; input < inputs; input += rows)
        read_block(op,
                   {first, std::min(columns, first + cols), input, std::min(inputs, input + rows),
                    inputs, input + rows >= inputs && !op.extra.empty()});
  }

  const std::vector<std::uint8_t>& bytes_;
  std::vector<bool> used_;
  std::size_t cursor_ = 0;
  Image image_;
};

}  // namespace

std::size_t words_of_mode(std::uint32_t mode) {
  return std::strlen(word_kinds(mode));
}

std::uint32_t elements_made(const epoch_image_op& op) {
  const bool edge =
      op.kind == EPOCH_IMAGE_OP_SSM && EPOCH_FORMAT_MODE(op.format) == EPOCH_MODE_EDGE;
  return (edge ? 2 : 1) * op.width_out;
}

std::uint32_t elements_taken(const epoch_image_op& op, std::uint32_t input) {
  if (input == EPOCH_INPUT_B || input == EPOCH_INPUT_C) return op.modes;
  if (op.kind == EPOCH_IMAGE_OP_COMBINE && input == EPOCH_INPUT_STORED)
    return op.count == 0 ? op.width_out : op.width_out / op.count;
  if (input == EPOCH_INPUT_STORED) return op.width_out;
  return op.kind == EPOCH_IMAGE_OP_SSM ? elements_made(op) : op.width_in;
}

Image read_image(const std::vector<std::uint8_t>& bytes) {
  return Reader(bytes).read();
}

}  // namespace epoch::test
