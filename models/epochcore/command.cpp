// SPDX-License-Identifier: Apache-2.0
#include "epochcore/command.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>

namespace epoch {

namespace {

// Addresses and strides of a descriptor can span more than 64 bits signed.
__extension__ using Wide = __int128;

constexpr DecodeError no_error{};

DecodeError refuse(std::uint32_t code, std::uint64_t address = 0, std::uint64_t length = 0) {
  return {code, address, static_cast<std::uint32_t>(std::min<std::uint64_t>(length, 0xFFFFFFFFu))};
}

bool failed(const DecodeError& error) {
  return error.code != EPOCH_ERROR_NONE;
}

struct Hull {  // bytes [low, high)
  Wide low;
  Wide high;
};

// Bytes from `first` that `count` pieces, `stride` apart, can reach.
Hull stretch(Hull piece, std::uint64_t count, std::int32_t stride) {
  const Wide reach = Wide{stride} * static_cast<Wide>(count - 1);
  return {piece.low + std::min<Wide>(reach, 0), piece.high + std::max<Wide>(reach, 0)};
}

Hull hull_of(const LocalTile& tile) {
  const Wide first = EPOCH_LOCAL_OFFSET(tile.address);
  return stretch({first, first + tile.row_bytes}, tile.rows, tile.stride);
}

// The rows of a tile as equally long intervals with ascending starts.
struct Rows {
  std::int64_t first;
  std::int64_t step;
  std::uint64_t count;
  std::int64_t length;

