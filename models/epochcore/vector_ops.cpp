// SPDX-License-Identifier: Apache-2.0
#include "epochcore/vector_ops.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "epochcore/flush_to_zero.h"

namespace epoch {

namespace {

// x86's own NaN has the sign set; the contract's has not.
inline float canonical(float value) {
  return value != value ? std::numeric_limits<float>::quiet_NaN() : value;
}

constexpr std::uint32_t row_group = 8;  // rows summed side by side: their additions are independent

[[gnu::noinline]] void affine_kernel(const std::uint8_t* in, float* out, std::uint64_t count,
                                     float scale, float offset) {
  for (std::uint64_t i = 0; i < count; ++i)
    out[i] = canonical(static_cast<float>(in[i]) * scale + offset);
}

[[gnu::noinline]] void layernorm_rows(const float* in, float* out, std::uint32_t rows,
                                      std::uint32_t length, const float* gain, const float* bias,
                                      float epsilon) {
  const auto count = static_cast<float>(length);
  float mean[row_group] = {};
  float inverse[row_group] = {};
  for (std::uint32_t k = 0; k < length; ++k)
    for (std::uint32_t r = 0; r < rows; ++r) mean[r] += in[std::size_t{r} * length + k];
  for (std::uint32_t r = 0; r < rows; ++r) mean[r] = mean[r] / count;
  for (std::uint32_t k = 0; k < length; ++k) {
    for (std::uint32_t r = 0; r < rows; ++r) {
      const float d = in[std::size_t{r} * length + k] - mean[r];
      inverse[r] += d * d;
    }
  }
  for (std::uint32_t r = 0; r < rows; ++r)
    inverse[r] = 1.0f / std::sqrt(inverse[r] / count + epsilon);
  for (std::uint32_t r = 0; r < rows; ++r) {
    const float* x = in + std::size_t{r} * length;
    float* y = out + std::size_t{r} * length;
    for (std::uint32_t k = 0; k < length; ++k)
      y[k] = canonical(((x[k] - mean[r]) * inverse[r]) * gain[k] + bias[k]);
  }
}

[[gnu::noinline]] void pool_kernel(const float* in, float* out, std::uint32_t rows,
                                   std::uint32_t length, const float* scale) {
  for (std::uint32_t r = 0; r < rows; ++r)
    for (std::uint32_t i = 0; i < length; ++i) out[i] += in[std::size_t{r} * length + i];
  if (scale != nullptr)
    for (std::uint32_t i = 0; i < length; ++i) out[i] *= *scale;
  for (std::uint32_t i = 0; i < length; ++i) out[i] = canonical(out[i]);
}

}  // namespace

void vector_affine(const std::uint8_t* in, float* out, std::uint64_t count, float scale,
                   float offset) {
  const FlushToZero flush;
  affine_kernel(in, out, count, scale, offset);
}

void vector_layernorm(const float* in, float* out, std::uint32_t rows, std::uint32_t length,
                      const float* gain, const float* bias, float epsilon) {
  const FlushToZero flush;
  for (std::uint32_t row = 0; row < rows; row += row_group) {
    const std::size_t offset = std::size_t{row} * length;
    layernorm_rows(in + offset, out + offset, std::min(row_group, rows - row), length, gain, bias,
                   epsilon);
  }
}

void vector_pool(const float* in, float* out, std::uint32_t rows, std::uint32_t length,
                 bool accumulate, const float* scale) {
  const FlushToZero flush;
  if (!accumulate) std::fill_n(out, length, 0.0f);
  pool_kernel(in, out, rows, length, scale);
}

}  // namespace epoch
