// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/oracle/random_words.h"

#include <cmath>

#include "models/pe_grid/soft_float.h"

namespace grid_oracle {

int Dice::between(int low, int high) {
  return low + static_cast<int>(bits() % static_cast<std::uint32_t>(high - low + 1));
}

RandomWords::RandomWords(Dice& dice)
    : dice_(dice), character_(Character::tame), scale_(dice.between(1, 14)) {
  const int draw = dice.between(1, 8);
  if (draw == 1) character_ = Character::growing;
  if (draw == 2) character_ = Character::mixed;
  if (draw == 3) character_ = Character::wild;
}

float RandomWords::tame(const std::string& name) {
  const int signed_24 = dice_.between(-0xFFFFFF, 0xFFFFFF);
  const float value = std::ldexp(static_cast<float>(signed_24), -24);
  if (name == "A") return -std::fabs(value);  // selective decays
  if (name == "d") return std::fabs(value);   // and its step is positive
  return value;
}

// Half of them any bits, half at the edges of the format.
float RandomWords::wild() {
  const std::uint32_t any = dice_.bits();
  const std::uint32_t sign = any & 0x80000000u, fraction = any & 0x007FFFFFu;
  switch (dice_.between(0, 7)) {
    case 0:
      return soft::from_bits(sign);  // zero
    case 1:
      return soft::from_bits(sign | fraction);  // subnormal
    case 2:
      return soft::from_bits(sign | 0x7F800000u | (dice_.one_in(2) ? fraction : 0u));  // Inf, NaN
    case 3:  // huge, or near the smallest normal
      return soft::from_bits(sign | (dice_.one_in(2) ? 0x7F000000u : 0x00800000u) | fraction);
    default:
      return soft::from_bits(any);
  }
}

std::string RandomWords::word(const std::string& name, int bytes) {
  float value = 0.0f;
  const bool any =
      character_ == Character::wild || (character_ == Character::mixed && dice_.one_in(16));
  if (any)
    value = wild();
  else
    value = tame(name);
  if (!any && character_ == Character::growing) value = std::ldexp(value, dice_.between(0, scale_));
  // Cut, not rounded: any word will do.
  const std::uint32_t bits = soft::to_bits(value) >> (bytes == 2 ? 16 : 0);
  std::string text;
  for (int i = 2 * bytes - 1; i >= 0; --i) text += "0123456789abcdef"[(bits >> (4 * i)) & 15u];
  return text;
}

nlohmann::json RandomWords::table(const std::string& name, int rows, int columns, int bytes) {
  nlohmann::json table = nlohmann::json::array();
  for (int i = 0; i < rows; ++i) {
    nlohmann::json row = nlohmann::json::array();
    for (int j = 0; j < columns; ++j) row.push_back(word(name, bytes));
    table.push_back(row);
  }
  return table;
}

}  // namespace grid_oracle
