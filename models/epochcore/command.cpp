// SPDX-License-Identifier: Apache-2.0
#include "epochcore/command.h"

#include <cstddef>
#include <cstring>
#include <iterator>

#include "epochcore/decode_error.h"

namespace epoch {

namespace {

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
    bytes = offsetof(epoch_dma_command, indices);
  else if (opcode == EPOCH_OP_GATHER)
    bytes = offsetof(epoch_dma_command, reserved);
  else if (opcode == EPOCH_OP_COEFF || opcode == EPOCH_OP_STATE)
    bytes = offsetof(epoch_coeff_command, reserved);
  else if (opcode == EPOCH_OP_STREAMS)
    bytes = offsetof(epoch_streams_command, reserved);
  else if (opcode == EPOCH_OP_SSM || opcode == EPOCH_OP_GEMM)
    bytes = sizeof(epoch_array_command);
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

const char* error_name(unsigned code) {
  switch (code) {
#define EPOCH_X_NAME(name, value, description) \
  case value:                                  \
    return #name;
    EPOCH_ERRORS(EPOCH_X_NAME)
#undef EPOCH_X_NAME
    default:
      return "";
  }
}

const char* engine_name(unsigned engine) {
  constexpr const char* names[] = {"dma_in", "dma_out", "pe_grid", "vector_unit", "control"};
  return engine < std::size(names) ? names[engine] : "";
}

CoefficientBlock ArrayShape::block() const {
  CoefficientBlock block;
  block.mode = mode;
  block.type = type;
  block.channels = channels;
  block.modes = modes;
  block.sequences = sequences;
  return block;
}

DecodeError CommandDecoder::decode(const Descriptor& words, std::uint32_t sequence,
                                   Command& command) {
  command = Command{};
  command.sequence = sequence;
  if (const auto error = decode_header(words, command); failed(error)) return error;
  if (streams_ && command.opcode != EPOCH_OP_SSM) return refuse(EPOCH_ERROR_STREAMS);
  switch (command.opcode) {
    case EPOCH_OP_LOAD:
    case EPOCH_OP_GATHER:
    case EPOCH_OP_STORE:
      return decode_dma(words, command);
    case EPOCH_OP_COEFF:
      return decode_coefficients(words, command);
    case EPOCH_OP_SSM:
    case EPOCH_OP_GEMM:
      return decode_array(words, command);
    case EPOCH_OP_STATE:
      return decode_state(words, command);
    case EPOCH_OP_STREAMS:
      return decode_streams(words);
    default:
      break;
  }
  return command.engine == EPOCH_ENGINE_VECTOR_UNIT ? decode_vector(words, command) : no_error;
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

  const bool gather = command.opcode == EPOCH_OP_GATHER;
  if (gather && (raw.planes != 1 || raw.bus_plane_stride != 0 || raw.local_plane_stride != 0))
    return refuse(EPOCH_ERROR_RESERVED);
  const Wide total = Wide{work.row_bytes} * work.rows * work.planes;
  if (total == 0 || total > 0xFFFFFFFFu) return refuse(EPOCH_ERROR_SIZE, work.bus);
  if (gather && raw.table_rows == 0) return refuse(EPOCH_ERROR_SIZE, work.bus);
  const Wide bus = static_cast<Wide>(work.bus);
  const Hull on_bus = stretch(stretch({bus, bus + work.row_bytes},
                                      gather ? raw.table_rows : work.rows, work.bus_row_stride),
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
  if (gather) {
    work.table_rows = raw.table_rows;
    work.indices = tile_of(raw.indices, 1, std::uint64_t{4} * work.rows, 0);
    if (const auto error = check_tile(work.indices, 4); failed(error)) return error;
    const LocalTile destination = tile_of(raw.local, raw.rows, raw.row_bytes, raw.local_row_stride);
    if (tiles_overlap(work.indices, destination))
      return refuse(EPOCH_ERROR_OVERLAP, raw.local, destination.bytes());
  }
  command.work = work;
  return no_error;
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

}  // namespace epoch
