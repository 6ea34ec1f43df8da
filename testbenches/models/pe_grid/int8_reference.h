// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "epochcore/pe_grid/array.h"

// Type int8, which the array specification leaves to the project
// (models/epochcore/pe_grid/README.md): its definition a second time, in exact integers.
namespace int8_reference {

// One command with its operands; integers stand in floats' places as array.h says.
struct Case {
  epoch::ArrayConfig config;
  epoch::CoefficientBlock block;  // without its words
  epoch::ArrayCommand command;    // its operands null, or set to say that they are used
  std::vector<float> words, extra, scale, u, stored, acc, state;
};

// The same seed gives the same case everywhere.
Case random_case(std::uint32_t seed);

// Results [step][lane] by the definition; `c.state` becomes the final state.
std::vector<float> defined(Case& c, std::uint64_t& clamped);

float word(std::int32_t value);
std::int32_t integer(float bits);

}  // namespace int8_reference
