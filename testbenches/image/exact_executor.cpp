// SPDX-License-Identifier: Apache-2.0
#include "image/exact_executor.h"

#include <xmmintrin.h>

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

namespace epoch::test {
namespace {

using Rows = std::vector<std::vector<float>>;  // [step][element]

float as_float(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float narrow(double value) {
  return static_cast<float>(value);  // an fp32 that the reader has widened
}

// Subnormal operands and results are zero while it lives: SSE's FTZ and DAZ.
class Flushing {
 public:
  Flushing() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040u); }
  ~Flushing() { _mm_setcsr(saved_); }
  Flushing(const Flushing&) = delete;
  Flushing& operator=(const Flushing&) = delete;

 private:
  unsigned saved_;
};

// array specification, "Arithmetic": 2^t by a polynomial, t = z log2(e).
float exp_pe(float z) {
  const float coefficients[] = {as_float(0x3C1E76C9), as_float(0x3D635734), as_float(0x3E75FCD9),
                                as_float(0x3F317219), as_float(0x3F800000)};
  const float t = z * as_float(0x3FB8AA3B);
  const float whole = std::rint(t);
  const float f = t - whole;
  float h = as_float(0x3AAFBB4A);
  for (const float coefficient : coefficients) {
    h = h * f + coefficient;
  }
  const double scaled = std::ldexp(static_cast<double>(h), static_cast<int>(whole));  // exact
  return scaled < 0x1p-126 ? 0.0f : static_cast<float>(scaled);
}

float sigmoid(float x) {
  const float e = exp_pe(-std::abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

// x Phi(x), Phi by Abramowitz & Stegun 26.2.17.
float gelu(float x) {
  const float density = exp_pe(x * x * -0.5f) * 0.39894228f;
  const float t = 1 / (1 + 0.2316419f * std::abs(x));
  float p = 1.330274429f;
  for (const float b : {-1.821255978f, 1.781477937f, -0.356563782f, 0.319381530f}) {
    p = p * t + b;
  }
  const float tail = density * (p * t);
  return x * (x < 0 ? tail : 1 - tail);
}

Rows affine(const epoch_image_op& op, const std::vector<std::uint8_t>& input) {
  const float scale = as_float(op.immediate0);
  const float offset = as_float(op.immediate1);
  Rows rows;
  for (std::size_t first = 0; first < input.size(); first += op.width_in) {
    std::vector<float> row;
    for (std::size_t i = first; i < first + op.width_in; ++i)
      row.push_back(static_cast<float>(input[i]) * scale + offset);
    rows.push_back(row);
  }
  return rows;
}

Rows norm(const ImageOp& op, const Rows& source) {
  const auto length = static_cast<float>(op.op.width_in);
  Rows rows = source;
  for (std::vector<float>& row : rows) {
    float sum = 0;
    for (const float x : row) sum = sum + x;
    const float mean = sum / length;
    float squares = 0;
    for (const float x : row) squares = squares + (x - mean) * (x - mean);
    const float inverse = 1 / std::sqrt(squares / length + as_float(op.op.immediate0));
    for (std::size_t i = 0; i < row.size(); ++i)
      row[i] = (row[i] - mean) * inverse * narrow(op.words[i]) + narrow(op.words[row.size() + i]);
  }
  return rows;
}

Rows ssm(const ImageOp& op, const Rows& source) {
  const std::size_t modes = op.op.modes;
  const std::vector<float> words(op.words.begin(), op.words.end());
  std::vector<float> state(2 * op.op.width_in * modes, 0.0f);
  Rows rows = source;
  for (std::vector<float>& row : rows) {
    for (std::size_t channel = 0; channel < row.size(); ++channel) {
      const float u = row[channel];
      float y = 0;
      for (std::size_t i = channel * modes; i < (channel + 1) * modes; ++i) {
        const float* k = words.data() + 4 * i;  // ar ai cr ci
        float& xr = state[2 * i];
        float& xi = state[2 * i + 1];
        const float next_r = (k[0] * xr - k[1] * xi) + u;
        const float next_i = k[0] * xi + k[1] * xr;
        xr = next_r;
        xi = next_i;
        y = y + (k[2] * xr - k[3] * xi);
      }
      row[channel] = gelu(y + narrow(op.extra[channel]) * u);
    }
  }
  return rows;
}

Rows linear(const ImageOp& op, const Rows& source, const Rows* residual) {
  const bool glu = op.op.activation == EPOCH_ACTIVATION_GLU;
  const std::size_t inputs = op.op.width_in;
  const std::vector<float> weight(op.words.begin(), op.words.end());
  Rows rows;
  for (std::size_t step = 0; step < source.size(); ++step) {
    std::vector<float> columns;
    for (std::size_t column = 0; column < op.extra.size(); ++column) {
      float y = 0;
      for (std::size_t i = 0; i < inputs; ++i)
        y = y + weight[column * inputs + i] * source[step][i];
      columns.push_back(y + narrow(op.extra[column]));
    }
    std::vector<float> row;
    for (std::size_t i = 0; i < op.op.width_out; ++i) {
      const float value = glu ? columns[2 * i] * sigmoid(columns[2 * i + 1]) : columns[i];
      row.push_back(residual != nullptr ? value + (*residual)[step][i] : value);
    }
    rows.push_back(row);
  }
  return rows;
}

Rows pool(const Rows& source) {
  std::vector<float> sum(source[0].size(), 0.0f);
  for (const std::vector<float>& row : source)
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = sum[i] + row[i];
  const float scale = 1.0f / static_cast<float>(source.size());
  for (float& value : sum) value = value * scale;
  return {sum};
}

[[noreturn]] void unknown(const ImageOp& op) {
  throw std::runtime_error("op " + std::to_string(op.op.kind) + " has no exact arithmetic here");
}

}  // namespace

std::vector<float> execute_exactly(const Image& image, const std::vector<std::uint8_t>& input) {
  const Flushing flushing;
  std::vector<Rows> tensors(image.tensors.size());
  for (const ImageOp& op : image.ops) {
    const auto rows_of = [&](unsigned i) -> const Rows& {
      return tensors[EPOCH_REF_TENSOR(op.op.inputs[i])];
    };
    const Rows& source = rows_of(EPOCH_INPUT_SOURCE);
    const bool residual = op.op.inputs[EPOCH_INPUT_STORED] != EPOCH_REF_NONE;
    Rows& result = tensors[EPOCH_REF_TENSOR(op.op.output)];
    switch (op.op.kind) {
      case EPOCH_IMAGE_OP_AFFINE:
        result = affine(op.op, input);
        break;
      case EPOCH_IMAGE_OP_NORM:
        if (op.op.activation != 0) unknown(op);
        result = norm(op, source);
        break;
      case EPOCH_IMAGE_OP_SSM:
        if (EPOCH_FORMAT_MODE(op.op.format) != EPOCH_MODE_COMPLEX || residual) unknown(op);
        result = ssm(op, source);
        break;
      case EPOCH_IMAGE_OP_LINEAR:
        result = linear(op, source, residual ? &rows_of(EPOCH_INPUT_STORED) : nullptr);
        break;
      case EPOCH_IMAGE_OP_POOL:
        if (op.op.activation != 0) unknown(op);
        result = pool(source);
        break;
      default:
        unknown(op);
    }
  }
  return tensors[image.header.output].at(0);
}

}  // namespace epoch::test
