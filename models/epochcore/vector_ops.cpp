// SPDX-License-Identifier: Apache-2.0
#include "epochcore/vector_ops.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "epochcore/flush_to_zero.h"
#include "epochcore/pe_grid/transcendental.h"

namespace epoch {

namespace {

// x86's own NaN has the sign set; the contract's has not.
inline float canonical(float value) {
  return canonical_nan(value);
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

[[gnu::noinline]] void rmsnorm_rows(const float* in, float* out, std::uint32_t rows,
                                    std::uint32_t length, const float* gain, float epsilon) {
  const auto count = static_cast<float>(length);
  float inverse[row_group] = {};
  for (std::uint32_t k = 0; k < length; ++k)
    for (std::uint32_t r = 0; r < rows; ++r) {
      const float x = in[std::size_t{r} * length + k];
      inverse[r] += x * x;
    }
  for (std::uint32_t r = 0; r < rows; ++r)
    inverse[r] = 1.0f / std::sqrt(inverse[r] / count + epsilon);
  for (std::uint32_t r = 0; r < rows; ++r) {
    const float* x = in + std::size_t{r} * length;
    float* y = out + std::size_t{r} * length;
    for (std::uint32_t k = 0; k < length; ++k) y[k] = canonical((x[k] * inverse[r]) * gain[k]);
  }
}

// ---- Functions of a row, in place ----

template <class Function>
EPOCH_INLINE void each(float* row, std::uint32_t length, Function function) {
  for (std::uint32_t i = 0; i < length; ++i) row[i] = function(row[i]);
}

[[gnu::noinline]] void function_row(unsigned function, float* row, std::uint32_t length) {
  switch (function) {
    case EPOCH_FUNCTION_GELU:
      each(row, length, [](float x) { return gelu(x); });
      break;
    case EPOCH_FUNCTION_GELU_TANH:
      each(row, length, [](float x) { return gelu_tanh(x); });
      break;
    case EPOCH_FUNCTION_RELU:
      each(row, length, [](float x) { return relu(x); });
      break;
    case EPOCH_FUNCTION_SILU:
      each(row, length, [](float x) { return silu(x); });
      break;
    case EPOCH_FUNCTION_SIGMOID:
      each(row, length, [](float x) { return sigmoid(x); });
      break;
    case EPOCH_FUNCTION_TANH:
      each(row, length, [](float x) { return epoch::tanh(x); });
      break;
    case EPOCH_FUNCTION_SOFTPLUS:
      each(row, length, [](float x) { return softplus(x); });
      break;
    case EPOCH_FUNCTION_EXP:
      each(row, length, [](float x) { return exponential(x); });
      break;
    default:
      break;
  }
}

[[gnu::noinline]] void scale_row(float* row, const float* gain, std::uint32_t length) {
  for (std::uint32_t i = 0; i < length; ++i) row[i] = row[i] * gain[i];
}
[[gnu::noinline]] void offset_row(float* row, const float* bias, std::uint32_t length) {
  for (std::uint32_t i = 0; i < length; ++i) row[i] = row[i] + bias[i];
}
[[gnu::noinline]] void finish_row(float* row, std::uint32_t length) {
  for (std::uint32_t i = 0; i < length; ++i) row[i] = flushed_fp32(row[i]);
}

// A row whose elements stand for `count` columns each.
void spread_row(const float* in, std::uint32_t count, std::uint32_t length, float* out) {
  if (count == 1) {
    std::copy_n(in, length, out);
    return;
  }
  for (std::uint32_t i = 0; i < length; ++i) out[i] = in[i / count];
}

[[gnu::noinline]] void combine_row(unsigned op, const float* a, float* b, std::uint32_t length) {
  switch (op) {
    case EPOCH_COMBINE_MULTIPLY:
      for (std::uint32_t i = 0; i < length; ++i) b[i] = a[i] * b[i];
      break;
    case EPOCH_COMBINE_ADD:
      for (std::uint32_t i = 0; i < length; ++i) b[i] = a[i] + b[i];
      break;
    case EPOCH_COMBINE_SUBTRACT:
      for (std::uint32_t i = 0; i < length; ++i) b[i] = a[i] - b[i];
      break;
    default:  // the second operand where a is not larger, and NaN of either
      for (std::uint32_t i = 0; i < length; ++i) {
        const float larger = a[i] > b[i] ? a[i] : b[i];
        b[i] = a[i] != a[i] ? a[i] : larger;
      }
  }
}

[[gnu::noinline]] void conv_row(const float* in, const float* weights, const float* bias,
                                std::uint32_t taps, std::uint32_t length, float* out) {
  for (std::uint32_t i = 0; i < length; ++i) out[i] = bias == nullptr ? 0.0f : bias[i];
  for (std::uint32_t k = 0; k < taps; ++k) {
    const float* const w = weights + std::size_t{k} * length;
    const float* const x = in + std::size_t{k} * length;
    for (std::uint32_t i = 0; i < length; ++i) out[i] = out[i] + w[i] * x[i];
  }
}

[[gnu::noinline]] std::uint32_t argmax_row(const float* in, std::uint32_t length) {
  std::uint32_t best = 0;
  for (std::uint32_t i = 1; i < length; ++i)
    if (in[i] > in[best] || (in[best] != in[best] && in[i] == in[i])) best = i;
  return best;
}

[[gnu::noinline]] void convert(const float* in, std::uint64_t count, Element element, float scale,
                               std::uint8_t* out) {
  switch (element) {
    case Element::bf16:
      for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint16_t half = bf16_of_word(round_to_bf16(in[i]));
        std::memcpy(out + 2 * i, &half, sizeof half);
      }
      break;
    case Element::int8:
      for (std::uint64_t i = 0; i < count; ++i)
        out[i] = static_cast<std::uint8_t>(round_to_int8(in[i] * scale));
      break;
    default:
      std::memcpy(out, in, count * sizeof(float));
  }
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

void vector_rmsnorm(const float* in, float* out, std::uint32_t rows, std::uint32_t length,
                    const float* gain, float epsilon) {
  const FlushToZero flush;
  for (std::uint32_t row = 0; row < rows; row += row_group) {
    const std::size_t offset = std::size_t{row} * length;
    rmsnorm_rows(in + offset, out + offset, std::min(row_group, rows - row), length, gain, epsilon);
  }
}

void vector_map(const VectorWork& work, const float* in, const float* gain, const float* bias,
                float* out) {
  const FlushToZero flush;
  const std::uint32_t length = work.length;
  for (std::uint32_t r = 0; r < work.rows; ++r, in += length / work.count, out += length) {
    spread_row(in, work.count, length, out);
    if (gain != nullptr) scale_row(out, gain, length);
    if (bias != nullptr) offset_row(out, bias, length);
    function_row(work.function, out, length);
    finish_row(out, length);
  }
}

void vector_combine(const VectorWork& work, const float* a, const float* b, const float* gain,
                    float* out) {
  const FlushToZero flush;
  const std::uint32_t length = work.length;
  for (std::uint32_t r = 0; r < work.rows; ++r, b += length / work.count, out += length) {
    spread_row(b, work.count, length, out);
    if (gain != nullptr) scale_row(out, gain, length);
    function_row(work.function, out, length);
    combine_row(work.op, a + std::size_t{r} * length, out, length);
    finish_row(out, length);
  }
}

void vector_conv1d(const VectorWork& work, const float* in, const float* weights, const float* bias,
                   float* out) {
  const FlushToZero flush;
  const std::uint32_t length = work.length;
  for (std::uint32_t r = 0; r < work.rows; ++r, in += length, out += length) {
    conv_row(in, weights, bias, work.count, length, out);
    function_row(work.function, out, length);
    finish_row(out, length);
  }
}

void vector_argmax(const float* in, std::uint32_t* out, std::uint32_t rows, std::uint32_t length) {
  const FlushToZero flush;
  for (std::uint32_t r = 0; r < rows; ++r)
    out[r] = argmax_row(in + std::size_t{r} * length, length);
}

void vector_convert(const float* in, std::uint64_t count, Element element, float scale,
                    std::uint8_t* out) {
  const FlushToZero flush;
  convert(in, count, element, scale, out);
}

void vector_pool(const float* in, float* out, std::uint32_t rows, std::uint32_t length,
                 bool accumulate, const float* scale) {
  const FlushToZero flush;
  if (!accumulate) std::fill_n(out, length, 0.0f);
  pool_kernel(in, out, rows, length, scale);
}

}  // namespace epoch
