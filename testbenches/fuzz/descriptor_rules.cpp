// SPDX-License-Identifier: Apache-2.0
#include "fuzz/descriptor_rules.h"

#include <algorithm>
#include <cstdio>

#include "fuzz/entry.h"
#include "fuzz/rule_words.h"

namespace epoch::fuzz {

namespace {

Wide signed_stride(std::uint32_t stride) {
  return static_cast<std::int32_t>(stride);
}

// Lowest and highest first byte among the corners of rows and planes.
struct Corners {
  Wide low, high;
};
Corners corners(Wide base, std::uint64_t rows, std::uint32_t row_stride, std::uint64_t planes,
                std::uint32_t plane_stride) {
  Corners result{base, base};
  for (const std::uint64_t row : {std::uint64_t{0}, rows - 1}) {
    for (const std::uint64_t plane : {std::uint64_t{0}, planes - 1}) {
      const Wide at =
          base + Wide{row} * signed_stride(row_stride) + Wide{plane} * signed_stride(plane_stride);
      result = {std::min(result.low, at), std::max(result.high, at)};
    }
  }
  return result;
}

// Words that mean something, 0 for an opcode that does not exist.
std::size_t used_words(std::uint32_t opcode) {
  switch (opcode) {
    case EPOCH_OP_NOP:
    case EPOCH_OP_FENCE:
    case EPOCH_OP_IRQ:
    case EPOCH_OP_HALT:
      return 2;
    case EPOCH_OP_LOAD:
    case EPOCH_OP_STORE:
      return 12;
    case EPOCH_OP_GATHER:
      return 14;
    case EPOCH_OP_COEFF:
    case EPOCH_OP_STATE:
      return 6;
    case EPOCH_OP_SSM:
    case EPOCH_OP_GEMM:
      return 16;
    case EPOCH_OP_STREAMS:
      return 9;
    default:
      return opcode >= EPOCH_OP_AFFINE && opcode <= EPOCH_OP_ARGMAX ? 15 : 0;
  }
}

bool semaphores_legal(std::uint32_t word) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    const std::uint32_t use = word >> shift & 0xFF;
    if (use != 0 && (use < 0x80 || use > 0x8F)) return false;
  }
  const std::uint32_t first = word & 0xFF;
  return first == 0 || first != (word >> 8 & 0xFF);
}

// Bytes of an address space of 2^64.
bool on_the_bus(const Corners& firsts, std::uint32_t bytes) {
  return firsts.low >= 0 && firsts.high + bytes <= Wide{1} << 64;
}

}  // namespace

bool DescriptorRules::legal(const Descriptor& words) {
  if (!header(words)) return false;
  const std::uint32_t opcode = words[0] & 0xFF;
  if (streams_ && opcode != EPOCH_OP_SSM) return false;
  switch (opcode) {
    case EPOCH_OP_NOP:
    case EPOCH_OP_FENCE:
    case EPOCH_OP_IRQ:
    case EPOCH_OP_HALT:
      return true;
    case EPOCH_OP_LOAD:
    case EPOCH_OP_STORE:
      return transfer(words);
    case EPOCH_OP_GATHER:
      return gather(words);
    case EPOCH_OP_COEFF:
      return coefficients(words);
    case EPOCH_OP_STATE:
      return state(words);
    case EPOCH_OP_STREAMS:
      return streams(words);
    case EPOCH_OP_SSM:
    case EPOCH_OP_GEMM:
      if (!array(words)) return false;
      streams_.reset();
      return true;
    default:
      return vector(words);
  }
}

bool DescriptorRules::known(std::uint32_t opcode) const {
  const bool is_vector = opcode >= EPOCH_OP_AFFINE && used_words(opcode) != 0;
  return used_words(opcode) != 0 && (!is_vector || bit(limits_.vector_ops, opcode - 0x40));
}

bool DescriptorRules::header(const Descriptor& words) const {
  const std::uint32_t opcode = words[0] & 0xFF;
  if (!known(opcode) || (words[0] >> 8 & 0xFF) > 1) return false;
  for (std::size_t i = used_words(opcode); i < words.size(); ++i)
    if (words[i] != 0) return false;
  return semaphores_legal(words[1]);
}

