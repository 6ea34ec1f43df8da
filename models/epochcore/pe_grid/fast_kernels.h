// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "epochcore/pe_grid/array.h"
#include "epochcore/pe_grid/line.h"

namespace epoch {

// A column group (sixteen columns of one segment and slot) over a tile of steps: what the kernels
// of `fast` work on. Called under FlushToZero.
struct GroupTile {
  unsigned steps = 0;
  unsigned modes = 0;
  unsigned modes_per_row = 1;          // dplr: how many of them a row sums first
  Reduce reduce = Reduce::tree;        // dplr
  const Line* coefficients = nullptr;  // [mode][words]
  Line* state = nullptr;               // [mode][parts]
  const Line* north[2] = {};           // [step]: u; d, d*u; a_k, d*u; re and im of v
  const float* west[2] = {};           // [step * modes + mode]: B_k, C_k
  Line* y[2] = {};                     // [step], started; edge: re and im of x'
  Line* scratch = nullptr;             // dplr: [rows]
  std::uint64_t saturated = 0;
};

using GroupKernel = void (*)(GroupTile&);
// The kernel of every mode but mac.
GroupKernel group_kernel(ArrayMode mode, NumberType type);

// y[step] += sum over inputs of weight * x[step][input], in order.
void gemm_fp32(const Line* weights, unsigned inputs, const float* x, Line* y, unsigned steps);
// The same in integers; returns how many sums were clamped.
std::uint64_t gemm_int8(const Line* weights, unsigned inputs, const float* x, Line* y,
                        unsigned steps);

}  // namespace epoch
