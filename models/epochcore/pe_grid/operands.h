// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "epochcore/pe_grid/array.h"

namespace epoch {

// What a mode holds and streams, and how wide each word is (array specification: the table of modes
// and "Types").

// How a coefficient word is stored. `pole`: a, A: 4 bytes, 2 of type bf16d (a - 1) and int8 (Q.14);
// `wide`: w, p: 4 bytes; `narrow`: b, c, weights: the type's own width.
enum class WordKind { pole, wide, narrow };

// The words of a mode in the order of a coefficient block:
//   real a c; complex ar ai cr ci; liquid_real a b c; liquid_complex ar ai br bi cr ci;
//   dplr ar ai wr wi pr pi cr ci; selective A; ssd none; edge ar ai; mac w.
const std::vector<WordKind>& coefficient_words(ArrayMode mode);
unsigned state_words(ArrayMode mode);  // real x; complex xr xi; mac none

unsigned type_bytes(NumberType type);  // of u, y, b, c, weights
unsigned word_bytes(WordKind kind, ArrayMode mode, NumberType type);
unsigned mode_bytes(ArrayMode mode, NumberType type);   // a mode's coefficients
unsigned extra_bytes(ArrayMode mode, NumberType type);  // D; the bias of a GEMM is fp32

constexpr bool is_complex(ArrayMode mode) {
  return mode == ArrayMode::complex || mode == ArrayMode::liquid_complex ||
         mode == ArrayMode::dplr || mode == ArrayMode::edge;
}
// B_k and C_k (x of a GEMM) enter at the west edge and move right, a hop a column.
constexpr bool streams_west(ArrayMode mode) {
  return mode == ArrayMode::selective || mode == ArrayMode::ssd || mode == ArrayMode::mac;
}
// Whether a type is defined for a mode: bf16d refused for selective and ssd, int8 for real, complex
// and mac only.
bool type_fits(ArrayMode mode, NumberType type);
// Of dplr, whose network takes one sum a cycle.
constexpr unsigned kMostDplrMultipliers = 6;

}  // namespace epoch
