// SPDX-License-Identifier: Apache-2.0
#include "fuzz/descriptor_rules.h"
#include "fuzz/rule_words.h"

namespace epoch::fuzz {

namespace {

struct Fields {
  std::uint32_t opcode, function, op, type, flags, rows, length;
  std::uint32_t destination_type, second_type, count;
  explicit Fields(const Descriptor& words)
      : opcode(words[0] & 0xFF),
        function(words[5] & 0xF),
        op(words[5] >> 4 & 0xF),
        type(words[5] >> 8 & 0xFF),
        flags(words[5] >> 16),
        rows(words[6]),
        length(words[7]),
        destination_type(words[14] & 0xFF),
        second_type(words[14] >> 8 & 0xFF),
        count(words[14] >> 16 == 0 ? 1 : words[14] >> 16) {}
  bool repeats() const { return opcode == EPOCH_OP_MAP || opcode == EPOCH_OP_COMBINE; }
  bool has(std::uint32_t flag) const { return (flags & flag) != 0; }
};

std::uint32_t flags_of(std::uint32_t opcode) {
  switch (opcode) {
    case EPOCH_OP_POOL:
      return EPOCH_VECTOR_ACC | EPOCH_VECTOR_SCALE;
    case EPOCH_OP_MAP:
      return EPOCH_VECTOR_GAIN | EPOCH_VECTOR_BIAS;
    case EPOCH_OP_COMBINE:
      return EPOCH_VECTOR_GAIN;
    case EPOCH_OP_CONV1D:
      return EPOCH_VECTOR_BIAS | EPOCH_VECTOR_ZERO;
    default:
      return 0;
  }
}

// Rows of `length` parameters.
std::uint64_t parameter_rows(const Fields& f) {
  const std::uint64_t gain = f.has(EPOCH_VECTOR_GAIN) ? 1 : 0;
  const std::uint64_t bias = f.has(EPOCH_VECTOR_BIAS) ? 1 : 0;
  switch (f.opcode) {
    case EPOCH_OP_LAYERNORM:
      return 2;
    case EPOCH_OP_RMSNORM:
      return 1;
    case EPOCH_OP_CONV1D:
      return f.count + bias;
    default:
      return gain + bias;
  }
}

}  // namespace

bool DescriptorRules::vector_format(const Descriptor& words) const {
  const Fields f(words);
  if (f.rows == 0 || f.length == 0 || (f.flags & ~flags_of(f.opcode)) != 0) return false;
  const bool has_function = f.repeats() || f.opcode == EPOCH_OP_CONV1D;
  if (f.function != 0 && (!has_function || f.function >= EPOCH_FUNCTIONS)) return false;
  if (f.op != 0 && (f.opcode != EPOCH_OP_COMBINE || f.op >= EPOCH_COMBINES)) return false;
  const bool has_second = f.opcode == EPOCH_OP_COMBINE || f.opcode == EPOCH_OP_CONV1D;
  if (!has_second && (words[12] != 0 || words[13] != 0)) return false;  // reserved since 1.0
  if (f.repeats()) return f.length % f.count == 0;
  return f.count == 1 || f.opcode == EPOCH_OP_CONV1D;
}

bool DescriptorRules::vector_types(const Descriptor& words) const {
  const Fields f(words);
  for (const std::uint32_t type : {f.type, f.destination_type, f.second_type})
    if (!bit(limits_.types, type) || type == EPOCH_TYPE_BF16D) return false;
  if (f.type == EPOCH_TYPE_INT8 || f.second_type == EPOCH_TYPE_INT8) return false;
  if (f.opcode != EPOCH_OP_COMBINE && f.second_type != 0) return false;
  switch (f.opcode) {
    case EPOCH_OP_AFFINE:  // from uint8; its immediate1 is the offset, so there is no int8 scale
      return f.type == 0 && f.destination_type != EPOCH_TYPE_INT8;
    case EPOCH_OP_POOL:    // fp32 sums
    case EPOCH_OP_ARGMAX:  // uint32 indices
      return f.destination_type == 0;
    default:
      return true;
  }
}

bool DescriptorRules::vector_tiles(const Descriptor& words) const {
  const Fields f(words);
  const auto tile = [](std::uint32_t address, std::uint64_t rows, std::uint32_t stride,
                       std::uint64_t elements, std::uint64_t bytes) {
    return Tile{address, rows, stride, elements * bytes, static_cast<std::uint32_t>(bytes)};
  };
  const bool pool = f.opcode == EPOCH_OP_POOL, argmax = f.opcode == EPOCH_OP_ARGMAX;
  const std::uint64_t source_bytes = f.opcode == EPOCH_OP_AFFINE ? 1 : own_bytes(f.type);
  const std::uint64_t result_bytes = pool || argmax ? 4 : own_bytes(f.destination_type);
  std::vector<Tile> sources = {tile(words[2], f.rows, words[8],
                                    f.opcode == EPOCH_OP_MAP ? f.length / f.count : f.length,
                                    source_bytes)};
  if (parameter_rows(f) != 0)
    sources.push_back(tile(words[4], 1, 0, parameter_rows(f) * f.length, 4));
  if (f.opcode == EPOCH_OP_COMBINE)
    sources.push_back(
        tile(words[12], f.rows, words[13], f.length / f.count, own_bytes(f.second_type)));
  const Tile destination =
      tile(words[3], pool ? 1 : f.rows, pool ? 0 : words[9], argmax ? 1 : f.length, result_bytes);
  if (!tile_fits(destination)) return false;
  for (const Tile& source : sources)
    if (!tile_fits(source) || !identical_or_disjoint(source, destination)) return false;
  if (f.opcode != EPOCH_OP_CONV1D || f.count == 1) return true;
  const std::uint64_t packed = source_bytes * f.length;
  if (packed > 0xFFFFFFFFu) return false;
  const Tile history =
      tile(words[12], f.count - 1, static_cast<std::uint32_t>(packed), f.length, source_bytes);
  if (!tile_fits(history) || share_a_byte(history, destination)) return false;
  for (const Tile& source : sources)
    if (share_a_byte(source, history)) return false;
  return true;
}

bool DescriptorRules::vector(const Descriptor& words) const {
  return vector_format(words) && vector_types(words) && vector_tiles(words);
}

}  // namespace epoch::fuzz
