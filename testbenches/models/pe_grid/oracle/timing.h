// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "models/pe_grid/oracle/grid_case.h"

// The cycles of one command in closed form.
namespace grid_oracle {

struct Times {
  std::int64_t cycles;              // first u to last y; mac: with its tile's load
  std::int64_t coefficient_cycles;  // mac: its tile's load
  std::int64_t state_cycles;        // one way
};

Times time_command(const GridCase& c);

}  // namespace grid_oracle
