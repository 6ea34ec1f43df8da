// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <vector>

#include "epochcore/command.h"

namespace epoch::fuzz {

// A correct descriptor, what must have been decoded before it and, of STREAMS, what must follow.
struct CorrectDescriptor {
  std::vector<Descriptor> before;
  Descriptor words;
  std::vector<Descriptor> after;
  unsigned hardware = 0;  // hardware_variant on which it is correct
};

// Of every opcode, mode and type, with every kind of operand.
const std::vector<CorrectDescriptor>& correct_descriptors();

// Another value for a field; `trial` below 32 flips that bit.
void bend_word(std::uint32_t& word, unsigned trial, std::mt19937& random);

// One for the default hardware.
const CorrectDescriptor& correct_descriptor(std::mt19937& random);
// The same with one to three words bent.
Descriptor bent_descriptor(std::mt19937& random);

// One of any hardware with what belongs before and after it, one of them bent.
struct BentProgram {
  std::vector<Descriptor> descriptors;
  unsigned hardware;
};
BentProgram bent_program(std::mt19937& random);

// Words of a descriptor in which no value can be an error.
bool any_value_allowed(unsigned opcode, unsigned word);

}  // namespace epoch::fuzz
