// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// The array's number format in software, written from array specification: every operation exact in
// double (53 bits are enough: 2 * 24 + 2 make the second rounding innocuous), rounded to 24 bits
// with unbounded exponent, flushed below 2^-126. Shares no code with the models and needs no host
// flags.
namespace soft {

float from_bits(std::uint32_t bits);
std::uint32_t to_bits(float value);

float flush(float value);  // subnormals to zero with their sign, NaN to 7fc00000
float add(float a, float b);
float sub(float a, float b);
float mul(float a, float b);
float div(float a, float b);

// The transcendental definitions, operation by operation (models/epochcore/pe_grid/README.md).
float exp_pe(float z);
float sigmoid(float x);
float gelu(float x);
float gelu_tanh(float x);
float relu(float x);
float silu(float x);
float tanh(float x);
float softplus(float x);
float exponential(float x);

}  // namespace soft
