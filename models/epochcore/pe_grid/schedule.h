// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "epochcore/pe_grid/array.h"

namespace epoch {

// The layout of a step (array specification "Schedule of a step"): in which cycle of a step each
// product and each addition of a PE starts. The one thing that `fast` (for its cycle counts) and
// `cycle` (for every clock) share.

// A word that an operation reads: there when the step reaches the row (u, coefficients, y from the
// row above, which arrives just in time by the row delay), part `index` of x before the step, or
// the result of product or addition `index`.
struct Source {
  enum Kind { arriving, state, product, addition } kind;
  unsigned index;
};

// What a mode computes in a step; another mode is another table.
struct StepTable {
  std::vector<Source> products;  // the factor beside the coefficient, laid out in order
  std::vector<std::array<Source, 2>> additions;  // in order of dependency; the last one makes y
  std::vector<unsigned> next_state;              // part p of x' is addition next_state[p]
};

const StepTable& step_table(ArrayMode mode);

// Indices into the tables.
namespace real_step {
enum Product : unsigned { a_x, c_x };
enum Addition : unsigned { x_next, y };
}  // namespace real_step
namespace complex_step {
enum Product : unsigned { ar_xr, ai_xi, ar_xi, ai_xr, cr_xr, ci_xi };
enum Addition : unsigned { re, xr_next, xi_next, out, y };
}  // namespace complex_step
namespace mac_step {
enum Product : unsigned { w_x };
enum Addition : unsigned { y };
}  // namespace mac_step

struct StepLayout {
  unsigned interval = 1;                 // II_eff: a step starts every so many cycles
  unsigned loop = 0;                     // lambda: from the first read of x to x' being there
  unsigned output = 0;                   // t_out: cycle of the last output product
  unsigned depth = 0;                    // D_pe: from u at a row to its y
  unsigned row_delay = 1;                // delta: a row starts so much later than the one above
  std::vector<unsigned> product_cycle;   // start of each product within the step
  std::vector<unsigned> addition_cycle;  // start of each addition
};

// The layout modulo the smallest interval that is at least `least_interval`, gives every product a
// multiplier and has x' there when the next step reads it.
StepLayout lay_out_step(const ArrayConfig& config, ArrayMode mode, unsigned least_interval);

}  // namespace epoch
