// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "epochcore/pe_grid/array.h"

namespace epoch {

// The tables of words that a mode's case has, as grid-case's table lists them.
struct OperandName {
  const char* name;
  unsigned bytes;  // of a word
};
struct CaseOperands {
  std::vector<OperandName> coefficients;  // [channel][mode], in the block's order
  std::vector<OperandName> north;         // [T][lane]; v of edge [T][2 channels]
  std::vector<OperandName> west;          // [T][mode]
  std::vector<const char*> state;         // [lane][mode], 4 bytes
};
CaseOperands case_operands(ArrayMode mode, NumberType type);

}  // namespace epoch
