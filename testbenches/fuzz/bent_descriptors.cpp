// SPDX-License-Identifier: Apache-2.0
#include "fuzz/bent_descriptors.h"

#include <algorithm>

#include "fuzz/mutator.h"
#include "models/epochcore/descriptors.h"

namespace epoch::fuzz {

namespace {

// Operands are small: the same descriptors mean something on the small hardware too.
constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);
constexpr std::uint32_t accumulators = EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, 0);
constexpr std::uint32_t stored_at = activations + 0x200, result_at = activations + 0x400,
                        streams_at = activations + 0x600;
constexpr std::uint32_t streams_apart = 0x200;

// A block of the array, and what the command on it uses.
struct Block {
  unsigned mode, type;
  unsigned channels, modes, steps;
  unsigned sequences = 0;
  unsigned hardware = 0;
  bool streams() const { return mode == EPOCH_MODE_SELECTIVE || mode == EPOCH_MODE_SSD; }
  bool edge() const { return mode == EPOCH_MODE_EDGE; }
  bool mac() const { return mode == EPOCH_MODE_MAC; }
};

Descriptor coeff_of(const Block& block) {
  return coeff_command(block.mode, block.channels, block.modes, coefficients, !block.edge(),
                       block.type, block.sequences);
}

// Every operand that the mode can have: D or bias, a stored branch, sums from the accumulators.
std::uint32_t all_flags(const Block& block) {
  if (block.edge()) return EPOCH_ARRAY_REVERSE | EPOCH_ARRAY_ZERO_STATE;
  std::uint32_t flags = EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE;
  if (block.mode != EPOCH_MODE_DPLR) flags |= EPOCH_ARRAY_ACC_IN;
  if (!block.mac()) flags |= EPOCH_ARRAY_REVERSE | EPOCH_ARRAY_SHIFT;
  return flags;
}

Descriptor array_of(const Block& block, unsigned output, unsigned stored) {
  epoch_array_command raw = array_raw(block.mode, block.channels, block.modes, block.steps,
                                      activations, result_at, all_flags(block), block.type);
  raw.types = EPOCH_ARRAY_TYPES(output, stored, block.sequences);
  if (output == EPOCH_TYPE_INT8) raw.scale = 0x41200000;
  if (block.edge()) return to_words(raw);
  raw.activation = block.mac() ? EPOCH_ACTIVATION_GLU : EPOCH_ACTIVATION_TANH;
  const std::uint32_t results = block.mac() ? block.channels / 2 : block.channels;
  raw.destination_stride = element_size(output) * results;
  raw.stored = stored_at;
  raw.stored_stride = element_size(stored) * results;
  raw.accumulator = accumulators;
  raw.accumulator_stride = 4 * block.channels;
  return to_words(raw);
}

Descriptor streams_of(const Block& block) {
  return to_words(streams_raw(block.channels, block.modes, streams_at, streams_apart, block.type));
}

void add_block(std::vector<CorrectDescriptor>& all, const Block& block, unsigned number) {
  constexpr unsigned outputs[] = {EPOCH_TYPE_FP32, EPOCH_TYPE_BF16, EPOCH_TYPE_INT8};
  const unsigned output = block.edge() ? outputs[0] : outputs[number % 3];
  const unsigned stored = block.edge() ? outputs[0] : outputs[number % 2];
  const Descriptor coeff = coeff_of(block);
  const Descriptor run = array_of(block, output, stored);
  all.push_back({{}, coeff, {}, block.hardware});
  if (block.streams()) {
    all.push_back({{coeff}, streams_of(block), {run}, block.hardware});
    all.push_back({{coeff, streams_of(block)}, run, {}, block.hardware});
  } else {
    all.push_back({{coeff}, run, {}, block.hardware});
  }
  if (block.mac()) return;
  const Descriptor state =
      state_command(block.mode, block.channels, block.modes, activations + 0x800, number % 2 == 0,
                    block.type, block.sequences);
  all.push_back({{coeff}, state, {}, block.hardware});
}

