// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "epochcore/command.h"

namespace epoch {

// Between the bytes of a buffer and the words that the array computes with (pe_grid/array.h). Plain
// C++.

// `count` elements; int8 become integers in a float's place.
void unpack_words(NumberType type, const std::uint8_t* bytes, std::size_t count, float* words);
// Words that fit the type already: results are rounded by the array.
void pack_words(NumberType type, const float* words, std::size_t count, std::uint8_t* bytes);

// A coefficient block as COEFF reads it (epochcore.h).
struct BlockWords {
  std::vector<float> words;  // [channel][mode][word]
  std::vector<float> scale;  // [channel], int8
  std::vector<float> extra;  // [channel], if there is D or bias

  void unpack(const CoefficientWork& work, const std::uint8_t* bytes);
  CoefficientBlock block(const ArrayShape& shape) const;
};

// Rows one sequence below the other against lanes side by side: [sequence][step][channel] and
// [step][channel][sequence].
void interleave(const float* rows, std::size_t steps, const ArrayShape& shape, float* lanes);
void separate(const float* lanes, std::size_t steps, const ArrayShape& shape, float* rows);

}  // namespace epoch