// Of a GATHER, the local side.
bool DescriptorRules::transfer(const Descriptor& words) const {
  const std::uint32_t local = words[4], row_bytes = words[5], rows = words[6], planes = words[9];
  const Wide total = Wide{row_bytes} * rows * planes;
  if (total == 0 || total > 0xFFFFFFFF) return false;
  const Wide bus = static_cast<Wide>(words[2] | std::uint64_t{words[3]} << 32);
  const bool scattered = (words[0] & 0xFF) == EPOCH_OP_GATHER;
  if (!scattered && !on_the_bus(corners(bus, rows, words[7], planes, words[10]), row_bytes))
    return false;
  if (local % 4 != 0 || words[8] % 4 != 0 || words[11] % 4 != 0) return false;
  const std::uint32_t buffer = local >> 30;
  if (buffer >= EPOCH_BUFFERS) return false;
  const Corners near = corners(local & 0x3FFFFFFF, rows, words[8], planes, words[11]);
  return near.low >= 0 && near.high + row_bytes <= static_cast<Wide>(limits_.buffer_bytes[buffer]);
}

bool DescriptorRules::gather(const Descriptor& words) const {
  const std::uint32_t rows = words[6], table_rows = words[13];
  if (words[9] != 1 || words[10] != 0 || words[11] != 0 || table_rows == 0) return false;
  if (!transfer(words)) return false;
  const Wide bus = static_cast<Wide>(words[2] | std::uint64_t{words[3]} << 32);
  if (!on_the_bus(corners(bus, table_rows, words[7], 1, 0), words[5])) return false;
  const Tile indices{words[12], 1, 0, std::uint64_t{4} * rows, 4};
  const Tile destination{words[4], rows, words[8], words[5], 4};
  return tile_fits(indices) && !share_a_byte(indices, destination);
}

bool DescriptorRules::tile_fits(const Tile& tile) const {
  const std::uint32_t buffer = tile.address >> 30;
  if (buffer >= EPOCH_BUFFERS) return false;
  const auto room = static_cast<Wide>(limits_.buffer_bytes[buffer]);
  if (tile.address % tile.alignment != 0 || tile.stride % tile.alignment != 0) return false;
  const Corners at = corners(tile.address & 0x3FFFFFFF, tile.rows, tile.stride, 1, 0);
  return at.low >= 0 && at.high + tile.row_bytes <= room &&
         Wide{tile.row_bytes} * tile.rows <= room;
}

// Both tiles fit their buffers. Rows of `a` over each byte that it reaches, then covered bytes
// below each address: a row of `b` costs two look-ups however long it is.
bool DescriptorRules::share_a_byte(const Tile& a, const Tile& b) const {
  if (a.address >> 30 != b.address >> 30) return false;
  const auto first_byte = [](const Tile& tile, std::uint64_t row) {
    return static_cast<std::int64_t>((tile.address & 0x3FFFFFFF) +
                                     Wide{row} * signed_stride(tile.stride));
  };
  const std::int64_t low = std::min(first_byte(a, 0), first_byte(a, a.rows - 1));
  const std::int64_t high = std::max(first_byte(a, 0), first_byte(a, a.rows - 1)) +
                            static_cast<std::int64_t>(a.row_bytes);
  const auto place = [&](std::int64_t byte) {
    return static_cast<std::size_t>(std::clamp(byte, low, high) - low);
  };
  std::vector<std::int64_t> change(place(high) + 1);
  for (std::uint64_t row = 0; row < a.rows; ++row) {
    ++change[place(first_byte(a, row))];
    --change[place(first_byte(a, row)) + a.row_bytes];
  }
  std::vector<std::uint64_t> covered(change.size());
  std::int64_t rows_over = 0;
  for (std::size_t byte = 0; byte + 1 < change.size(); ++byte) {
    rows_over += change[byte];
    covered[byte + 1] = covered[byte] + (rows_over != 0 ? 1 : 0);
  }
  for (std::uint64_t row = 0; row < b.rows; ++row) {
    const std::int64_t first = first_byte(b, row);
    const std::int64_t last = first + static_cast<std::int64_t>(b.row_bytes);
    if (covered[place(first)] != covered[place(last)]) return true;
  }
  return false;
}

bool DescriptorRules::identical_or_disjoint(const Tile& source, const Tile& destination) const {
  const bool identical =
      source.address == destination.address && source.row_bytes == destination.row_bytes &&
      source.rows == destination.rows && (source.rows == 1 || source.stride == destination.stride);
  return identical || !share_a_byte(source, destination);
}

