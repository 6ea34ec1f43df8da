// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <vector>

#include "epochcore/command.h"

namespace epoch::fuzz {

// A correct descriptor on default hardware, and what must have been decoded before it.
struct CorrectDescriptor {
  std::vector<Descriptor> before;
  Descriptor words;
};

// Of every opcode, with every kind of operand.
const std::vector<CorrectDescriptor>& correct_descriptors();

// Another value for a field; `trial` below 32 flips that bit.
void bend_word(std::uint32_t& word, unsigned trial, std::mt19937& random);

// A correct descriptor with one to three words bent.
Descriptor bent_descriptor(std::mt19937& random);

// Words of a descriptor in which no value can be an error.
bool any_value_allowed(unsigned opcode, unsigned word);

}  // namespace epoch::fuzz
