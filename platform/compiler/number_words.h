// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "epochcore/pe_grid/array.h"
#include "epochcore/pe_grid/operands.h"

namespace epoch {

// Numbers as the accelerator stores them, rounded once, to nearest even, from float64.

float fp32_of(double value);
std::uint16_t bf16_of(double value);  // the upper half of an fp32
double widened(std::uint16_t bf16);
std::uint32_t bits_of(double value);  // of the fp32

// A pole: Q.14 of type int8, clamped to what int16 holds. `real` is the part from which bf16d takes
// the one.
struct Pole {
  std::uint32_t word;  // as stored
  double value;        // what the hardware computes with
};
Pole pole_of(double value, NumberType type, bool real);

}  // namespace epoch
