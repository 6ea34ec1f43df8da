// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "models/pe_grid/oracle/grid_case.h"

// Which operands a mode has and how wide their words are: what the JSON must hold, and what the
// ports must carry.
namespace grid_oracle {

struct Operand {
  std::string name;
  int bytes;
};

struct Operands {
  std::vector<Operand> coefficients;  // a word for each channel and mode
  std::vector<Operand> north;         // a word for each step and lane (edge: two a cell)
  std::vector<Operand> west;          // a word for each step and mode
  std::vector<std::string> state;     // 4-byte words for each lane and mode
};

Operands operands_of(Mode mode, Type type);
int operand_bytes(Type type);  // the specification's b
int bytes_of(const std::vector<Operand>& operands);

}  // namespace grid_oracle