void add_blocks(std::vector<CorrectDescriptor>& all) {
  unsigned number = 0;
  for (unsigned mode = EPOCH_MODE_REAL; mode <= EPOCH_MODE_MAC; ++mode) {
    for (unsigned type = EPOCH_TYPE_FP32; type <= EPOCH_TYPE_INT8; ++type) {
      const bool int8_mode =
          mode == EPOCH_MODE_REAL || mode == EPOCH_MODE_COMPLEX || mode == EPOCH_MODE_MAC;
      const bool streams = mode == EPOCH_MODE_SELECTIVE || mode == EPOCH_MODE_SSD;
      if ((type == EPOCH_TYPE_INT8 && !int8_mode) || (type == EPOCH_TYPE_BF16D && streams))
        continue;
      const bool edge = mode == EPOCH_MODE_EDGE;
      add_block(all, {mode, type, edge ? 2u : 4u, edge ? 1u : 3u, 6}, number++);
    }
  }
  // Three slots a PE: more modes than rows, more channels than columns, two sequences.
  add_block(all, {EPOCH_MODE_COMPLEX, EPOCH_TYPE_BF16, 4, 20, 6, 0, 3}, number++);
  add_block(all, {EPOCH_MODE_SELECTIVE, EPOCH_TYPE_FP32, 4, 22, 3, 0, 3}, number++);
  add_block(all, {EPOCH_MODE_REAL, EPOCH_TYPE_BF16D, 20, 3, 6, 0, 4}, number++);
  add_block(all, {EPOCH_MODE_LIQUID_REAL, EPOCH_TYPE_FP32, 17, 4, 6, 1, 4}, number++);
  add_block(all, {EPOCH_MODE_DPLR, EPOCH_TYPE_FP32, 4, 3, 3, 3, 5}, number++);
  add_block(all, {EPOCH_MODE_COMPLEX, EPOCH_TYPE_INT8, 4, 3, 3, 2, 5}, number++);
  add_block(all, {EPOCH_MODE_MAC, EPOCH_TYPE_INT8, 4, 8, 6, 1, 5}, number++);
}

// In place, and sums for another block.
void add_plain_arrays(std::vector<CorrectDescriptor>& all) {
  const Descriptor real = coeff_command(EPOCH_MODE_REAL, 4, 4, coefficients);
  all.push_back({{real}, array_command(EPOCH_MODE_REAL, 4, 4, 6, activations, activations), {}, 0});
  all.push_back({{real},
                 array_command(EPOCH_MODE_REAL, 4, 4, 6, activations, result_at,
                               EPOCH_ARRAY_ACC_OUT | EPOCH_ARRAY_ZERO_STATE),
                 {},
                 0});
}

Descriptor strided_load() {
  epoch_dma_command raw = dma_raw(EPOCH_OP_LOAD, 0x8000, activations + 0x300, 12);
  raw.rows = 4;
  raw.bus_row_stride = 100;
  raw.local_row_stride = static_cast<std::uint32_t>(-16);
  raw.planes = 3;
  raw.bus_plane_stride = static_cast<std::uint32_t>(-400);
  raw.local_plane_stride = 0x40;
  return to_words(raw);
}

void add_transfers(std::vector<CorrectDescriptor>& all) {
  all.push_back({{}, strided_load(), {}, 0});
  all.push_back({{}, dma_command(EPOCH_OP_STORE, 0x4000, coefficients, 500), {}, 0});
  epoch_dma_command gather =
      gather_raw(0x9000, 20, accumulators + 0x80, activations + 0x300, 7, 10);
  gather.local_row_stride = 12;
  all.push_back({{}, to_words(gather), {}, 0});
}

