// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "epochcore/command.h"

namespace epoch {

// The vector unit's arithmetic, exact: fp32 operations round to nearest even one by one in the
// association written here (no FMA), subnormals are flushed as array specification says, NaN
// results are 7fc00000; functions are those of pe_grid/transcendental.h. Operands are widened to
// fp32.

// out[i] = in[i] * scale + offset
void vector_affine(const std::uint8_t* in, float* out, std::uint64_t count, float scale,
                   float offset);

// For each row of `length`: mean = sum x / length; var = sum (x - mean)^2 / length, sums from +0 in
// ascending order; out = ((x - mean) * (1 / sqrt(var + epsilon))) * gain + bias.
void vector_layernorm(const float* in, float* out, std::uint32_t rows, std::uint32_t length,
                      const float* gain, const float* bias, float epsilon);

// For each row: square = sum x^2 / length from +0; out = (x * (1 / sqrt(square + epsilon))) * gain.
void vector_rmsnorm(const float* in, float* out, std::uint32_t rows, std::uint32_t length,
                    const float* gain, float epsilon);

// out[i] = (accumulate ? out[i] : +0) + in[0][i] + in[1][i] ..., then times scale if it is not
// null.
void vector_pool(const float* in, float* out, std::uint32_t rows, std::uint32_t length,
                 bool accumulate, const float* scale);

// out[r][i] = f(in[r][i / work.count] * gain[i] + bias[i]), gain and bias only if not null.
void vector_map(const VectorWork& work, const float* in, const float* gain, const float* bias,
                float* out);

// out[r][i] = a[r][i] op f(b[r][i / work.count] * gain[i]), gain only if not null.
void vector_combine(const VectorWork& work, const float* a, const float* b, const float* gain,
                    float* out);

// out[r][i] = f(bias[i] + w[0][i] * x[r - count + 1][i] + ... + w[count - 1][i] * x[r][i]), from +0
// without bias; `in` has count - 1 rows of history in front of the command's.
void vector_conv1d(const VectorWork& work, const float* in, const float* weights, const float* bias,
                   float* out);

// out[r] = the first index of the largest element; NaN is no element.
void vector_argmax(const float* in, std::uint32_t* out, std::uint32_t rows, std::uint32_t length);

// Results to elements as they lie in a buffer; int8: value * scale, rounded and clamped.
void vector_convert(const float* in, std::uint64_t count, Element element, float scale,
                    std::uint8_t* out);

}  // namespace epoch
