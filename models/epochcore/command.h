// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include "epochcore/config.h"
#include "epochcore/tile.h"

namespace epoch {

// A decoded command, and the decoder that makes it from a descriptor. Plain C++.

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
  LocalTile indices;             // GATHER: uint32, one a row; no rows otherwise
  std::uint32_t table_rows = 0;  // GATHER
};

// What COEFF, STATE and array commands say of the block that they are about.
struct ArrayShape {
  ArrayMode mode = ArrayMode::real;
  NumberType type = NumberType::fp32;
  unsigned channels = 0;
  unsigned modes = 0;
  unsigned sequences = 1;

  bool operator==(const ArrayShape& other) const {
    return mode == other.mode && type == other.type && channels == other.channels &&
           modes == other.modes && sequences == other.sequences;
  }
  unsigned lanes() const { return channels * sequences; }
  CoefficientBlock block() const;  // without words
};

struct CoefficientWork {
  LocalTile block;  // no rows: ssd without D
  ArrayShape shape;
  bool extra = false;
};

struct ArrayWork : ArrayRun {
  LocalTile source;  // u, x, v; selective d, ssd a_k
  LocalTile destination;
  LocalTile stored;       // no rows unless COMBINE
  LocalTile accumulator;  // no rows unless ACC_IN
  LocalTile drive, b, c;  // selective, ssd: what STREAMS said
  LocalTile u;            // selective, ssd with D
  ArrayShape shape;
};

struct StateWork {
  LocalTile block;
  ArrayShape shape;
  bool save = false;
};

// Of the elements of a vector command's tiles.
enum class Element : std::uint8_t { fp32, bf16, int8, uint8, uint32 };
unsigned element_bytes(Element element);

struct VectorWork {
  LocalTile source;
  LocalTile destination;
  LocalTile parameters;
  LocalTile second;  // COMBINE: b; CONV1D: history, read unless `zero`, then written
  Element source_element = Element::fp32;
  Element destination_element = Element::fp32;
  Element second_element = Element::fp32;
  std::uint32_t rows = 0;
  std::uint32_t length = 0;
  std::uint32_t count = 1;    // repeats of MAP and COMBINE, taps of CONV1D
  std::uint8_t function = 0;  // EPOCH_FUNCTION_*
  std::uint8_t op = 0;        // EPOCH_COMBINE_*
  bool accumulate = false;
  bool scale = false;
  bool gain = false;
  bool bias = false;
  bool zero = false;
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

// "LOAD", "dma_in", "BUS_READ"; "" for a number that is none.
const char* opcode_name(unsigned opcode);
const char* engine_name(unsigned engine);
const char* error_name(unsigned code);

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
// fail the first of this order is reported: opcode, reserved bits, semaphores, STREAMS before
// something else, type, mode and flags, size, alignment, local range, tile, overlap, coefficients
// and streams.
class CommandDecoder {
 public:
  explicit CommandDecoder(const Limits& limits) : limits_(limits) {}

  // Returns an error with code EPOCH_ERROR_NONE and fills `command` if the descriptor is correct.
  DecodeError decode(const Descriptor& words, std::uint32_t sequence, Command& command);

  // After the array's coefficients have been lost: array commands need a new COEFF first.
  void forget_coefficients() {
    loaded_.reset();
    streams_.reset();
  }

 private:
  struct Coefficients {
    ArrayShape shape;
    bool extra;
  };

  DecodeError decode_header(const Descriptor& words, Command& command) const;
  DecodeError decode_dma(const Descriptor& words, Command& command) const;
  DecodeError decode_coefficients(const Descriptor& words, Command& command);
  DecodeError decode_array(const Descriptor& words, Command& command);
  DecodeError decode_state(const Descriptor& words, Command& command) const;
  DecodeError decode_streams(const Descriptor& words);
  DecodeError decode_vector(const Descriptor& words, Command& command) const;

  DecodeError read_shape(std::uint32_t opcode, std::uint32_t format, std::uint32_t extent,
                         std::uint32_t sequences, ArrayShape& shape) const;
  DecodeError check_types(const epoch_array_command& raw, const ArrayShape& shape) const;
  DecodeError check_array_flags(const epoch_array_command& raw, const ArrayShape& shape) const;
  DecodeError make_array_tiles(const epoch_array_command& raw, ArrayWork& work) const;
  DecodeError check_array_tiles(const ArrayWork& work) const;
  DecodeError check_pass(const ArrayShape& shape) const;
  DecodeError check_tile(const LocalTile& tile, unsigned alignment) const;
  DecodeError check_loaded(const ArrayShape& shape, bool needs_extra) const;

  DecodeError check_vector_format(const epoch_vector_command& raw, std::uint32_t opcode) const;
  DecodeError check_vector_tiles(const VectorWork& work) const;

  Limits limits_;
  std::optional<Coefficients> loaded_;
  std::optional<epoch_streams_command> streams_;  // of the SSM that has to come next
};

}  // namespace epoch
