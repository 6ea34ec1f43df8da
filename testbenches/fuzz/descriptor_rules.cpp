// SPDX-License-Identifier: Apache-2.0
#include "fuzz/descriptor_rules.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "fuzz/entry.h"

namespace epoch::fuzz {

namespace {

__extension__ using Wide = __int128;

bool bit(std::uint32_t set, std::uint32_t number) {
  return number < 32 && (set >> number & 1u) != 0;
}

Wide signed_stride(std::uint32_t stride) {
  return static_cast<std::int32_t>(stride);
}

// Lowest and highest first byte among the corners of rows and planes.
struct Corners {
  Wide low, high;
};
Corners corners(Wide base, std::uint32_t rows, std::uint32_t row_stride, std::uint32_t planes,
                std::uint32_t plane_stride) {
  Corners result{base, base};
  for (const std::uint32_t row : {0u, rows - 1}) {
    for (const std::uint32_t plane : {0u, planes - 1}) {
      const Wide at =
          base + Wide{row} * signed_stride(row_stride) + Wide{plane} * signed_stride(plane_stride);
      result = {std::min(result.low, at), std::max(result.high, at)};
    }
  }
  return result;
}

bool is_vector(std::uint32_t opcode) {
  return opcode == EPOCH_OP_AFFINE || opcode == EPOCH_OP_LAYERNORM || opcode == EPOCH_OP_POOL;
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
    case EPOCH_OP_AFFINE:
    case EPOCH_OP_LAYERNORM:
    case EPOCH_OP_POOL:
      return 12;
    case EPOCH_OP_COEFF:
    case EPOCH_OP_STATE:
      return 5;
    case EPOCH_OP_SSM:
    case EPOCH_OP_GEMM:
      return 14;
    default:
      return 0;
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

std::uint32_t words_of_mode(std::uint32_t mode) {
  return mode == EPOCH_MODE_COMPLEX ? 4 : mode == EPOCH_MODE_REAL ? 2 : 1;
}

}  // namespace

DescriptorRules::Shape::Shape(std::uint32_t format, std::uint32_t extent)
    : mode(format & 0xFF),
      type(format >> 8 & 0xFF),
      flags(format >> 16),
      channels(extent & 0xFFFF),
      modes(extent >> 16) {}

bool DescriptorRules::legal(const Descriptor& words) {
  if (!header(words)) return false;
  switch (words[0] & 0xFF) {
    case EPOCH_OP_LOAD:
    case EPOCH_OP_STORE:
      return transfer(words);
    case EPOCH_OP_COEFF:
      return coefficients(words);
    case EPOCH_OP_STATE:
      return state(words);
    case EPOCH_OP_SSM:
    case EPOCH_OP_GEMM:
      return array(words);
    case EPOCH_OP_AFFINE:
    case EPOCH_OP_LAYERNORM:
    case EPOCH_OP_POOL:
      return vector(words);
    default:
      return true;
  }
}

bool DescriptorRules::header(const Descriptor& words) const {
  const std::uint32_t opcode = words[0] & 0xFF;
  const std::size_t used = used_words(opcode);
  if (used == 0 || (is_vector(opcode) && !bit(limits_.vector_ops, opcode - 0x40))) return false;
  if ((words[0] >> 8 & 0xFF) > 1) return false;
  for (std::size_t i = used; i < words.size(); ++i)
    if (words[i] != 0) return false;
  return semaphores_legal(words[1]);
}

bool DescriptorRules::transfer(const Descriptor& words) const {
  const std::uint32_t local = words[4], row_bytes = words[5], rows = words[6], planes = words[9];
  const Wide total = Wide{row_bytes} * rows * planes;
  if (total == 0 || total > 0xFFFFFFFF) return false;
  const Wide bus = static_cast<Wide>(words[2] | std::uint64_t{words[3]} << 32);
  const Corners remote = corners(bus, rows, words[7], planes, words[10]);
  if (remote.low < 0 || remote.high + row_bytes > Wide{1} << 64) return false;
  if (local % 4 != 0 || words[8] % 4 != 0 || words[11] % 4 != 0) return false;
  const std::uint32_t buffer = local >> 30;
  if (buffer >= EPOCH_BUFFERS) return false;
  const Corners near = corners(local & 0x3FFFFFFF, rows, words[8], planes, words[11]);
  return near.low >= 0 && near.high + row_bytes <= static_cast<Wide>(limits_.buffer_bytes[buffer]);
}

bool DescriptorRules::shape_exists(const Shape& shape, std::uint32_t known_flags) const {
  if ((shape.flags & ~known_flags) != 0 || !bit(limits_.types, shape.type) ||
      !bit(limits_.modes, shape.mode))
    return false;
  if (shape.channels == 0 || shape.modes == 0 || shape.modes > limits_.rows) return false;
  std::uint32_t groups = 1;
  if (shape.mode != EPOCH_MODE_MAC) {
    std::uint32_t height = limits_.segment_rows;  // of one channel's column segment
    while (height < shape.modes) height += limits_.segment_rows;
    groups = limits_.rows / height;
  }
  return shape.channels <= groups * limits_.cols;
}

bool DescriptorRules::coefficients(const Descriptor& words) {
  const Shape shape(words[3], words[4]);
  if (!shape_exists(shape, EPOCH_COEFF_EXTRA)) return false;
  const bool extra = shape.flags != 0;
  const std::uint64_t per_channel =
      std::uint64_t{shape.modes} * words_of_mode(shape.mode) + (extra ? 1 : 0);
  if (!tile_fits({words[2], 1, 0, 4 * per_channel * shape.channels, 4})) return false;
  loaded_ = Loaded{shape.mode, shape.channels, shape.modes, extra};
  return true;
}

bool DescriptorRules::is_loaded(const Shape& shape, bool extra) const {
  return loaded_ && loaded_->mode == shape.mode && loaded_->channels == shape.channels &&
         loaded_->modes == shape.modes && (!extra || loaded_->extra);
}

bool DescriptorRules::state(const Descriptor& words) const {
  const Shape shape(words[3], words[4]);
  if (!shape_exists(shape, EPOCH_STATE_SAVE) || shape.mode == EPOCH_MODE_MAC) return false;
  const std::uint64_t bytes = std::uint64_t{2} * words_of_mode(shape.mode) * shape.channels *
                              shape.modes;  // a state has half the words of its coefficients
  return tile_fits({words[2], 1, 0, bytes, 4}) && is_loaded(shape, false);
}

bool DescriptorRules::array_flags(std::uint32_t opcode, const Shape& shape,
                                  std::uint32_t activation) const {
  const auto has = [&](std::uint32_t flag) { return (shape.flags & flag) != 0; };
  const bool gemm = opcode == EPOCH_OP_GEMM;
  if (gemm != (shape.mode == EPOCH_MODE_MAC) || !bit(limits_.activations, activation)) return false;
  if (gemm && (has(EPOCH_ARRAY_REVERSE) || has(EPOCH_ARRAY_SHIFT) || has(EPOCH_ARRAY_ZERO_STATE)))
    return false;
  if (has(EPOCH_ARRAY_SHIFT) && !(has(EPOCH_ARRAY_REVERSE) && has(EPOCH_ARRAY_COMBINE)))
    return false;
  if (has(EPOCH_ARRAY_ACC_OUT) &&
      (has(EPOCH_ARRAY_EXTRA) || has(EPOCH_ARRAY_COMBINE) || activation != EPOCH_ACTIVATION_NONE))
    return false;
  return activation != EPOCH_ACTIVATION_GLU || (gemm && shape.channels % 2 == 0);
}

bool DescriptorRules::array(const Descriptor& words) const {
  const std::uint32_t opcode = words[0] & 0xFF, steps = words[8], activation = words[13];
  const Shape shape(words[6], words[7]);
  if (steps == 0 || !shape_exists(shape, 0x7F) || !array_flags(opcode, shape, activation))
    return false;
  const std::uint64_t in = 4 * (opcode == EPOCH_OP_SSM ? shape.channels : shape.modes);
  const std::uint64_t out =
      4 * (activation == EPOCH_ACTIVATION_GLU ? shape.channels / 2 : shape.channels);
  const Tile destination{words[3], steps, words[10], out, 4};
  std::vector<Tile> operands = {{words[2], steps, words[9], in, 4}};
  if ((shape.flags & EPOCH_ARRAY_COMBINE) != 0)
    operands.push_back({words[4], steps, words[11], out, 4});
  if ((shape.flags & EPOCH_ARRAY_ACC_IN) != 0)
    operands.push_back({words[5], steps, words[12], std::uint64_t{4} * shape.channels, 4});
  if (!tile_fits(destination)) return false;
  for (const Tile& operand : operands)
    if (!tile_fits(operand) || !may_overlap(operand, destination)) return false;
  return is_loaded(shape, (shape.flags & EPOCH_ARRAY_EXTRA) != 0);
}

bool DescriptorRules::vector(const Descriptor& words) const {
  const std::uint32_t opcode = words[0] & 0xFF, format = words[5], rows = words[6];
  const std::uint64_t length = words[7];
  const std::uint32_t flags = format >> 16;
  if ((format & 0xFF) != 0 || !bit(limits_.types, format >> 8 & 0xFF) || rows == 0 || length == 0)
    return false;
  if (flags > 3 || (flags != 0 && opcode != EPOCH_OP_POOL)) return false;
  const bool affine = opcode == EPOCH_OP_AFFINE;
  const Tile source{words[2], rows, words[8], affine ? length : 4 * length, affine ? 1u : 4u};
  Tile destination{words[3], rows, words[9], 4 * length, 4};
  if (opcode == EPOCH_OP_POOL) destination = {words[3], 1, 0, 4 * length, 4};
  if (!tile_fits(source) || !tile_fits(destination) || !may_overlap(source, destination))
    return false;
  if (opcode != EPOCH_OP_LAYERNORM) return true;
  const Tile parameters{words[4], 1, 0, 8 * length, 4};
  return tile_fits(parameters) && may_overlap(parameters, destination);
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

// Identical, or not a byte in common. Both tiles fit their buffers, so marking bytes is cheap.
bool DescriptorRules::may_overlap(const Tile& source, const Tile& destination) const {
  const bool same_rows =
      source.rows == destination.rows && (source.rows == 1 || source.stride == destination.stride);
  if (source.address == destination.address && source.row_bytes == destination.row_bytes &&
      same_rows)
    return true;
  if (source.address >> 30 != destination.address >> 30) return true;
  const auto first_byte = [](const Tile& tile, std::uint32_t row) {
    return static_cast<std::size_t>((tile.address & 0x3FFFFFFF) +
                                    Wide{row} * signed_stride(tile.stride));
  };
  std::vector<char> marked(limits_.buffer_bytes[source.address >> 30]);
  for (std::uint32_t row = 0; row < source.rows; ++row)
    std::fill_n(marked.begin() + static_cast<std::ptrdiff_t>(first_byte(source, row)),
                source.row_bytes, 1);
  for (std::uint32_t row = 0; row < destination.rows; ++row) {
    const auto first = marked.begin() + static_cast<std::ptrdiff_t>(first_byte(destination, row));
    const auto last = first + static_cast<std::ptrdiff_t>(destination.row_bytes);
    if (std::find(first, last, 1) != last) return false;
  }
  return true;
}

EpochCoreConfig hardware_variant(unsigned number) {
  EpochCoreConfig config;
  if (number % 3 == 0) return config;
  config.pe_grid.rows = 8;
  config.pe_grid.cols = 4;
  config.pe_grid.segment_rows = 2;
  config.activations = {4, 2, 16};
  config.coefficients = {2, 2, 16};
  config.accumulators = {1, 2, 16};
  config.pe_grid.lima = number % 3 == 1;
  return config;
}

namespace {

bool code_exists(std::uint32_t code) {
#define EPOCH_X_CODE(name, value, description) || code == (value)
  return false EPOCH_ERRORS(EPOCH_X_CODE);
#undef EPOCH_X_CODE
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
    must(dma->local == words[4] && dma->row_bytes == words[5] && dma->rows == words[6] &&
             dma->planes == words[9],
         "a transfer as in the descriptor");
  } else if (const auto* array = std::get_if<ArrayWork>(&command.work)) {
    must(array->source.address == words[2] && array->destination.address == words[3] &&
             array->steps == words[8] && array->channels == (words[7] & 0xFFFF),
         "an array command as in the descriptor");
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