epoch_vector_command vector_with(unsigned opcode, std::uint32_t flags, unsigned type,
                                 unsigned destination, unsigned count = 0) {
  epoch_vector_command raw = vector_raw(opcode, activations, result_at, 4, 8, flags, type);
  raw.parameters = coefficients + 0x100;
  raw.types = EPOCH_VECTOR_TYPES(destination, 0, count);
  if (opcode != EPOCH_OP_ARGMAX) raw.destination_stride = 8 * element_size(destination);
  return raw;
}

Descriptor combine(unsigned second, unsigned count) {
  epoch_vector_command raw =
      vector_with(EPOCH_OP_COMBINE, EPOCH_VECTOR_GAIN, EPOCH_TYPE_FP32, EPOCH_TYPE_INT8, count);
  raw.format |= EPOCH_VECTOR_MODE(EPOCH_COMBINE_MAXIMUM, EPOCH_FUNCTION_SOFTPLUS);
  raw.types |= EPOCH_VECTOR_TYPES(0, second, 0);
  raw.second = activations + 0x200;
  raw.second_stride = element_size(second) * 8 / (count == 0 ? 1 : count);
  return to_words(raw);
}

Descriptor conv1d(unsigned type, std::uint32_t flags, unsigned taps) {
  epoch_vector_command raw = vector_with(EPOCH_OP_CONV1D, flags, type, type, taps);
  raw.format |= EPOCH_FUNCTION_SILU;
  raw.second = accumulators + 0x40;
  return to_words(raw);
}

void add_vectors(std::vector<CorrectDescriptor>& all) {
  const unsigned fp32 = EPOCH_TYPE_FP32, bf16 = EPOCH_TYPE_BF16, int8 = EPOCH_TYPE_INT8;
  const auto add = [&all](const Descriptor& words) { all.push_back({{}, words, {}, 0}); };
  epoch_vector_command affine = vector_with(EPOCH_OP_AFFINE, 0, fp32, bf16);
  affine.source += 1;
  add(to_words(affine));
  add(to_words(vector_with(EPOCH_OP_LAYERNORM, 0, fp32, fp32)));
  add(to_words(vector_with(EPOCH_OP_LAYERNORM, 0, bf16, int8)));
  add(to_words(vector_with(EPOCH_OP_RMSNORM, 0, bf16, bf16)));
  add(to_words(vector_with(EPOCH_OP_POOL, EPOCH_VECTOR_ACC | EPOCH_VECTOR_SCALE, bf16, fp32)));
  epoch_vector_command map =
      vector_with(EPOCH_OP_MAP, EPOCH_VECTOR_GAIN | EPOCH_VECTOR_BIAS, bf16, int8, 4);
  map.format |= EPOCH_FUNCTION_EXP;
  map.source_stride = 4;
  add(to_words(map));
  add(combine(bf16, 2));
  add(combine(fp32, 0));
  add(conv1d(bf16, EPOCH_VECTOR_BIAS, 4));
  add(conv1d(fp32, EPOCH_VECTOR_ZERO, 3));
  add(to_words(vector_with(EPOCH_OP_ARGMAX, 0, bf16, fp32)));
}

std::vector<CorrectDescriptor> make_correct_descriptors() {
  std::vector<CorrectDescriptor> all;
  for (const unsigned opcode : {EPOCH_OP_NOP, EPOCH_OP_FENCE, EPOCH_OP_IRQ, EPOCH_OP_HALT})
    all.push_back({{}, control_command(opcode), {}, 0});
  add_transfers(all);
  add_blocks(all);
  add_plain_arrays(all);
  add_vectors(all);
  for (CorrectDescriptor& correct : all)
    correct.words = with_semaphores(correct.words, EPOCH_SEMAPHORE_USE(3), EPOCH_SEMAPHORE_USE(1),
                                    EPOCH_SEMAPHORE_USE(2), EPOCH_SEMAPHORE_USE(2));
  return all;
}

}  // namespace

const std::vector<CorrectDescriptor>& correct_descriptors() {
  static const std::vector<CorrectDescriptor> all = make_correct_descriptors();
  return all;
}

