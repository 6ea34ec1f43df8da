// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace epoch {

// The vector unit's arithmetic, exact: fp32 operations round to nearest even one by one in the
// association written here, subnormals are flushed as array specification says, NaN results are
// 7fc00000.

// out[i] = in[i] * scale + offset
void vector_affine(const std::uint8_t* in, float* out, std::uint64_t count, float scale,
                   float offset);

// For each row of `length`: mean = sum x / length; var = sum (x - mean)^2 / length, sums from +0 in
// ascending order; out = ((x - mean) * (1 / sqrt(var + epsilon))) * gain + bias.
void vector_layernorm(const float* in, float* out, std::uint32_t rows, std::uint32_t length,
                      const float* gain, const float* bias, float epsilon);

// out[i] = (accumulate ? out[i] : +0) + in[0][i] + in[1][i] ..., then times scale if it is not
// null.
void vector_pool(const float* in, float* out, std::uint32_t rows, std::uint32_t length,
                 bool accumulate, const float* scale);

}  // namespace epoch
