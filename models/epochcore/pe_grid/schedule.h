// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "epochcore/pe_grid/array.h"
#include "epochcore/pe_grid/step.h"

namespace epoch {

// The layout of a step (array specification "Schedule of a step"): in which cycle of a step each
// product and each addition of a PE starts. The one thing that `fast` (for its cycle counts) and
// `cycle` (for every clock) share. Cycles are those of slot 0; slot s runs s * slot_delay later,
// what hands on from slot to slot (the sums of mode slots) s * chain_delay later.
struct StepLayout {
  unsigned interval = 1;                 // II_eff: a step starts every so many cycles
  unsigned loop = 0;                     // lambda: from the first read of x to x' being there
  unsigned output = 0;                   // t_out: cycle of the last output product
  unsigned depth = 0;                    // D_pe: from u at a row to the y of its last slot
  unsigned row_delay = 1;                // delta: a row starts so much later than the one above
  unsigned slot_delay = 1;               // n
  unsigned chain_delay = 1;              // max(n, La)
  unsigned sum_entry = 0;                // dplr: when a row's share of s enters the network,
  unsigned y_entry = 0;                  // when its share of y does,
  unsigned network = 0;                  // and how long the network takes (rho)
  std::vector<unsigned> product_cycle;   // start of each product within the step
  std::vector<unsigned> addition_cycle;  // start of each addition
};

// What of a command decides the layout.
struct StepShape {
  ArrayMode mode = ArrayMode::real;
  NumberType type = NumberType::fp32;
  unsigned segment_height = 1;  // P: rows that dplr's network sums
};

// The layout modulo the smallest interval that is at least `least_interval`, gives every product of
// every slot a multiplier and has x' there when the next step reads it.
StepLayout lay_out_step(const ArrayConfig& config, const StepShape& shape, unsigned least_interval);

// Cycles from an addition's (or the exponential's) start to its result.
unsigned operation_latency(const ArrayConfig& config, Operation::Kind kind);

}  // namespace epoch
