// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "epochcore/command.h"

namespace epoch::fuzz {

// The decode rules of firmware/include/README.md and the alignment table of
// models/epochcore/README.md once more, from the raw words and as a yes or no: corners of a
// transfer instead of hulls, marked bytes instead of intervals. Nothing here is shared with the
// decoder.
class DescriptorRules {
 public:
  explicit DescriptorRules(const Limits& limits) : limits_(limits) {}

  // Whether the next descriptor of a ring is legal. A legal COEFF is remembered.
  bool legal(const Descriptor& words);

 private:
  struct Tile {
    std::uint32_t address, rows, stride;
    std::uint64_t row_bytes;
    std::uint32_t alignment;
  };
  struct Shape {
    std::uint32_t mode, type, flags, channels, modes;
    explicit Shape(std::uint32_t format, std::uint32_t extent);
  };
  struct Loaded {
    std::uint32_t mode, channels, modes;
    bool extra;
  };

  bool header(const Descriptor& words) const;
  bool transfer(const Descriptor& words) const;
  bool coefficients(const Descriptor& words);
  bool state(const Descriptor& words) const;
  bool array(const Descriptor& words) const;
  bool vector(const Descriptor& words) const;

  bool shape_exists(const Shape& shape, std::uint32_t known_flags) const;
  bool array_flags(std::uint32_t opcode, const Shape& shape, std::uint32_t activation) const;
  bool is_loaded(const Shape& shape, bool extra) const;
  bool tile_fits(const Tile& tile) const;
  bool may_overlap(const Tile& source, const Tile& destination) const;

  Limits limits_;
  std::optional<Loaded> loaded_;
};

// Hardware for a fuzz input: the default, a small LIMA array, a small plain MAC one.
EpochCoreConfig hardware_variant(unsigned number);

// Decodes and holds the answer against the rules; ends the process where they differ, where a
// refusal has no code of the contract, or where an accepted command is not what the words say.
// Returns whether it was accepted.
bool check_descriptor(CommandDecoder& decoder, DescriptorRules& rules, const Descriptor& words,
                      std::uint32_t* code = nullptr);

}  // namespace epoch::fuzz
