// SPDX-License-Identifier: Apache-2.0
// The decoder's part for COEFF, SSM, GEMM, STATE and STREAMS.
#include <cstring>

#include "epochcore/decode_error.h"
#include "epochcore/pe_grid/operands.h"
#include "epochcore/pe_grid/placement.h"

namespace epoch {

namespace {

constexpr unsigned kWordBytes = 4;

std::uint64_t padded(std::uint64_t bytes) {
  return (bytes + 3) / 4 * 4;
}

// Bytes of a coefficient block as it lies in the buffer (epochcore.h).
std::uint64_t block_bytes(const ArrayShape& shape, bool extra) {
  std::uint64_t bytes =
      padded(std::uint64_t{shape.channels} * shape.modes * mode_bytes(shape.mode, shape.type));
  if (shape.type == NumberType::int8) bytes += std::uint64_t{shape.channels} * kWordBytes;
  if (extra) bytes += std::uint64_t{shape.channels} * extra_bytes(shape.mode, shape.type);
  return bytes;
}

bool is_streamed(ArrayMode mode) {
  return mode == ArrayMode::selective || mode == ArrayMode::ssd;
}

// Elements of a row of the source, and their width.
std::uint64_t source_row_bytes(const ArrayShape& shape) {
  const std::uint64_t channels = shape.channels;
  switch (shape.mode) {
    case ArrayMode::mac:
      return std::uint64_t{shape.modes} * type_bytes(shape.type);
    case ArrayMode::edge:
      return 2 * channels * kWordBytes;
    case ArrayMode::selective:
    case ArrayMode::ssd:
      return channels * kWordBytes;
    default:
      return channels * type_bytes(shape.type);
  }
}

unsigned source_width(const ArrayShape& shape) {
  const bool wide = is_streamed(shape.mode) || shape.mode == ArrayMode::edge;
  return wide ? kWordBytes : type_bytes(shape.type);
}

// Raw sums and x' of edge are 4 bytes wide whatever `types` says.
unsigned destination_width(const ArrayWork& work) {
  const bool raw = work.partial || work.shape.mode == ArrayMode::edge;
  return raw ? kWordBytes : type_bytes(work.output);
}

}  // namespace

// Type, mode, sizes and sequences; the array has a place for them or not: check_pass().
DecodeError CommandDecoder::read_shape(std::uint32_t opcode, std::uint32_t format,
                                       std::uint32_t extent, std::uint32_t sequences,
                                       ArrayShape& shape) const {
  const std::uint32_t type = EPOCH_FORMAT_TYPE(format), mode = EPOCH_FORMAT_MODE(format);
  if (!has_bit(limits_.types, type)) return refuse(EPOCH_ERROR_TYPE);
  if (!has_bit(limits_.modes, mode)) return refuse(EPOCH_ERROR_MODE);
  shape.type = static_cast<NumberType>(type);
  shape.mode = static_cast<ArrayMode>(mode);
  if (!type_fits(shape.mode, shape.type)) return refuse(EPOCH_ERROR_TYPE);
  const bool mac = shape.mode == ArrayMode::mac;
  if ((opcode == EPOCH_OP_SSM && mac) || (opcode == EPOCH_OP_GEMM && !mac) ||
      (opcode == EPOCH_OP_STATE && mac))
    return refuse(EPOCH_ERROR_MODE);
  shape.channels = EPOCH_EXTENT_CHANNELS(extent);
  shape.modes = EPOCH_EXTENT_MODES(extent);
  shape.sequences = sequences == 0 ? 1 : sequences;
  return no_error;
}

// Whether the channels fit one pass and the modes one block (array specification "Shape").
DecodeError CommandDecoder::check_pass(const ArrayShape& shape) const {
  const bool fits = Placement::refusal(limits_.array, shape.block()) == nullptr;
  return fits ? no_error : refuse(EPOCH_ERROR_TILE);
}

DecodeError CommandDecoder::check_loaded(const ArrayShape& shape, bool needs_extra) const {
  const bool match = loaded_ && loaded_->shape == shape && (loaded_->extra || !needs_extra);
  return match ? no_error : refuse(EPOCH_ERROR_COEFFICIENTS);
}

DecodeError CommandDecoder::decode_coefficients(const Descriptor& words, Command& command) {
  epoch_coeff_command raw;
  std::memcpy(&raw, words.data(), sizeof raw);
  const std::uint32_t flags = EPOCH_FORMAT_FLAGS(raw.format);
  if ((flags & ~EPOCH_COEFF_EXTRA) != 0) return refuse(EPOCH_ERROR_RESERVED);
  CoefficientWork work;
  if (const auto error =
          read_shape(command.opcode, raw.format, raw.extent, raw.sequences, work.shape);
      failed(error))
    return error;
  work.extra = (flags & EPOCH_COEFF_EXTRA) != 0;
  if (work.extra && work.shape.mode == ArrayMode::edge) return refuse(EPOCH_ERROR_MODE);  // no D
  if (work.shape.channels == 0 || work.shape.modes == 0) return refuse(EPOCH_ERROR_SIZE);
  const std::uint64_t bytes = block_bytes(work.shape, work.extra);
  if (bytes > 0xFFFFFFFFu) return refuse(EPOCH_ERROR_SIZE, raw.local);
  if (bytes != 0) {
    work.block = tile_of(raw.local, 1, bytes, 0);
    if (const auto error = check_tile(work.block, kWordBytes); failed(error)) return error;
  }
  if (const auto error = check_pass(work.shape); failed(error)) return error;
  loaded_ = Coefficients{work.shape, work.extra};
  command.work = work;
  return no_error;
}

DecodeError CommandDecoder::decode_state(const Descriptor& words, Command& command) const {
  epoch_state_command raw;
  std::memcpy(&raw, words.data(), sizeof raw);
  const std::uint32_t flags = EPOCH_FORMAT_FLAGS(raw.format);
  if ((flags & ~EPOCH_STATE_SAVE) != 0) return refuse(EPOCH_ERROR_RESERVED);
  StateWork work;
  if (const auto error =
          read_shape(command.opcode, raw.format, raw.extent, raw.sequences, work.shape);
      failed(error))
    return error;
  const ArrayShape& shape = work.shape;
  if (shape.channels == 0 || shape.modes == 0) return refuse(EPOCH_ERROR_SIZE);
  work.save = (flags & EPOCH_STATE_SAVE) != 0;
  const Wide bytes =
      Wide{kWordBytes} * shape.channels * shape.sequences * shape.modes * state_words(shape.mode);
  if (bytes > 0xFFFFFFFFu) return refuse(EPOCH_ERROR_SIZE, raw.local);
  work.block = tile_of(raw.local, 1, static_cast<std::uint64_t>(bytes), 0);
  if (const auto error = check_tile(work.block, kWordBytes); failed(error)) return error;
  if (const auto error = check_pass(shape); failed(error)) return error;
  if (const auto error = check_loaded(shape, false); failed(error)) return error;
  command.work = work;
  return no_error;
}

// The tiles are checked with the SSM that follows: it says how many rows they have, and how long.
DecodeError CommandDecoder::decode_streams(const Descriptor& words) {
  const std::uint32_t streamed = 1u << EPOCH_MODE_SELECTIVE | 1u << EPOCH_MODE_SSD;
  if ((limits_.modes & streamed) == 0) return refuse(EPOCH_ERROR_MODE);
  epoch_streams_command raw;
  std::memcpy(&raw, words.data(), sizeof raw);
  streams_ = raw;
  return no_error;
}

// Types of results and of what is stored; int8 results have a scale, others none.
DecodeError CommandDecoder::check_types(const epoch_array_command& raw,
                                        const ArrayShape& shape) const {
  const std::uint32_t output = EPOCH_ARRAY_TYPES_OUTPUT(raw.types);
  const std::uint32_t stored = EPOCH_ARRAY_TYPES_STORED(raw.types);
  const bool combines = (EPOCH_FORMAT_FLAGS(raw.format) & EPOCH_ARRAY_COMBINE) != 0;
  if (!has_bit(limits_.types, output) || output == EPOCH_TYPE_BF16D)
    return refuse(EPOCH_ERROR_TYPE);
  if (stored != EPOCH_TYPE_FP32 && (stored != EPOCH_TYPE_BF16 || !has_bit(limits_.types, stored)))
    return refuse(EPOCH_ERROR_TYPE);
  const bool raw_sums = (EPOCH_FORMAT_FLAGS(raw.format) & EPOCH_ARRAY_ACC_OUT) != 0;
  if ((raw_sums || shape.mode == ArrayMode::edge) && output != EPOCH_TYPE_FP32)
    return refuse(EPOCH_ERROR_TYPE);
  if (!combines && stored != EPOCH_TYPE_FP32) return refuse(EPOCH_ERROR_TYPE);
  if (output != EPOCH_TYPE_INT8 && raw.scale != 0) return refuse(EPOCH_ERROR_RESERVED);
  return no_error;
}

// Flag combinations that mean nothing are refused as modes that do not exist.
DecodeError CommandDecoder::check_array_flags(const epoch_array_command& raw,
                                              const ArrayShape& shape) const {
  const std::uint32_t flags = EPOCH_FORMAT_FLAGS(raw.format);
  const bool mac = shape.mode == ArrayMode::mac, edge = shape.mode == ArrayMode::edge;
  const std::uint32_t ssm_only = EPOCH_ARRAY_REVERSE | EPOCH_ARRAY_SHIFT | EPOCH_ARRAY_ZERO_STATE;
  const std::uint32_t drain = EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE | EPOCH_ARRAY_SHIFT;
  const std::uint32_t sums = EPOCH_ARRAY_ACC_IN | EPOCH_ARRAY_ACC_OUT;
  const std::uint32_t shift_needs = EPOCH_ARRAY_REVERSE | EPOCH_ARRAY_COMBINE;
  bool known = has_bit(limits_.activations, raw.activation);
  if (mac && (flags & ssm_only) != 0) known = false;
  if ((flags & EPOCH_ARRAY_ACC_OUT) != 0 &&
      ((flags & drain) != 0 || raw.activation != EPOCH_ACTIVATION_NONE))
    known = false;
  if ((flags & EPOCH_ARRAY_SHIFT) != 0 && (flags & shift_needs) != shift_needs) known = false;
  if (raw.activation == EPOCH_ACTIVATION_GLU && (!mac || shape.channels % 2 != 0)) known = false;
  if (edge && ((flags & (drain | sums)) != 0 || raw.activation != EPOCH_ACTIVATION_NONE))
    known = false;
  // dplr sums in its network, from nothing.
  if (shape.mode == ArrayMode::dplr && (flags & sums) != 0) known = false;
  return known ? no_error : refuse(EPOCH_ERROR_MODE);
}

DecodeError CommandDecoder::make_array_tiles(const epoch_array_command& raw,
                                             ArrayWork& work) const {
  const ArrayShape& shape = work.shape;
  const std::uint32_t flags = EPOCH_FORMAT_FLAGS(raw.format);
  const std::uint64_t rows = std::uint64_t{work.steps} * shape.sequences;
  const std::uint64_t results =
      shape.mode == ArrayMode::edge
          ? 2u * shape.channels
          : (work.activation == Activation::glu ? shape.channels / 2 : shape.channels);
  const std::uint64_t width = std::max<std::uint64_t>(
      source_row_bytes(shape), std::uint64_t{2 * kWordBytes} * shape.channels);
  if (static_cast<Wide>(rows) * static_cast<Wide>(width) > 0xFFFFFFFFu)
    return refuse(EPOCH_ERROR_SIZE, raw.source);
  work.source = tile_of(raw.source, rows, source_row_bytes(shape), raw.source_stride);
  work.destination =
      tile_of(raw.destination, rows, results * destination_width(work), raw.destination_stride);
  if ((flags & EPOCH_ARRAY_COMBINE) != 0)
    work.stored =
        tile_of(raw.stored, rows, results * type_bytes(work.stored_type), raw.stored_stride);
  if ((flags & EPOCH_ARRAY_ACC_IN) != 0)
    work.accumulator = tile_of(raw.accumulator, rows, std::uint64_t{kWordBytes} * shape.channels,
                               raw.accumulator_stride);
  if (streams_) {
    const std::uint64_t channels = std::uint64_t{shape.channels} * type_bytes(shape.type);
    const std::uint64_t modes = std::uint64_t{shape.modes} * type_bytes(shape.type);
    work.drive = tile_of(streams_->drive, rows, channels, streams_->drive_stride);
    work.b = tile_of(streams_->b, rows, modes, streams_->west_stride);
    work.c = tile_of(streams_->c, rows, modes, streams_->west_stride);
    if (work.use_extra) work.u = tile_of(streams_->u, rows, channels, streams_->u_stride);
  }
  return no_error;
}

DecodeError CommandDecoder::check_array_tiles(const ArrayWork& work) const {
  const unsigned narrow = type_bytes(work.shape.type);
  const struct {
    const LocalTile& tile;
    unsigned alignment;
  } tiles[] = {{work.source, source_width(work.shape)},
               {work.destination, destination_width(work)},
               {work.stored, type_bytes(work.stored_type)},
               {work.accumulator, kWordBytes},
               {work.drive, narrow},
               {work.b, narrow},
               {work.c, narrow},
               {work.u, narrow}};
  for (const auto& [tile, alignment] : tiles) {
    if (tile.rows == 0) continue;
    if (const auto error = check_tile(tile, alignment); failed(error)) return error;
  }
  if (const auto error = check_pass(work.shape); failed(error)) return error;
  for (const LocalTile* operand :
       {&work.source, &work.stored, &work.accumulator, &work.drive, &work.b, &work.c, &work.u})
    if (const auto error = check_overlap(*operand, work.destination); failed(error)) return error;
  return no_error;
}

DecodeError CommandDecoder::decode_array(const Descriptor& words, Command& command) {
  epoch_array_command raw;
  std::memcpy(&raw, words.data(), sizeof raw);
  const std::uint32_t flags = EPOCH_FORMAT_FLAGS(raw.format);
  if ((flags & ~0x7Fu) != 0) return refuse(EPOCH_ERROR_RESERVED);
  ArrayWork work;
  if (const auto error = read_shape(command.opcode, raw.format, raw.extent,
                                    EPOCH_ARRAY_TYPES_SEQUENCES(raw.types), work.shape);
      failed(error))
    return error;
  if (const auto error = check_types(raw, work.shape); failed(error)) return error;
  if (const auto error = check_array_flags(raw, work.shape); failed(error)) return error;
  if (work.shape.channels == 0 || work.shape.modes == 0 || raw.steps == 0)
    return refuse(EPOCH_ERROR_SIZE);
  work.steps = raw.steps;
  work.use_extra = (flags & EPOCH_ARRAY_EXTRA) != 0;
  work.partial = (flags & EPOCH_ARRAY_ACC_OUT) != 0;
  work.reverse = (flags & EPOCH_ARRAY_REVERSE) != 0;
  work.shift = (flags & EPOCH_ARRAY_SHIFT) != 0;
  work.zero_state = (flags & EPOCH_ARRAY_ZERO_STATE) != 0;
  work.activation = static_cast<Activation>(raw.activation);
  work.output = static_cast<NumberType>(EPOCH_ARRAY_TYPES_OUTPUT(raw.types));
  work.stored_type = static_cast<NumberType>(EPOCH_ARRAY_TYPES_STORED(raw.types));
  std::memcpy(&work.output_scale, &raw.scale, sizeof work.output_scale);
  if (is_streamed(work.shape.mode) != streams_.has_value()) return refuse(EPOCH_ERROR_STREAMS);
  if (const auto error = make_array_tiles(raw, work); failed(error)) return error;
  if (const auto error = check_array_tiles(work); failed(error)) return error;
  if (const auto error = check_loaded(work.shape, work.use_extra); failed(error)) return error;
  streams_.reset();
  command.work = work;
  return no_error;
}

}  // namespace epoch
