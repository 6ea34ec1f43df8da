// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/oracle/words.h"

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "models/pe_grid/soft_float.h"

namespace grid_oracle {

namespace {

unsigned digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  throw std::invalid_argument(std::string("not a hex digit: ") + c);
}

std::string hex(std::uint32_t word, int digits) {
  std::string text;
  for (int i = digits - 1; i >= 0; --i) text += "0123456789abcdef"[(word >> (4 * i)) & 15u];
  return text;
}

}  // namespace

float read_word(const std::string& text, int bytes) {
  if (static_cast<int>(text.size()) != 2 * bytes)
    throw std::invalid_argument("word " + text + " must have " + std::to_string(2 * bytes) +
                                " hex digits");
  std::uint32_t word = 0;
  for (char c : text) word = (word << 4) | digit(c);
  return soft::from_bits(bytes == 2 ? word << 16 : word);
}

unsigned round_to_bf16(float value) {
  const std::uint32_t bits = soft::to_bits(value);
  if (std::isnan(value)) return bits >> 16;  // 7fc0: rounding must not carry into the exponent
  const std::uint32_t kept = bits >> 16, lost = bits & 0xFFFFu;
  const bool up = lost > 0x8000u || (lost == 0x8000u && (kept & 1u) != 0);
  return up ? kept + 1 : kept;  // a carry out of the fraction is right, up to infinity
}

std::string write_word(float value, int bytes) {
  const float flushed = soft::flush(value);
  return bytes == 2 ? hex(round_to_bf16(flushed), 4) : hex(soft::to_bits(flushed), 8);
}

}  // namespace grid_oracle
