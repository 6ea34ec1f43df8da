// SPDX-License-Identifier: Apache-2.0
#include "fuzz/descriptor_rules.h"
#include "fuzz/rule_words.h"

namespace epoch::fuzz {

namespace {

// How many words a mode has in a block: poles (a, A), words that are always 4 bytes (w, p), words
// of the type's own width (b, c, weights); and in a state.
struct ModeWords {
  unsigned poles, wide, own, state;
};

ModeWords words_of(std::uint32_t mode) {
  switch (mode) {
    case EPOCH_MODE_REAL:
      return {1, 0, 1, 1};
    case EPOCH_MODE_COMPLEX:
      return {2, 0, 2, 2};
    case EPOCH_MODE_LIQUID_REAL:
      return {1, 0, 2, 1};
    case EPOCH_MODE_LIQUID_COMPLEX:
      return {2, 0, 4, 2};
    case EPOCH_MODE_DPLR:
      return {2, 4, 2, 2};
    case EPOCH_MODE_SELECTIVE:
      return {1, 0, 0, 1};
    case EPOCH_MODE_SSD:
      return {0, 0, 0, 1};
    case EPOCH_MODE_EDGE:
      return {2, 0, 0, 2};
    default:
      return {0, 0, 1, 0};
  }
}

bool streams_operands(std::uint32_t mode) {
  return mode == EPOCH_MODE_SELECTIVE || mode == EPOCH_MODE_SSD;
}

std::uint64_t pole_bytes(std::uint32_t type) {
  return type == EPOCH_TYPE_BF16D || type == EPOCH_TYPE_INT8 ? 2 : 4;
}

bool type_goes_with(std::uint32_t mode, std::uint32_t type) {
  if (type == EPOCH_TYPE_BF16D) return !streams_operands(mode);
  if (type != EPOCH_TYPE_INT8) return true;
  return mode == EPOCH_MODE_REAL || mode == EPOCH_MODE_COMPLEX || mode == EPOCH_MODE_MAC;
}

std::uint64_t round_up(std::uint64_t value, std::uint64_t to) {
  while (value % to != 0) ++value;
  return value;
}

}  // namespace

DescriptorRules::Shape::Shape(std::uint32_t format, std::uint32_t extent,
                              std::uint32_t sequences_word)
    : mode(format & 0xFF),
      type(format >> 8 & 0xFF),
      flags(format >> 16),
      channels(extent & 0xFFFF),
      modes(extent >> 16),
      sequences(sequences_word == 0 ? 1 : sequences_word) {}

bool DescriptorRules::Shape::same_block(const Shape& other) const {
  return mode == other.mode && type == other.type && channels == other.channels &&
         modes == other.modes && sequences == other.sequences;
}

bool DescriptorRules::fits_one_pass(const Shape& shape) const {
  const ArrayConfig& array = limits_.array;
  const bool one_slot = shape.mode == EPOCH_MODE_EDGE || shape.mode == EPOCH_MODE_MAC;
  const std::uint64_t slots = one_slot ? 1 : array.state_slots;
  if (shape.sequences > (array.slots_kind == SlotsKind::batch ? slots : 1)) return false;
  if (shape.mode == EPOCH_MODE_EDGE) return shape.modes == 1 && shape.channels <= array.cols / 2;
  if (shape.mode == EPOCH_MODE_MAC)
    return shape.modes <= array.rows && shape.channels <= array.cols;
  std::uint64_t needed = shape.modes;  // rows
  if (array.slots_kind == SlotsKind::mode) needed = round_up(needed, slots) / slots;
  needed = round_up(needed, array.segment_rows);
  if (needed > array.rows) return false;
  const std::uint64_t places = array.rows / needed * array.cols;
  return shape.channels <= (array.slots_kind == SlotsKind::channel ? places * slots : places);
}

bool DescriptorRules::shape_exists(const Shape& shape, std::uint32_t known_flags) const {
  return (shape.flags & ~known_flags) == 0 && bit(limits_.types, shape.type) &&
         bit(limits_.modes, shape.mode) && type_goes_with(shape.mode, shape.type) &&
         shape.channels != 0 && shape.modes != 0 && fits_one_pass(shape);
}

bool DescriptorRules::coefficients(const Descriptor& words) {
  const Shape shape(words[3], words[4], words[5]);
  if (!shape_exists(shape, EPOCH_COEFF_EXTRA)) return false;
  const bool extra = shape.flags != 0;
  if (extra && shape.mode == EPOCH_MODE_EDGE) return false;  // emits x': there is no D
  const ModeWords mode = words_of(shape.mode);
  std::uint64_t bytes =
      std::uint64_t{shape.channels} * shape.modes *
      (mode.poles * pole_bytes(shape.type) + mode.wide * 4 + mode.own * own_bytes(shape.type));
  if (shape.type == EPOCH_TYPE_INT8) bytes = round_up(bytes, 4) + std::uint64_t{4} * shape.channels;
  const bool fp32_extra = shape.type == EPOCH_TYPE_INT8 || shape.mode == EPOCH_MODE_MAC;
  if (extra) bytes = round_up(bytes, 4) + shape.channels * (fp32_extra ? 4 : own_bytes(shape.type));
  if (bytes != 0 && !tile_fits({words[2], 1, 0, bytes, 4})) return false;
  loaded_ = shape;
  return true;
}

bool DescriptorRules::is_loaded(const Shape& shape, bool extra) const {
  return loaded_ && loaded_->same_block(shape) && (!extra || loaded_->flags != 0);
}

bool DescriptorRules::state(const Descriptor& words) const {
  const Shape shape(words[3], words[4], words[5]);
  if (!shape_exists(shape, EPOCH_STATE_SAVE) || shape.mode == EPOCH_MODE_MAC) return false;
  const std::uint64_t bytes = std::uint64_t{4} * words_of(shape.mode).state * shape.channels *
                              shape.sequences * shape.modes;
  return tile_fits({words[2], 1, 0, bytes, 4}) && is_loaded(shape, false);
}

bool DescriptorRules::array_flags(std::uint32_t opcode, const Shape& shape,
                                  std::uint32_t activation) const {
  const auto has = [&](std::uint32_t flag) { return (shape.flags & flag) != 0; };
  const bool gemm = opcode == EPOCH_OP_GEMM;
  if (gemm != (shape.mode == EPOCH_MODE_MAC) || !bit(limits_.activations, activation)) return false;
  const bool drains =
      has(EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE) || activation != EPOCH_ACTIVATION_NONE;
  const bool blocks = has(EPOCH_ARRAY_ACC_IN | EPOCH_ARRAY_ACC_OUT);
  if (gemm && has(EPOCH_ARRAY_REVERSE | EPOCH_ARRAY_SHIFT | EPOCH_ARRAY_ZERO_STATE)) return false;
  if (has(EPOCH_ARRAY_SHIFT) && !(has(EPOCH_ARRAY_REVERSE) && has(EPOCH_ARRAY_COMBINE)))
    return false;
  if (has(EPOCH_ARRAY_ACC_OUT) && drains) return false;
  if (shape.mode == EPOCH_MODE_EDGE && (drains || blocks)) return false;  // x' as it is
  if (shape.mode == EPOCH_MODE_DPLR && blocks) return false;  // its sums need all modes at once
  return activation != EPOCH_ACTIVATION_GLU || (gemm && shape.channels % 2 == 0);
}

bool DescriptorRules::array_types(const Descriptor& words, const Shape& shape) const {
  const std::uint32_t output = words[14] & 0xFF, stored = words[14] >> 8 & 0xFF, scale = words[15];
  const bool raw = (shape.flags & EPOCH_ARRAY_ACC_OUT) != 0 || shape.mode == EPOCH_MODE_EDGE;
  if (!bit(limits_.types, output) || !bit(limits_.types, stored)) return false;
  if (output == EPOCH_TYPE_BF16D || stored == EPOCH_TYPE_BF16D || stored == EPOCH_TYPE_INT8)
    return false;
  if (stored != EPOCH_TYPE_FP32 && (shape.flags & EPOCH_ARRAY_COMBINE) == 0) return false;
  if (raw && output != EPOCH_TYPE_FP32) return false;
  return output == EPOCH_TYPE_INT8 || scale == 0;
}

// Everything that the command reads.
std::vector<DescriptorRules::Tile> DescriptorRules::array_sources(const Descriptor& words,
                                                                  const Shape& shape) const {
  const auto has = [&](std::uint32_t flag) { return (shape.flags & flag) != 0; };
  const std::uint64_t rows = std::uint64_t{words[8]} * shape.sequences;
  std::vector<Tile> sources;
  const auto read = [&](std::uint32_t address, std::uint32_t stride, std::uint64_t elements,
                        std::uint64_t bytes) {
    sources.push_back({address, rows, stride, elements * bytes, static_cast<std::uint32_t>(bytes)});
  };
  const std::uint64_t own = own_bytes(shape.type);
  const bool edge = shape.mode == EPOCH_MODE_EDGE;
  if (edge || streams_operands(shape.mode))
    read(words[2], words[9], edge ? 2 * shape.channels : shape.channels, 4);
  else
    read(words[2], words[9], shape.mode == EPOCH_MODE_MAC ? shape.modes : shape.channels, own);
  if (has(EPOCH_ARRAY_COMBINE))
    read(words[4], words[11],
         words[13] == EPOCH_ACTIVATION_GLU ? shape.channels / 2 : shape.channels,
         own_bytes(words[14] >> 8 & 0xFF));
  if (has(EPOCH_ARRAY_ACC_IN)) read(words[5], words[12], shape.channels, 4);
  if (!streams_) return sources;
  const Descriptor& streams = *streams_;
  read(streams[2], streams[3], shape.channels, own);
  read(streams[4], streams[6], shape.modes, own);
  read(streams[5], streams[6], shape.modes, own);
  if (has(EPOCH_ARRAY_EXTRA)) read(streams[7], streams[8], shape.channels, own);
  return sources;
}

// What it names is checked with its SSM, which knows the sizes; it waits for one that is legal, as
// coefficients do.
bool DescriptorRules::streams(const Descriptor& words) {
  if (!bit(limits_.modes, EPOCH_MODE_SELECTIVE) && !bit(limits_.modes, EPOCH_MODE_SSD))
    return false;
  streams_ = words;
  return true;
}

bool DescriptorRules::array(const Descriptor& words) const {
  const std::uint32_t opcode = words[0] & 0xFF, steps = words[8], activation = words[13];
  const Shape shape(words[6], words[7], words[14] >> 16);
  if (steps == 0 || !shape_exists(shape, 0x7F) || !array_flags(opcode, shape, activation) ||
      !array_types(words, shape))
    return false;
  if (streams_.has_value() != streams_operands(shape.mode)) return false;
  std::uint64_t results = shape.channels;
  if (activation == EPOCH_ACTIVATION_GLU) results /= 2;
  if (shape.mode == EPOCH_MODE_EDGE) results *= 2;
  const std::uint64_t bytes = own_bytes(words[14] & 0xFF);
  const Tile destination{words[3], std::uint64_t{steps} * shape.sequences, words[10],
                         results * bytes, static_cast<std::uint32_t>(bytes)};
  if (!tile_fits(destination)) return false;
  for (const Tile& source : array_sources(words, shape))
    if (!tile_fits(source) || !identical_or_disjoint(source, destination)) return false;
  return is_loaded(shape, (shape.flags & EPOCH_ARRAY_EXTRA) != 0);
}

}  // namespace epoch::fuzz
