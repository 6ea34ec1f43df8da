// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "epochcore/command.h"

namespace epoch::fuzz {

// The decode rules of firmware/include (README.md and the comments of epochcore.h) once more, from
// the raw words and as a yes or no: corners of a transfer instead of hulls, marked bytes instead of
// intervals. Nothing here is shared with the decoder. descriptor_rules.cpp has the frame and the
// transfers, array_rules.cpp and vector_rules.cpp the rest.
class DescriptorRules {
 public:
  explicit DescriptorRules(const Limits& limits) : limits_(limits) {}

  // Whether the next descriptor of a ring is legal. A legal COEFF is remembered, and a legal
  // STREAMS until its SSM.
  bool legal(const Descriptor& words);

 private:
  struct Tile {
    std::uint32_t address;
    std::uint64_t rows;
    std::uint32_t stride;
    std::uint64_t row_bytes;
    std::uint32_t alignment;
  };
  // What a COEFF, STATE or array command says of its block.
  struct Shape {
    std::uint32_t mode, type, flags, channels, modes, sequences;
    Shape(std::uint32_t format, std::uint32_t extent, std::uint32_t sequences_word);
    bool same_block(const Shape& other) const;
  };

  bool header(const Descriptor& words) const;
  bool known(std::uint32_t opcode) const;

  bool transfer(const Descriptor& words) const;
  bool gather(const Descriptor& words) const;

  bool coefficients(const Descriptor& words);
  bool state(const Descriptor& words) const;
  bool streams(const Descriptor& words);
  bool array(const Descriptor& words) const;
  bool shape_exists(const Shape& shape, std::uint32_t known_flags) const;
  bool fits_one_pass(const Shape& shape) const;
  bool array_flags(std::uint32_t opcode, const Shape& shape, std::uint32_t activation) const;
  bool array_types(const Descriptor& words, const Shape& shape) const;
  std::vector<Tile> array_sources(const Descriptor& words, const Shape& shape) const;
  bool is_loaded(const Shape& shape, bool extra) const;

  bool vector(const Descriptor& words) const;
  bool vector_format(const Descriptor& words) const;
  bool vector_types(const Descriptor& words) const;
  bool vector_tiles(const Descriptor& words) const;

  bool tile_fits(const Tile& tile) const;
  bool share_a_byte(const Tile& a, const Tile& b) const;
  bool identical_or_disjoint(const Tile& source, const Tile& destination) const;

  Limits limits_;
  std::optional<Shape> loaded_;
  std::optional<Descriptor> streams_;  // the STREAMS whose SSM has to come next
};

// Hardware for a fuzz input, by number modulo `hardware_variants`: the default, a small LIMA array,
// a small plain MAC one, small ones with three slots for modes, channels (chained segments) and
// sequences, one with too many multipliers for dplr, one of a single column.
constexpr unsigned hardware_variants = 8;
EpochCoreConfig hardware_variant(unsigned number);

// Decodes and holds the answer against the rules; ends the process where they differ, where a
// refusal has no code of the contract, or where an accepted command is not what the words say.
// Returns whether it was accepted.
bool check_descriptor(CommandDecoder& decoder, DescriptorRules& rules, const Descriptor& words,
                      std::uint32_t* code = nullptr);

}  // namespace epoch::fuzz
