// SPDX-License-Identifier: Apache-2.0
// The decoder's part for the commands of the vector unit.
#include <cstring>

#include "epochcore/decode_error.h"

namespace epoch {

namespace {

constexpr std::uint64_t kParameterBytes = 4;

// What an operation of the vector unit takes.
struct VectorRules {
  std::uint32_t flags;  // EPOCH_VECTOR_*
  bool function, op, count, second;
};

VectorRules rules_of(std::uint32_t opcode) {
  switch (opcode) {
    case EPOCH_OP_POOL:
      return {EPOCH_VECTOR_ACC | EPOCH_VECTOR_SCALE, false, false, false, false};
    case EPOCH_OP_MAP:
      return {EPOCH_VECTOR_GAIN | EPOCH_VECTOR_BIAS, true, false, true, false};
    case EPOCH_OP_COMBINE:
      return {EPOCH_VECTOR_GAIN, true, true, true, true};
    case EPOCH_OP_CONV1D:
      return {EPOCH_VECTOR_BIAS | EPOCH_VECTOR_ZERO, true, false, true, true};
    default:  // AFFINE, the norms, ARGMAX
      return {0, false, false, false, false};
  }
}

// fp32 parameters a column has.
std::uint64_t parameters_of(std::uint32_t opcode, const VectorWork& work) {
  switch (opcode) {
    case EPOCH_OP_LAYERNORM:
      return 2;
    case EPOCH_OP_RMSNORM:
      return 1;
    case EPOCH_OP_CONV1D:
      return std::uint64_t{work.count} + (work.bias ? 1 : 0);
    default:
      return (work.gain ? 1u : 0u) + (work.bias ? 1u : 0u);
  }
}

Element element_of(std::uint32_t type) {
  return type == EPOCH_TYPE_FP32   ? Element::fp32
         : type == EPOCH_TYPE_INT8 ? Element::int8
                                   : Element::bf16;
}

LocalTile packed_rows(std::uint32_t address, std::uint64_t rows, std::uint64_t row_bytes) {
  return tile_of(address, rows, row_bytes, static_cast<std::uint32_t>(row_bytes));
}

}  // namespace

unsigned element_bytes(Element element) {
  switch (element) {
    case Element::fp32:
    case Element::uint32:
      return 4;
    case Element::bf16:
      return 2;
    case Element::int8:
    case Element::uint8:
      break;
  }
  return 1;
}

// Reserved bits, types, functions and flags.
DecodeError CommandDecoder::check_vector_format(const epoch_vector_command& raw,
                                                std::uint32_t opcode) const {
  const VectorRules rules = rules_of(opcode);
  const std::uint32_t mode = EPOCH_FORMAT_MODE(raw.format);
  const std::uint32_t flags = EPOCH_FORMAT_FLAGS(raw.format);
  constexpr std::uint32_t all_flags = EPOCH_VECTOR_ACC | EPOCH_VECTOR_SCALE | EPOCH_VECTOR_GAIN |
                                      EPOCH_VECTOR_BIAS | EPOCH_VECTOR_ZERO;
  if ((flags & ~all_flags) != 0) return refuse(EPOCH_ERROR_RESERVED);
  if (!rules.second && (raw.second != 0 || raw.second_stride != 0))
    return refuse(EPOCH_ERROR_RESERVED);
  const std::uint32_t source = EPOCH_FORMAT_TYPE(raw.format);
  const std::uint32_t destination = EPOCH_VECTOR_TYPES_DESTINATION(raw.types);
  const std::uint32_t second = EPOCH_VECTOR_TYPES_SECOND(raw.types);
  for (const std::uint32_t type : {source, destination, second})
    if (!has_bit(limits_.types, type) || type == EPOCH_TYPE_BF16D) return refuse(EPOCH_ERROR_TYPE);
  if (source == EPOCH_TYPE_INT8 || second == EPOCH_TYPE_INT8) return refuse(EPOCH_ERROR_TYPE);
  if (opcode == EPOCH_OP_AFFINE && (source != EPOCH_TYPE_FP32 || destination == EPOCH_TYPE_INT8))
    return refuse(EPOCH_ERROR_TYPE);
  if ((opcode == EPOCH_OP_POOL || opcode == EPOCH_OP_ARGMAX) && destination != EPOCH_TYPE_FP32)
    return refuse(EPOCH_ERROR_TYPE);
  if (opcode != EPOCH_OP_COMBINE && second != EPOCH_TYPE_FP32) return refuse(EPOCH_ERROR_TYPE);
  const std::uint32_t function = EPOCH_VECTOR_MODE_FUNCTION(mode), op = EPOCH_VECTOR_MODE_OP(mode);
  if ((!rules.function && function != 0) || (!rules.op && op != 0) ||
      (!rules.count && EPOCH_VECTOR_TYPES_COUNT(raw.types) > 1))
    return refuse(EPOCH_ERROR_RESERVED);
  if (function >= EPOCH_FUNCTIONS || op >= EPOCH_COMBINES || (flags & ~rules.flags) != 0)
    return refuse(EPOCH_ERROR_MODE);
  return no_error;
}

DecodeError CommandDecoder::check_vector_tiles(const VectorWork& work) const {
  const struct {
    const LocalTile& tile;
    unsigned alignment;
  } tiles[] = {{work.source, element_bytes(work.source_element)},
               {work.destination, element_bytes(work.destination_element)},
               {work.parameters, kParameterBytes},
               {work.second, element_bytes(work.second_element)}};
  for (const auto& [tile, alignment] : tiles) {
    if (tile.rows == 0) continue;
    if (const auto error = check_tile(tile, alignment); failed(error)) return error;
  }
  for (const LocalTile* operand : {&work.source, &work.parameters, &work.second})
    if (const auto error = check_overlap(*operand, work.destination); failed(error)) return error;
  return no_error;
}

DecodeError CommandDecoder::decode_vector(const Descriptor& words, Command& command) const {
  epoch_vector_command raw;
  std::memcpy(&raw, words.data(), sizeof raw);
  const std::uint32_t opcode = command.opcode;
  if (const auto error = check_vector_format(raw, opcode); failed(error)) return error;
  const std::uint32_t flags = EPOCH_FORMAT_FLAGS(raw.format);
  const std::uint32_t mode = EPOCH_FORMAT_MODE(raw.format);
  VectorWork work;
  work.rows = raw.rows;
  work.length = raw.length;
  work.count = std::max(1u, EPOCH_VECTOR_TYPES_COUNT(raw.types));
  work.function = static_cast<std::uint8_t>(EPOCH_VECTOR_MODE_FUNCTION(mode));
  work.op = static_cast<std::uint8_t>(EPOCH_VECTOR_MODE_OP(mode));
  work.accumulate = (flags & EPOCH_VECTOR_ACC) != 0;
  work.scale = (flags & EPOCH_VECTOR_SCALE) != 0;
  work.gain = (flags & EPOCH_VECTOR_GAIN) != 0;
  work.bias = (flags & EPOCH_VECTOR_BIAS) != 0;
  work.zero = (flags & EPOCH_VECTOR_ZERO) != 0;
  std::memcpy(&work.immediate0, &raw.immediate0, sizeof work.immediate0);
  std::memcpy(&work.immediate1, &raw.immediate1, sizeof work.immediate1);
  work.source_element =
      opcode == EPOCH_OP_AFFINE ? Element::uint8 : element_of(EPOCH_FORMAT_TYPE(raw.format));
  work.destination_element = opcode == EPOCH_OP_ARGMAX
                                 ? Element::uint32
                                 : element_of(EPOCH_VECTOR_TYPES_DESTINATION(raw.types));
  work.second_element = opcode == EPOCH_OP_CONV1D
                            ? work.source_element
                            : element_of(EPOCH_VECTOR_TYPES_SECOND(raw.types));

  const bool repeats = opcode == EPOCH_OP_MAP || opcode == EPOCH_OP_COMBINE;
  const bool conv = opcode == EPOCH_OP_CONV1D, combine = opcode == EPOCH_OP_COMBINE;
  const std::uint64_t length = raw.length, parameters = parameters_of(opcode, work);
  if (raw.rows == 0 || length == 0 || length > 0xFFFFFFFFu / 8 ||
      length * std::max<std::uint64_t>(parameters, 1) > 0xFFFFFFFFu / 8)
    return refuse(EPOCH_ERROR_SIZE, raw.source);
  if (repeats && length % work.count != 0) return refuse(EPOCH_ERROR_SIZE, raw.source);
  const std::uint64_t source_length = opcode == EPOCH_OP_MAP ? length / work.count : length;
  work.source = tile_of(raw.source, raw.rows, source_length * element_bytes(work.source_element),
                        raw.source_stride);
  const std::uint64_t results = opcode == EPOCH_OP_ARGMAX ? 1 : length;
  const bool one_row = opcode == EPOCH_OP_POOL;
  work.destination = tile_of(raw.destination, one_row ? 1 : raw.rows,
                             results * element_bytes(work.destination_element),
                             one_row ? 0 : raw.destination_stride);
  if (parameters != 0)
    work.parameters = tile_of(raw.parameters, 1, parameters * kParameterBytes * length, 0);
  if (combine)
    work.second =
        tile_of(raw.second, raw.rows, length / work.count * element_bytes(work.second_element),
                raw.second_stride);
  if (conv && work.count > 1)
    work.second =
        packed_rows(raw.second, work.count - 1, length * element_bytes(work.second_element));
  if (const auto error = check_vector_tiles(work); failed(error)) return error;
  // CONV1D writes its history too.
  if (conv)
    for (const LocalTile* operand : {&work.source, &work.parameters, &work.destination})
      if (tiles_overlap(*operand, work.second))
        return refuse(EPOCH_ERROR_OVERLAP, work.second.address, work.second.bytes());
  command.work = work;
  return no_error;
}

}  // namespace epoch
