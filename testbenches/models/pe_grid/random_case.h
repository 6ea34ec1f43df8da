// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "epochcore/pe_grid/array.h"

// An fp32 block of one sequence.
epoch::CoefficientBlock block_of(epoch::ArrayMode mode, unsigned channels, unsigned modes,
                                 const float* words, const float* extra = nullptr);

// Random arrays, blocks and commands of the modes real, complex and mac in fp32 that respect the
// preconditions of PeArray; the other modes and types: oracle/.
class RandomCase {
 public:
  explicit RandomCase(std::uint32_t seed) : engine_(seed) {}

  unsigned below(unsigned limit) { return static_cast<unsigned>(engine_() % limit); }
  unsigned between(unsigned low, unsigned high) { return low + below(high - low + 1); }
  bool chance(unsigned one_in) { return below(one_in) == 0; }

  epoch::ArrayConfig array();
  // A tame pole, signal or weight; one in `wild` any bit pattern (subnormal, Inf, NaN, huge).
  float word(unsigned wild);
  std::vector<float> words(std::size_t count, unsigned wild);

  // A block and its operands; pointers of `block` and `command` go into the vectors here.
  void make_block(const epoch::ArrayConfig& config);
  void make_command(unsigned longest);
  epoch::Activation activation();

  epoch::CoefficientBlock block;
  epoch::ArrayCommand command;
  unsigned wild = 0;  // of this block's and command's words; 0 = none

 private:
  std::mt19937 engine_;
  std::vector<float> coefficients_, extra_, u_, stored_, accumulator_;
};
