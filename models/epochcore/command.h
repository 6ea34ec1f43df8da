// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include "epochcore/config.h"

namespace epoch {

// A decoded command, and the decoder that makes it from a descriptor. Plain C++.

// Rows of a tile in a buffer: row r is row_bytes at address + r * stride. No rows: no tile.
struct LocalTile {
  std::uint32_t address = 0;  // EPOCH_LOCAL
  std::uint32_t rows = 0;
  std::uint32_t row_bytes = 0;
  std::int32_t stride = 0;

  std::uint64_t bytes() const { return std::uint64_t{rows} * row_bytes; }
  bool operator==(const LocalTile& other) const;
};

// Whether two tiles share a byte; exact for any strides.
bool tiles_overlap(const LocalTile& a, const LocalTile& b);

struct DmaWork {
  std::uint64_t bus = 0;
  std::uint32_t local = 0;
  std::uint32_t row_bytes = 0;
  std::uint32_t rows = 0;
  std::uint32_t planes = 0;
  std::int32_t bus_row_stride = 0;
  std::int32_t local_row_stride = 0;
  std::int32_t bus_plane_stride = 0;
  std::int32_t local_plane_stride = 0;
};

struct CoefficientWork {
  LocalTile block;
  ArrayMode mode = ArrayMode::real;
  unsigned channels = 0;
  unsigned modes = 0;
  bool extra = false;
};

struct ArrayWork {
  LocalTile source;
  LocalTile destination;
  LocalTile stored;       // no rows unless COMBINE
  LocalTile accumulator;  // no rows unless ACC_IN
  ArrayMode mode = ArrayMode::real;
  unsigned channels = 0;
  unsigned modes = 0;
  unsigned steps = 0;
  bool use_extra = false;
  bool partial = false;
  bool reverse = false;
  bool shift = false;
  bool zero_state = false;
  Activation activation = Activation::none;
};

struct StateWork {
  LocalTile block;
  ArrayMode mode = ArrayMode::real;
  unsigned channels = 0;
  unsigned modes = 0;
  bool save = false;
};

struct VectorWork {
  LocalTile source;
  LocalTile destination;
  LocalTile parameters;  // LAYERNORM: gain, bias
  std::uint32_t rows = 0;
  std::uint32_t length = 0;
  bool accumulate = false;
  bool scale = false;
  float immediate0 = 0;
  float immediate1 = 0;
};

constexpr std::uint8_t no_semaphore = 0xFF;

struct Command {
  std::uint32_t sequence = 0;  // ring counter of its descriptor
  std::uint8_t opcode = 0;     // EPOCH_OP_*
  std::uint8_t engine = EPOCH_ENGINE_CONTROL;
  std::uint16_t context = 0;
  bool irq_on_done = false;
  std::array<std::uint8_t, 2> waits{no_semaphore, no_semaphore};
  std::array<std::uint8_t, 2> signals{no_semaphore, no_semaphore};
  std::variant<std::monostate, DmaWork, CoefficientWork, ArrayWork, StateWork, VectorWork> work;
};

// "LOAD", "dma_in"; "" for a number that is none.
const char* opcode_name(unsigned opcode);
const char* engine_name(unsigned engine);

// A fetched command as observers see it.
struct CommandView {
  enum class State : std::uint8_t { queued, running, retired, dropped };
  std::uint32_t sequence = 0;
  std::uint16_t context = 0;
  std::uint8_t opcode = 0;
  std::uint8_t engine = EPOCH_ENGINE_CONTROL;
  std::array<std::uint8_t, 2> waits{no_semaphore, no_semaphore};
  std::array<std::uint8_t, 2> signals{no_semaphore, no_semaphore};
  State state = State::queued;
};

// Why a descriptor was refused: EPOCH_ERROR_*, and the address range at fault (0 if none is).
struct DecodeError {
  std::uint32_t code = EPOCH_ERROR_NONE;
  std::uint64_t address = 0;
  std::uint32_t length = 0;
};

using Descriptor = std::array<std::uint32_t, 16>;

// Decodes descriptors in ring order and makes every check of the contract. Where several checks
// fail the first of this order is reported: opcode, reserved bits, semaphores, type, mode and
// flags, size, alignment, local range, tile, overlap, coefficients.
class CommandDecoder {
 public:
  explicit CommandDecoder(const Limits& limits) : limits_(limits) {}

  // Returns an error with code EPOCH_ERROR_NONE and fills `command` if the descriptor is correct.
  DecodeError decode(const Descriptor& words, std::uint32_t sequence, Command& command);

  // After the array's coefficients have been lost: array commands need a new COEFF first.
  void forget_coefficients() { loaded_.reset(); }

 private:
  struct Coefficients {
    ArrayMode mode;
    unsigned channels;
    unsigned modes;
    bool extra;
  };
  // The fields that COEFF, STATE and array commands share.
  struct Shape {
    ArrayMode mode = ArrayMode::real;
    unsigned channels = 0;
    unsigned modes = 0;
    std::uint32_t flags = 0;
  };

  DecodeError decode_header(const Descriptor& words, Command& command) const;
  DecodeError decode_dma(const Descriptor& words, Command& command) const;
  DecodeError decode_coefficients(const Descriptor& words, Command& command);
  DecodeError decode_array(const Descriptor& words, Command& command) const;
  DecodeError decode_state(const Descriptor& words, Command& command) const;
  DecodeError decode_vector(const Descriptor& words, Command& command) const;

  DecodeError check_shape(const Descriptor& words, std::uint32_t known_flags, Shape& shape) const;
  DecodeError check_array_flags(const Command& command, const Shape& shape,
                                std::uint32_t activation) const;
  DecodeError check_array_tiles(const ArrayWork& work) const;
  DecodeError check_pass(const Shape& shape) const;
  DecodeError check_tile(const LocalTile& tile, unsigned alignment) const;
  DecodeError check_loaded(const Shape& shape, bool needs_extra) const;

  Limits limits_;
  std::optional<Coefficients> loaded_;
};

}  // namespace epoch
