// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/operands.h"

namespace epoch {

const std::vector<WordKind>& coefficient_words(ArrayMode mode) {
  constexpr WordKind pole = WordKind::pole, wide = WordKind::wide, narrow = WordKind::narrow;
  static const std::vector<WordKind> words[] = {
      {pole, narrow},                                        // real
      {pole, pole, narrow, narrow},                          // complex
      {pole, narrow, narrow},                                // liquid_real
      {pole, pole, narrow, narrow, narrow, narrow},          // liquid_complex
      {pole, pole, wide, wide, wide, wide, narrow, narrow},  // dplr
      {pole},                                                // selective
      {},                                                    // ssd
      {pole, pole},                                          // edge
      {narrow},                                              // mac
  };
  return words[static_cast<unsigned>(mode)];
}

unsigned state_words(ArrayMode mode) {
  if (mode == ArrayMode::mac) return 0;
  return is_complex(mode) ? 2 : 1;
}

unsigned type_bytes(NumberType type) {
  switch (type) {
    case NumberType::fp32:
      return 4;
    case NumberType::int8:
      return 1;
    case NumberType::bf16:
    case NumberType::bf16d:
      break;
  }
  return 2;
}

unsigned word_bytes(WordKind kind, ArrayMode mode, NumberType type) {
  if (kind == WordKind::narrow) return type_bytes(type);
  const bool short_pole =
      (type == NumberType::bf16d && mode != ArrayMode::selective) || type == NumberType::int8;
  return kind == WordKind::pole && short_pole ? 2 : 4;
}

unsigned mode_bytes(ArrayMode mode, NumberType type) {
  unsigned bytes = 0;
  for (const WordKind kind : coefficient_words(mode)) bytes += word_bytes(kind, mode, type);
  return bytes;
}

unsigned extra_bytes(ArrayMode mode, NumberType type) {
  if (mode == ArrayMode::mac || type == NumberType::int8) return 4;
  return type_bytes(type);
}

bool type_fits(ArrayMode mode, NumberType type) {
  if (type == NumberType::bf16d) return mode != ArrayMode::selective && mode != ArrayMode::ssd;
  if (type == NumberType::int8)
    return mode == ArrayMode::real || mode == ArrayMode::complex || mode == ArrayMode::mac;
  return true;
}

}  // namespace epoch
