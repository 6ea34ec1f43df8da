// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "epochcore/pe_grid/array.h"

// The time of a command from the array specification's formulas, written a second time: general M,
// Lm, La, with t_out by search instead of by layout tables.
struct ClosedForm {
  unsigned lambda = 0, interval = 0, own_interval = 0, t_out = 0, depth = 0, delta = 0;
  std::uint64_t array = 0, total = 0;
};

ClosedForm closed_form(const epoch::ArrayConfig& config, const epoch::CoefficientBlock& block,
                       const epoch::ArrayCommand& command);
