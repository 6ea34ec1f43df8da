// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace grid_oracle {

// Draws that do not depend on the standard library's distributions.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t bits() { return static_cast<std::uint32_t>(engine_()); }
  int between(int low, int high);  // both included
  bool one_in(int n) { return between(1, n) == 1; }

 private:
  std::mt19937 engine_;
};

// The operand words of one case, all of one character.
class RandomWords {
 public:
  explicit RandomWords(Dice& dice);
  // A word of an operand; some operands have a range of their own while the case is tame.
  std::string word(const std::string& name, int bytes);
  nlohmann::json table(const std::string& name, int rows, int columns, int bytes);

 private:
  enum class Character {
    tame,     // below 1
    growing,  // up to 2^scale: states overflow within some steps
    mixed,    // tame, and now and then any bits
    wild      // any bits: subnormals, infinities, NaN
  };
  float tame(const std::string& name);
  float wild();

  Dice& dice_;
  Character character_;
  int scale_;
};

}  // namespace grid_oracle