void bend_word(std::uint32_t& word, unsigned trial, std::mt19937& random) {
  if (trial < 32) {
    word ^= 1u << trial;
    return;
  }
  switch (random() % 4) {
    case 0:
      word = edge_value(random);
      break;
    case 1:
      word += static_cast<std::uint32_t>(random() % 33) - 16;
      break;
    case 2:
      word = (word & 0xFFFF0000u) | (random() & 0xFFFFu);
      break;
    default:
      word = static_cast<std::uint32_t>(random());
      break;
  }
}

namespace {

// Half of them by opcode: array commands are many.
const CorrectDescriptor& pick(std::mt19937& random) {
  const auto& all = correct_descriptors();
  const auto opcode = [](const CorrectDescriptor& correct) {
    return EPOCH_CONTROL_OPCODE(correct.words[0]);
  };
  static const std::vector<std::uint32_t> opcodes = [&] {
    std::vector<std::uint32_t> list;
    for (const CorrectDescriptor& correct : all)
      if (std::find(list.begin(), list.end(), opcode(correct)) == list.end())
        list.push_back(opcode(correct));
    return list;
  }();
  const bool any = random() % 2 == 0;
  const std::uint32_t wanted = opcodes[random() % opcodes.size()];
  for (;;) {
    const CorrectDescriptor& correct = all[random() % all.size()];
    if (any || opcode(correct) == wanted) return correct;
  }
}

void bend(Descriptor& words, std::mt19937& random) {
  for (auto bends = 1 + random() % 3; bends > 0; --bends) {
    const auto word = random() % words.size();
    if (random() % 8 == 0)
      words[word] = words[random() % words.size()];  // two operands at one place, say
    else
      bend_word(words[word], static_cast<unsigned>(random() % 64), random);
  }
}

}  // namespace

const CorrectDescriptor& correct_descriptor(std::mt19937& random) {
  for (;;) {
    const CorrectDescriptor& correct = pick(random);
    if (correct.hardware == 0) return correct;
  }
}

Descriptor bent_descriptor(std::mt19937& random) {
  Descriptor words = correct_descriptor(random).words;
  bend(words, random);
  return words;
}

BentProgram bent_program(std::mt19937& random) {
  const CorrectDescriptor& correct = pick(random);
  BentProgram program{correct.before, correct.hardware};
  program.descriptors.push_back(correct.words);
  program.descriptors.insert(program.descriptors.end(), correct.after.begin(), correct.after.end());
  // Mostly the one that this is about.
  const std::size_t which =
      random() % 4 != 0 ? correct.before.size() : random() % program.descriptors.size();
  bend(program.descriptors[which], random);
  return program;
}

bool any_value_allowed(unsigned opcode, unsigned word) {
  const bool immediate = word == 10 || word == 11;  // any fp32
  switch (opcode) {
    case EPOCH_OP_AFFINE:
    case EPOCH_OP_ARGMAX:  // no parameters
      return word == 4 || immediate;
    case EPOCH_OP_POOL:  // one row in the destination: no stride
      return word == 4 || word == 9 || immediate;
    case EPOCH_OP_LAYERNORM:
    case EPOCH_OP_RMSNORM:
    case EPOCH_OP_MAP:
      return immediate;
    case EPOCH_OP_COMBINE:
      return immediate;
    case EPOCH_OP_CONV1D:  // history rows are packed
      return immediate || word == 13;
    case EPOCH_OP_LOAD:
    case EPOCH_OP_STORE:
    case EPOCH_OP_GATHER:
      return word == 2 || word == 3 || word == 7 ||
             (word == 10 && opcode != EPOCH_OP_GATHER);  // any bus address, nearly
    case EPOCH_OP_STREAMS:                               // checked with the SSM behind it
      return word >= 2 && word <= 8;
    default:
      return false;
  }
}

}  // namespace epoch::fuzz
