// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace epoch::test {

// Functions by libm and rounding to a tensor's type, in float64.

double activation_of(std::uint32_t activation, double x);  // EPOCH_ACTIVATION_*, but GLU
double function_of(std::uint32_t function, double x);      // EPOCH_FUNCTION_*

// What a tensor of this type holds of a value: to nearest even, subnormals flushed. int8: x * scale
// in [-127, 127]; uint8 and uint32 keep integers.
double rounded_to(std::uint32_t type, double x, double scale);

double value_of_bits(std::uint32_t fp32);

}  // namespace epoch::test
