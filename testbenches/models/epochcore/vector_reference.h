// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

// The vector unit's commands element by element in software arithmetic, from epochcore.h's comment
// and models/epochcore/README.md. Knows nothing of tiles: operands are rows of fp32 words.
namespace vector_reference {

struct Command {
  unsigned opcode = 0;
  unsigned function = 0;
  unsigned op = 0;
  unsigned rows = 0, length = 0, count = 1;
  bool accumulate = false, scale = false, gain = false, bias = false;
  float immediate0 = 0.0f, immediate1 = 0.0f;
};

// Operands in the order of their elements. CONV1D: `second` is the history, count - 1 rows.
struct Operands {
  std::vector<float> source, second, parameters, before;  // before: what POOL's result was
};

// Results [row][column]; ARGMAX: indices as the words' bits.
std::vector<float> results(const Command& command, const Operands& operands);

// A result as a word of its type: 4 bytes, 2, or 1.
std::uint32_t converted(float value, unsigned type, float scale);

// fp32 or bf16 (widened) words, `wild` of them out of ten any bits: NaN, infinities, subnormals.
float random_word(std::mt19937& random, unsigned type, unsigned wild);

}  // namespace vector_reference