EpochCoreConfig hardware_variant(unsigned number) {
  EpochCoreConfig config;
  ArrayConfig& array = config.pe_grid;
  const unsigned variant = number % hardware_variants;
  if (variant == 0) return config;
  array.rows = 8;
  array.cols = variant == 7 ? 1 : 4;
  array.segment_rows = 2;
  array.lima = variant != 2;
  config.activations = {4, 2, 16};
  config.coefficients = {2, 2, 16};
  config.accumulators = {1, 2, 16};
  if (variant >= 3 && variant <= 5) {
    array.state_slots = 3;
    array.slots_kind = variant == 3   ? SlotsKind::mode
                       : variant == 4 ? SlotsKind::channel
                                      : SlotsKind::batch;
    if (variant == 4) array.segment_io = SegmentIo::chained;
  }
  if (variant == 6) array.multipliers = 8;
  return config;
}

namespace {

bool code_exists(std::uint32_t code) {
#define EPOCH_X_CODE(name, value, description) || code == (value)
  return false EPOCH_ERRORS(EPOCH_X_CODE);
#undef EPOCH_X_CODE
}

void check_transfer(const DmaWork& dma, const Descriptor& words) {
  must(dma.local == words[4] && dma.row_bytes == words[5] && dma.rows == words[6] &&
           dma.planes == words[9],
       "a transfer as in the descriptor");
  const bool gather = (words[0] & 0xFF) == EPOCH_OP_GATHER;
  must(dma.indices.bytes() == (gather ? std::uint64_t{4} * words[6] : 0) &&
           dma.table_rows == words[13],
       "indices of GATHER, one a row, and of nothing else");
}

void check_array(const ArrayWork& array, const Descriptor& words) {
  must(array.source.address == words[2] && array.destination.address == words[3] &&
           array.steps == words[8] && array.shape.channels == (words[7] & 0xFFFF) &&
           array.shape.modes == words[7] >> 16,
       "an array command as in the descriptor");
  const std::uint32_t mode = words[6] & 0xFF;
  const bool streams = mode == EPOCH_MODE_SELECTIVE || mode == EPOCH_MODE_SSD;
  must((array.drive.rows != 0) == streams && (array.b.rows != 0) == streams &&
           (array.c.rows != 0) == streams,
       "operands of STREAMS where the mode has them");
}

// What every engine relies on: nothing that was decoded is further out than the words say.
void check_command(const Command& command, const Descriptor& words) {
  must(command.opcode == (words[0] & 0xFF) && command.context == words[0] >> 16,
       "opcode and context as in the descriptor");
  for (unsigned i = 0; i < 2; ++i) {
    must(command.waits[i] == no_semaphore || command.waits[i] < EPOCH_SEMAPHORES, "a semaphore");
    must(command.signals[i] == no_semaphore || command.signals[i] < EPOCH_SEMAPHORES,
         "a semaphore");
  }
  if (const auto* dma = std::get_if<DmaWork>(&command.work)) {
    check_transfer(*dma, words);
  } else if (const auto* array = std::get_if<ArrayWork>(&command.work)) {
    check_array(*array, words);
  } else if (const auto* vector = std::get_if<VectorWork>(&command.work)) {
    must(vector->rows == words[6] && vector->length == words[7],
         "a vector command as in the descriptor");
  }
}

}  // namespace

bool check_descriptor(CommandDecoder& decoder, DescriptorRules& rules, const Descriptor& words,
                      std::uint32_t* code) {
  Command command;
  const DecodeError error = decoder.decode(words, 7, command);
  const bool accepted = error.code == EPOCH_ERROR_NONE;
  if (code != nullptr) *code = error.code;
  if (accepted != rules.legal(words)) {
    std::fprintf(stderr, "decoder: error 0x%x for", error.code);
    for (const std::uint32_t word : words) std::fprintf(stderr, " %08x", word);
    std::fprintf(stderr, "\n");
    must(false, "a decoder that accepts exactly what the contract's rules allow");
  }
  must(code_exists(error.code), "a code of the contract");
  if (accepted) check_command(command, words);
  return accepted;
}

}  // namespace epoch::fuzz
