// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "epochcore/pe_grid/array.h"
#include "epochcore/pe_grid/placement.h"
#include "epochcore/pe_grid/schedule.h"

namespace epoch {

// What each PE does in every cycle of an interval: the operations of a step (step.h) for all slots,
// each in its cycle (schedule.h), and how old an operand is when it is read.

// A word that PEs make once a step; `depth` stages of registers keep it for its readers, 0: a wire.
struct PeValue {
  unsigned cycle = 0;  // of the step in which it is made
  unsigned depth = 0;
};

// Where an action finds an operand.
struct PeRead {
  enum Kind : std::uint8_t { none, value, coefficient, constant } kind = none;
  unsigned index = 0;     // value; coefficient word; bits of the constant
  unsigned distance = 0;  // of a value: cycles since it was made
};

struct PeAction {
  enum Kind : std::uint8_t {
    multiply,
    add,
    subtract,
    saturating_add,
    fraction,
    add_scaled,
    exponential,
    take_north,  // the word that comes down
    take_west    // the word that comes from the left
  } kind = add;
  unsigned slot = 0;
  unsigned cycle = 0;
  unsigned word = 0;    // take_*: which
  unsigned shift = 0;   // int8: of a product
  unsigned result = 0;  // value
  PeRead left, right, exponent;
  bool from_above = false;    // `left` is the row above's; a port at the top
  bool passes_empty = false;  // a slot without a mode hands `left` on
  bool leaves = false;        // its result leaves the bottom row, an adder's latency later
  bool shares_sum = false;    // dplr: its result enters the network, to make s,
  bool shares_y = false;      // or to make y
};

struct PeProgram {
  std::vector<PeValue> values;
  std::vector<PeAction> actions;   // in order of action within a clock: the oldest step first
  std::vector<unsigned> state;     // [slot * parts + part]: values that are x
  std::vector<unsigned> feedback;  // [slot with a sum of its own]: values that are s
  unsigned products = 0;           // values 0 to products - 1 share registers where they can
};

PeProgram pe_program(const ArrayConfig& config, const StepLayout& layout, const PeStep& step,
                     const CoefficientBlock& block, const Placement& place);

}  // namespace epoch
