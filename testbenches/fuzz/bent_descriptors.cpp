// SPDX-License-Identifier: Apache-2.0
#include "fuzz/bent_descriptors.h"

#include "fuzz/mutator.h"
#include "models/epochcore/descriptors.h"

namespace epoch::fuzz {

namespace {

constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);
constexpr std::uint32_t accumulators = EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, 0);

// Every operand of an SSM in use: D, a stored branch, sums from and to the accumulators' buffer.
Descriptor full_ssm() {
  epoch_array_command raw =
      array_raw(EPOCH_MODE_COMPLEX, 4, 3, 6, activations, activations + 0x400,
                EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE | EPOCH_ARRAY_ACC_IN | EPOCH_ARRAY_REVERSE);
  raw.stored = activations + 0x200;
  raw.stored_stride = raw.destination_stride;
  raw.accumulator = accumulators;
  raw.accumulator_stride = raw.destination_stride;
  raw.activation = EPOCH_ACTIVATION_GELU;
  return to_words(raw);
}

Descriptor glu_gemm() {
  epoch_array_command raw = array_raw(EPOCH_MODE_MAC, 4, 8, 6, activations, activations + 0x400,
                                      EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE | EPOCH_ARRAY_ACC_IN);
  raw.activation = EPOCH_ACTIVATION_GLU;
  raw.destination_stride = 8;
  raw.stored = activations + 0x200;
  raw.stored_stride = 8;
  raw.accumulator = accumulators + 0x100;
  raw.accumulator_stride = 16;
  return to_words(raw);
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

Descriptor layernorm() {
  epoch_vector_command raw = vector_raw(EPOCH_OP_LAYERNORM, activations, activations + 0x400, 4, 8);
  raw.parameters = coefficients + 0x100;
  return to_words(raw);
}

std::vector<CorrectDescriptor> make_correct_descriptors() {
  const Descriptor real = coeff_command(EPOCH_MODE_REAL, 4, 4, coefficients);
  const Descriptor complex = coeff_command(EPOCH_MODE_COMPLEX, 4, 3, coefficients, true);
  const Descriptor mac = coeff_command(EPOCH_MODE_MAC, 4, 8, coefficients, true);
  std::vector<CorrectDescriptor> all;
  for (const unsigned opcode : {EPOCH_OP_NOP, EPOCH_OP_FENCE, EPOCH_OP_IRQ, EPOCH_OP_HALT})
    all.push_back({{}, control_command(opcode)});
  all.push_back({{}, strided_load()});
  all.push_back({{}, dma_command(EPOCH_OP_STORE, 0x4000, coefficients, 500)});
  for (const Descriptor& words : {real, complex, mac}) all.push_back({{}, words});
  all.push_back({{real}, state_command(EPOCH_MODE_REAL, 4, 4, activations, true)});
  all.push_back({{complex}, state_command(EPOCH_MODE_COMPLEX, 4, 3, activations, false)});
  all.push_back({{real}, array_command(EPOCH_MODE_REAL, 4, 4, 6, activations, activations)});
  all.push_back({{complex}, full_ssm()});
  all.push_back({{mac}, glu_gemm()});
  all.push_back(
      {{}, to_words(vector_raw(EPOCH_OP_AFFINE, activations + 1, activations + 64, 3, 5))});
  all.push_back({{}, layernorm()});
  all.push_back({{},
                 to_words(vector_raw(EPOCH_OP_POOL, activations, activations + 0x400, 4, 8,
                                     EPOCH_VECTOR_ACC | EPOCH_VECTOR_SCALE))});
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

Descriptor bent_descriptor(std::mt19937& random) {
  const auto& all = correct_descriptors();
  Descriptor words = all[random() % all.size()].words;
  for (auto bends = 1 + random() % 3; bends > 0; --bends) {
    const auto word = random() % words.size();
    bend_word(words[word], static_cast<unsigned>(random() % 64), random);
  }
  return words;
}

bool any_value_allowed(unsigned opcode, unsigned word) {
  switch (opcode) {
    case EPOCH_OP_AFFINE:  // no parameters; immediates are any fp32
    case EPOCH_OP_POOL:    // one row in the destination: no stride
      return word == 4 || word == 10 || word == 11 || (opcode == EPOCH_OP_POOL && word == 9);
    case EPOCH_OP_LAYERNORM:
      return word == 10 || word == 11;
    case EPOCH_OP_LOAD:
    case EPOCH_OP_STORE:
      return word == 2 || word == 3 || word == 7 || word == 10;  // any bus address, nearly
    default:
      return false;
  }
}

}  // namespace epoch::fuzz
