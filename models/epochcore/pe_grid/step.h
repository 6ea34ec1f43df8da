// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "epochcore/pe_grid/array.h"

namespace epoch {

// What a PE computes in a step, operation by operation (array specification: the table of modes).
// schedule.h gives each operation its cycle; the cycle-true array wires it as it stands here.

// A word that an operation reads. What arrives (coefficients, constants, words from north and west)
// is there when the step reaches the PE; y from above arrives just in time by the row delay.
struct Operand {
  enum Kind : std::uint8_t {
    none,
    coefficient,  // word `index` of the mode
    constant,     // the fp32 with bits `index`
    north,        // u; selective d, d*u; ssd a_k, d*u; edge re and im of v
    west,         // selective, ssd B_k, C_k; mac x
    state,        // part `index` of x before the step
    product,      // result of products[index]
    addition,     // result of additions[index]
    feedback,     // dplr: s
    y_above       // y of the row above or, in mode slots, of the slot before
  } kind = none;
  std::uint32_t index = 0;
};

struct Operation {
  enum Kind : std::uint8_t {
    multiply,
    add,
    subtract,
    saturating_add,  // liquid: an infinite sum becomes the largest finite one
    fraction,        // left - rint(left)
    add_scaled,      // (left + right) * 2^rint(exponent): the last step of exp_pe
    exponential      // exp_pe(left) in the dedicated unit, 6 L
  } kind;
  Operand left, right, exponent;
};

// The order in which products are laid out.
enum class Stage : std::uint8_t {
  free,      // needs neither x nor x'
  state,     // reads x; all of them one block of consecutive cycles
  feedback,  // dplr: p*s
  output     // waits for all parts of x'
};

struct PeStep {
  std::vector<Operation> products;  // a multiplier each
  std::vector<Stage> stages;        // of the products
  std::vector<Operation> additions;
  std::vector<unsigned> next_state;  // part p of x' is additions[next_state[p]]
  unsigned north_words = 0, west_words = 0;
  // Additions with a role outside the PE; none = not in this mode.
  static constexpr unsigned none = ~0u;
  unsigned y = none;    // makes y (dplr: the PE's share of it)
  unsigned sum = none;  // dplr: the PE's share of s
};

PeStep pe_step(ArrayMode mode, NumberType type, ExpUnit pe_exp);

}  // namespace epoch