  explicit Rows(const LocalTile& tile)
      : first(EPOCH_LOCAL_OFFSET(tile.address)),
        step(tile.stride),
        count(tile.stride == 0 ? 1 : tile.rows),
        length(tile.row_bytes) {
    if (step < 0) {
      first += step * static_cast<std::int64_t>(count - 1);
      step = -step;
    }
  }
  std::int64_t at(std::uint64_t row) const { return first + step * static_cast<std::int64_t>(row); }
};

bool rows_meet(const Rows& a, const Rows& b) {
  std::uint64_t i = 0;
  std::uint64_t j = 0;
  while (i < a.count && j < b.count) {
    if (a.at(i) + a.length <= b.at(j)) {
      ++i;
    } else if (b.at(j) + b.length <= a.at(i)) {
      ++j;
    } else {
      return true;
    }
  }
  return false;
}

unsigned words_per_mode(ArrayMode mode) {
  return mode == ArrayMode::complex ? 4 : mode == ArrayMode::real ? 2 : 1;
}

unsigned state_words(ArrayMode mode) {
  return mode == ArrayMode::complex ? 2 : 1;
}

LocalTile tile_of(std::uint32_t address, std::uint32_t rows, std::uint64_t row_bytes,
                  std::uint32_t stride) {
  return {address, rows, static_cast<std::uint32_t>(row_bytes), static_cast<std::int32_t>(stride)};
}

// A destination may be exactly a source, or share no byte with it.
DecodeError check_overlap(const LocalTile& source, const LocalTile& destination) {
  if (source.rows == 0 || source == destination || !tiles_overlap(source, destination))
    return no_error;
  return refuse(EPOCH_ERROR_OVERLAP, destination.address, destination.bytes());
}

// Semaphore bytes: 0 or 0x80 | n with n below EPOCH_SEMAPHORES.
DecodeError decode_semaphores(std::uint32_t word, Command& command) {
  for (unsigned i = 0; i < 4; ++i) {
    const std::uint32_t byte = (word >> (8 * i)) & 0xFFu;
    if (byte != 0 && (byte & 0xF0u) != EPOCH_SEMAPHORE_USE(0)) return refuse(EPOCH_ERROR_RESERVED);
    const auto number =
        byte == 0 ? no_semaphore : static_cast<std::uint8_t>(byte % EPOCH_SEMAPHORES);
    (i < 2 ? command.waits : command.signals)[i % 2] = number;
  }
  const bool twice = command.waits[0] != no_semaphore && command.waits[0] == command.waits[1];
  return twice ? refuse(EPOCH_ERROR_SEMAPHORE_FIELD) : no_error;
}

// Engine of an opcode, or -1.
int engine_of(unsigned opcode) {
  static constexpr struct {
    unsigned opcode;
    int engine;
  } rows[] = {
#define EPOCH_X_ENGINE(name, value, engine, description) {value, EPOCH_ENGINE_##engine},
      EPOCH_OPCODES(EPOCH_X_ENGINE)
#undef EPOCH_X_ENGINE
  };
  for (const auto& row : rows)
    if (row.opcode == opcode) return row.engine;
  return -1;
}

// The first word of a descriptor that must be zero.
std::size_t first_reserved_word(unsigned opcode) {
  std::size_t bytes = offsetof(epoch_command, operands);
  if (opcode == EPOCH_OP_LOAD || opcode == EPOCH_OP_STORE)
    bytes = offsetof(epoch_dma_command, reserved);
  else if (opcode == EPOCH_OP_COEFF || opcode == EPOCH_OP_STATE)
    bytes = offsetof(epoch_coeff_command, reserved);
  else if (opcode == EPOCH_OP_SSM || opcode == EPOCH_OP_GEMM)
    bytes = offsetof(epoch_array_command, reserved);
  else if (engine_of(opcode) == EPOCH_ENGINE_VECTOR_UNIT)
    bytes = offsetof(epoch_vector_command, reserved);
  return bytes / sizeof(std::uint32_t);
}

}  // namespace

const char* opcode_name(unsigned opcode) {
  switch (opcode) {
#define EPOCH_X_NAME(name, value, engine, description) \
  case value:                                          \
    return #name;
    EPOCH_OPCODES(EPOCH_X_NAME)
#undef EPOCH_X_NAME
    default:
      return "";
  }
}

const char* engine_name(unsigned engine) {
  constexpr const char* names[] = {"dma_in", "dma_out", "pe_grid", "vector_unit", "control"};
  return engine < std::size(names) ? names[engine] : "";
}

bool LocalTile::operator==(const LocalTile& other) const {
  return address == other.address && rows == other.rows && row_bytes == other.row_bytes &&
         (stride == other.stride || rows <= 1);
}

bool tiles_overlap(const LocalTile& a, const LocalTile& b) {
  if (a.rows == 0 || b.rows == 0) return false;
  if (EPOCH_LOCAL_BUFFER(a.address) != EPOCH_LOCAL_BUFFER(b.address)) return false;
  const Hull hull_a = hull_of(a);
  const Hull hull_b = hull_of(b);
  if (hull_a.high <= hull_b.low || hull_b.high <= hull_a.low) return false;
  return rows_meet(Rows(a), Rows(b));
}

DecodeError CommandDecoder::decode(const Descriptor& words, std::uint32_t sequence,
                                   Command& command) {
  command = Command{};
  command.sequence = sequence;
  if (const auto error = decode_header(words, command); failed(error)) return error;
  switch (command.opcode) {
    case EPOCH_OP_LOAD:
    case EPOCH_OP_STORE:
      return decode_dma(words, command);
    case EPOCH_OP_COEFF:
      return decode_coefficients(words, command);
    case EPOCH_OP_SSM:
    case EPOCH_OP_GEMM:
      return decode_array(words, command);
    case EPOCH_OP_STATE:
      return decode_state(words, command);
    case EPOCH_OP_AFFINE:
    case EPOCH_OP_LAYERNORM:
    case EPOCH_OP_POOL:
      return decode_vector(words, command);
    default:
      return no_error;
  }
}

// What every command has: opcode, flags, semaphores; and that reserved words are zero.
DecodeError CommandDecoder::decode_header(const Descriptor& words, Command& command) const {
  command.context = static_cast<std::uint16_t>(EPOCH_CONTROL_CONTEXT(words[0]));
  const unsigned opcode = EPOCH_CONTROL_OPCODE(words[0]);
  const int engine = engine_of(opcode);
  if (engine < 0) return refuse(EPOCH_ERROR_OPCODE);
  command.opcode = static_cast<std::uint8_t>(opcode);
  command.engine = static_cast<std::uint8_t>(engine);
  if (engine == EPOCH_ENGINE_VECTOR_UNIT &&
      (limits_.vector_ops >> (opcode - EPOCH_OP_AFFINE) & 1u) == 0)
    return refuse(EPOCH_ERROR_OPCODE);

  const std::uint32_t flags = EPOCH_CONTROL_FLAGS(words[0]);
  if ((flags & ~EPOCH_FLAG_IRQ_ON_DONE) != 0) return refuse(EPOCH_ERROR_RESERVED);
  command.irq_on_done = (flags & EPOCH_FLAG_IRQ_ON_DONE) != 0;
  for (std::size_t i = first_reserved_word(opcode); i < words.size(); ++i)
    if (words[i] != 0) return refuse(EPOCH_ERROR_RESERVED);
  return decode_semaphores(words[1], command);
}

DecodeError CommandDecoder::decode_dma(const Descriptor& words, Command& command) const {
  epoch_dma_command raw;
  std::memcpy(&raw, words.data(), sizeof raw);
  DmaWork work;
  work.bus = raw.bus_lo | std::uint64_t{raw.bus_hi} << 32;
  work.local = raw.local;
  work.row_bytes = raw.row_bytes;
  work.rows = raw.rows;
  work.planes = raw.planes;
  work.bus_row_stride = static_cast<std::int32_t>(raw.bus_row_stride);
  work.local_row_stride = static_cast<std::int32_t>(raw.local_row_stride);
  work.bus_plane_stride = static_cast<std::int32_t>(raw.bus_plane_stride);
  work.local_plane_stride = static_cast<std::int32_t>(raw.local_plane_stride);

  const Wide total = Wide{work.row_bytes} * work.rows * work.planes;
  if (total == 0 || total > 0xFFFFFFFFu) return refuse(EPOCH_ERROR_SIZE, work.bus);
  const Wide bus = static_cast<Wide>(work.bus);
  const Hull on_bus = stretch(stretch({bus, bus + work.row_bytes}, work.rows, work.bus_row_stride),
                              work.planes, work.bus_plane_stride);
  if (on_bus.low < 0 || on_bus.high > (Wide{1} << 64)) return refuse(EPOCH_ERROR_SIZE, work.bus);
  if (((work.local | raw.local_row_stride | raw.local_plane_stride) & 3u) != 0)
    return refuse(EPOCH_ERROR_ALIGNMENT, work.local);

  const unsigned buffer = EPOCH_LOCAL_BUFFER(work.local);
  const Wide offset = EPOCH_LOCAL_OFFSET(work.local);
  const Hull local =
      stretch(stretch({offset, offset + work.row_bytes}, work.rows, work.local_row_stride),
              work.planes, work.local_plane_stride);
  if (buffer >= EPOCH_BUFFERS || local.low < 0 || local.high > limits_.buffer_bytes[buffer])
    return refuse(EPOCH_ERROR_LOCAL_RANGE, work.local, static_cast<std::uint64_t>(total));
  command.work = work;
  return no_error;
}

// Mode, type, flags and extent of a descriptor's words 3.. (COEFF, STATE) or 6.. (array).
DecodeError CommandDecoder::check_shape(const Descriptor& words, std::uint32_t known_flags,
                                        Shape& shape) const {
  const unsigned opcode = EPOCH_CONTROL_OPCODE(words[0]);
  const bool array = opcode == EPOCH_OP_SSM || opcode == EPOCH_OP_GEMM;
  const std::uint32_t format = words[array ? 6 : 3];
  const std::uint32_t extent = words[array ? 7 : 4];
  shape.flags = EPOCH_FORMAT_FLAGS(format);
  if ((shape.flags & ~known_flags) != 0) return refuse(EPOCH_ERROR_RESERVED);
  const std::uint32_t type = EPOCH_FORMAT_TYPE(format);
  if (type >= 32 || (limits_.types >> type & 1u) == 0) return refuse(EPOCH_ERROR_TYPE);
  const std::uint32_t mode = EPOCH_FORMAT_MODE(format);
  if (mode >= 32 || (limits_.modes >> mode & 1u) == 0) return refuse(EPOCH_ERROR_MODE);
  shape.mode = mode == EPOCH_MODE_REAL      ? ArrayMode::real
               : mode == EPOCH_MODE_COMPLEX ? ArrayMode::complex
                                            : ArrayMode::mac;
  const bool mac = shape.mode == ArrayMode::mac;
  if ((opcode == EPOCH_OP_SSM && mac) || (opcode == EPOCH_OP_GEMM && !mac) ||
      (opcode == EPOCH_OP_STATE && mac))
    return refuse(EPOCH_ERROR_MODE);
  shape.channels = EPOCH_EXTENT_CHANNELS(extent);
  shape.modes = EPOCH_EXTENT_MODES(extent);
  return no_error;
}

// Whether the channels fit one pass and the modes one block (array specification "Shape").
DecodeError CommandDecoder::check_pass(const Shape& shape) const {
  std::uint64_t pass = limits_.cols;
  if (shape.mode != ArrayMode::mac) {
    const unsigned segments = (shape.modes + limits_.segment_rows - 1) / limits_.segment_rows;
    const unsigned folds = limits_.rows / (segments * limits_.segment_rows);
    pass *= std::max(1u, folds);
  }
  const bool fits = shape.modes <= limits_.rows && shape.channels <= pass;
  return fits ? no_error : refuse(EPOCH_ERROR_TILE);
}

// Size, alignment and range of one tile. A tile larger than its buffer (rows on top of each other)
// is refused: an engine's operand registers hold no more.
DecodeError CommandDecoder::check_tile(const LocalTile& tile, unsigned alignment) const {
  const unsigned buffer = EPOCH_LOCAL_BUFFER(tile.address);
  const std::uint64_t room = buffer < EPOCH_BUFFERS ? limits_.buffer_bytes[buffer] : 0;
  if (((tile.address | static_cast<std::uint32_t>(tile.stride)) & (alignment - 1)) != 0)
    return refuse(EPOCH_ERROR_ALIGNMENT, tile.address, tile.bytes());
  const Hull hull = hull_of(tile);
  if (hull.low < 0 || hull.high > static_cast<Wide>(room))
    return refuse(EPOCH_ERROR_LOCAL_RANGE, tile.address, tile.bytes());
  if (tile.bytes() > room) return refuse(EPOCH_ERROR_SIZE, tile.address, tile.bytes());
  return no_error;
}

DecodeError CommandDecoder::check_loaded(const Shape& shape, bool needs_extra) const {
  const bool match = loaded_ && loaded_->mode == shape.mode &&
                     loaded_->channels == shape.channels && loaded_->modes == shape.modes &&
                     (loaded_->extra || !needs_extra);
  return match ? no_error : refuse(EPOCH_ERROR_COEFFICIENTS);
}

DecodeError CommandDecoder::decode_coefficients(const Descriptor& words, Command& command) {
  Shape shape;
  if (const auto error = check_shape(words, EPOCH_COEFF_EXTRA, shape); failed(error)) return error;
  if (shape.channels == 0 || shape.modes == 0) return refuse(EPOCH_ERROR_SIZE);
  CoefficientWork work;
  work.mode = shape.mode;
  work.channels = shape.channels;
  work.modes = shape.modes;
  work.extra = (shape.flags & EPOCH_COEFF_EXTRA) != 0;
  const std::uint64_t words_total =
      std::uint64_t{shape.channels} *
      (std::uint64_t{shape.modes} * words_per_mode(shape.mode) + (work.extra ? 1 : 0));
  if (words_total * 4 > 0xFFFFFFFFu) return refuse(EPOCH_ERROR_SIZE, words[2]);
  work.block = tile_of(words[2], 1, words_total * 4, 0);
  if (const auto error = check_tile(work.block, 4); failed(error)) return error;
  if (const auto error = check_pass(shape); failed(error)) return error;
  loaded_ = Coefficients{work.mode, work.channels, work.modes, work.extra};
  command.work = work;
  return no_error;
}

DecodeError CommandDecoder::decode_state(const Descriptor& words, Command& command) const {
  Shape shape;
  if (const auto error = check_shape(words, EPOCH_STATE_SAVE, shape); failed(error)) return error;
  if (shape.channels == 0 || shape.modes == 0) return refuse(EPOCH_ERROR_SIZE);
  StateWork work;
  work.mode = shape.mode;
  work.channels = shape.channels;
  work.modes = shape.modes;
  work.save = (shape.flags & EPOCH_STATE_SAVE) != 0;
  const std::uint64_t bytes =
      std::uint64_t{4} * shape.channels * shape.modes * state_words(shape.mode);
  if (bytes > 0xFFFFFFFFu) return refuse(EPOCH_ERROR_SIZE, words[2]);
  work.block = tile_of(words[2], 1, bytes, 0);
  if (const auto error = check_tile(work.block, 4); failed(error)) return error;
  if (const auto error = check_pass(shape); failed(error)) return error;
  if (const auto error = check_loaded(shape, false); failed(error)) return error;
  command.work = work;
  return no_error;
}

// Flag combinations that mean nothing are refused as modes that do not exist.
DecodeError CommandDecoder::check_array_flags(const Command& command, const Shape& shape,
                                              std::uint32_t activation) const {
  const std::uint32_t flags = shape.flags;
  const bool ssm = command.opcode == EPOCH_OP_SSM;
  const std::uint32_t ssm_only = EPOCH_ARRAY_REVERSE | EPOCH_ARRAY_SHIFT | EPOCH_ARRAY_ZERO_STATE;
  const std::uint32_t drain = EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE | EPOCH_ARRAY_SHIFT;
  const std::uint32_t shift_needs = EPOCH_ARRAY_REVERSE | EPOCH_ARRAY_COMBINE;
  bool known = activation < 32 && (limits_.activations >> activation & 1u) != 0;
  if (!ssm && (flags & ssm_only) != 0) known = false;
  if ((flags & EPOCH_ARRAY_ACC_OUT) != 0 &&
      ((flags & drain) != 0 || activation != EPOCH_ACTIVATION_NONE))
    known = false;
  if ((flags & EPOCH_ARRAY_SHIFT) != 0 && (flags & shift_needs) != shift_needs) known = false;
  if (activation == EPOCH_ACTIVATION_GLU && (ssm || shape.channels % 2 != 0)) known = false;
  return known ? no_error : refuse(EPOCH_ERROR_MODE);
}

DecodeError CommandDecoder::check_array_tiles(const ArrayWork& work) const {
  for (const LocalTile* tile : {&work.source, &work.destination, &work.stored, &work.accumulator}) {
    if (tile->rows == 0) continue;
    if (const auto error = check_tile(*tile, 4); failed(error)) return error;
  }
  return no_error;
}

DecodeError CommandDecoder::decode_array(const Descriptor& words, Command& command) const {
  epoch_array_command raw;
  std::memcpy(&raw, words.data(), sizeof raw);
  Shape shape;
  if (const auto error = check_shape(words, 0x7F, shape); failed(error)) return error;
  if (const auto error = check_array_flags(command, shape, raw.activation); failed(error))
    return error;
  if (shape.channels == 0 || shape.modes == 0 || raw.steps == 0) return refuse(EPOCH_ERROR_SIZE);

  ArrayWork work;
  work.mode = shape.mode;
  work.channels = shape.channels;
  work.modes = shape.modes;
  work.steps = raw.steps;
  work.use_extra = (shape.flags & EPOCH_ARRAY_EXTRA) != 0;
  work.partial = (shape.flags & EPOCH_ARRAY_ACC_OUT) != 0;
  work.reverse = (shape.flags & EPOCH_ARRAY_REVERSE) != 0;
  work.shift = (shape.flags & EPOCH_ARRAY_SHIFT) != 0;
  work.zero_state = (shape.flags & EPOCH_ARRAY_ZERO_STATE) != 0;
  work.activation = raw.activation == EPOCH_ACTIVATION_GELU  ? Activation::gelu
                    : raw.activation == EPOCH_ACTIVATION_GLU ? Activation::glu
                                                             : Activation::none;
  const std::uint64_t in = 4u * (command.opcode == EPOCH_OP_SSM ? work.channels : work.modes);
  const std::uint64_t out =
      4u * (work.activation == Activation::glu ? work.channels / 2 : work.channels);
  if (raw.steps * std::max(in, std::uint64_t{4} * work.channels) > 0xFFFFFFFFu)
    return refuse(EPOCH_ERROR_SIZE, raw.source);
  work.source = tile_of(raw.source, raw.steps, in, raw.source_stride);
  work.destination = tile_of(raw.destination, raw.steps, out, raw.destination_stride);
  if ((shape.flags & EPOCH_ARRAY_COMBINE) != 0)
    work.stored = tile_of(raw.stored, raw.steps, out, raw.stored_stride);
  if ((shape.flags & EPOCH_ARRAY_ACC_IN) != 0)
    work.accumulator =
        tile_of(raw.accumulator, raw.steps, 4u * work.channels, raw.accumulator_stride);

  if (const auto error = check_array_tiles(work); failed(error)) return error;
  if (const auto error = check_pass(shape); failed(error)) return error;
  for (const LocalTile* operand : {&work.source, &work.stored, &work.accumulator})
    if (const auto error = check_overlap(*operand, work.destination); failed(error)) return error;
  if (const auto error = check_loaded(shape, work.use_extra); failed(error)) return error;
  command.work = work;
  return no_error;
}

DecodeError CommandDecoder::decode_vector(const Descriptor& words, Command& command) const {
  epoch_vector_command raw;
  std::memcpy(&raw, words.data(), sizeof raw);
  const std::uint32_t flags = EPOCH_FORMAT_FLAGS(raw.format);
  const bool pool = command.opcode == EPOCH_OP_POOL;
  const bool affine = command.opcode == EPOCH_OP_AFFINE;
  if (EPOCH_FORMAT_MODE(raw.format) != 0 || (flags & ~(EPOCH_VECTOR_ACC | EPOCH_VECTOR_SCALE)) != 0)
    return refuse(EPOCH_ERROR_RESERVED);
  const std::uint32_t type = EPOCH_FORMAT_TYPE(raw.format);
  if (type >= 32 || (limits_.types >> type & 1u) == 0) return refuse(EPOCH_ERROR_TYPE);
  if (!pool && flags != 0) return refuse(EPOCH_ERROR_MODE);
  const std::uint64_t row_bytes = std::uint64_t{4} * raw.length;
  if (raw.rows == 0 || raw.length == 0 || row_bytes > 0xFFFFFFFFu / 2)
    return refuse(EPOCH_ERROR_SIZE, raw.source);

  VectorWork work;
  work.rows = raw.rows;
  work.length = raw.length;
  work.accumulate = (flags & EPOCH_VECTOR_ACC) != 0;
  work.scale = (flags & EPOCH_VECTOR_SCALE) != 0;
  std::memcpy(&work.immediate0, &raw.immediate0, sizeof work.immediate0);
  std::memcpy(&work.immediate1, &raw.immediate1, sizeof work.immediate1);
  work.source = tile_of(raw.source, raw.rows, affine ? raw.length : row_bytes, raw.source_stride);
  work.destination = pool ? tile_of(raw.destination, 1, row_bytes, 0)
                          : tile_of(raw.destination, raw.rows, row_bytes, raw.destination_stride);
  if (command.opcode == EPOCH_OP_LAYERNORM)
    work.parameters = tile_of(raw.parameters, 1, 2 * row_bytes, 0);

  if (const auto error = check_tile(work.source, affine ? 1 : 4); failed(error)) return error;
  if (const auto error = check_tile(work.destination, 4); failed(error)) return error;
  if (work.parameters.rows != 0)
    if (const auto error = check_tile(work.parameters, 4); failed(error)) return error;
  for (const LocalTile* operand : {&work.source, &work.parameters})
    if (const auto error = check_overlap(*operand, work.destination); failed(error)) return error;
  command.work = work;
  return no_error;
}

}  // namespace epoch
