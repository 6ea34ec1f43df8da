// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models/pe_grid/oracle/grid_case.h"

namespace grid_oracle {

// These throw std::invalid_argument, with the reason, for a command that the specification refuses
// or gives no meaning. The first needs no operands: their sizes are only known after it.
void refuse_impossible_shape(const GridCase& c);
void refuse_impossible_drain(const GridCase& c);

}  // namespace grid_oracle
