// SPDX-License-Identifier: Apache-2.0
#include "image/row_ops.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "image/numbers.h"

namespace epoch::test {
namespace {

std::uint32_t function(const ImageOp& op) {
  return EPOCH_VECTOR_MODE_FUNCTION(op.op.activation);
}

// The gain of a column, and its bias behind all gains; 1 and 0 where there are none.
double gain(const ImageOp& op, std::size_t column) {
  return has_flag(op.op, EPOCH_VECTOR_GAIN) ? op.words[column] : 1;
}
double bias(const ImageOp& op, std::size_t column) {
  if (!has_flag(op.op, EPOCH_VECTOR_BIAS)) return 0;
  return op.words[op.words.size() - op.op.width_out + column];
}

// The sums of a linear's columns with their bias; those of int8 are integers in a register that
// clamps.
Row columns_of(const ImageOp& op, const Row& x) {
  const bool integers = EPOCH_FORMAT_TYPE(op.op.format) == EPOCH_TYPE_INT8;
  Row sums(op.words.size() / x.size());
  for (std::size_t column = 0; column < sums.size(); ++column) {
    double& sum = sums[column];
    for (std::size_t i = 0; i < x.size(); ++i) {
      sum += op.words[column * x.size() + i] * x[i];
      if (integers) sum = std::clamp(sum, -0x1p31, 0x1p31 - 1);
    }
    if (integers) sum *= op.scale[column];
    if (!op.extra.empty()) sum += op.extra[column];
  }
  return sums;
}

}  // namespace

bool has_flag(const epoch_image_op& op, std::uint32_t flag) {
  return (EPOCH_FORMAT_FLAGS(op.format) & flag) != 0;
}

Row affine_row(const ImageOp& op, Row x) {
  for (double& value : x)
    value = value * value_of_bits(op.op.immediate0) + value_of_bits(op.op.immediate1);
  return x;
}

Row gather_row(const ImageOp& op, double index) {
  if (index >= op.op.count)
    throw std::runtime_error("image: a table has no row " + std::to_string(index));
  const auto first = op.words.begin() + static_cast<std::ptrdiff_t>(index) * op.op.width_out;
  return {first, first + op.op.width_out};
}

Row linear_row(const ImageOp& op, const Row& x, const Row* residual) {
  const Row sums = columns_of(op, x);
  Row y(op.op.width_out);
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = op.op.activation == EPOCH_ACTIVATION_GLU
               ? sums[2 * i] * function_of(EPOCH_FUNCTION_SIGMOID, sums[2 * i + 1])
               : activation_of(op.op.activation, sums[i]);
    if (residual != nullptr) y[i] += (*residual)[i];
  }
  return y;
}

Row norm_row(const ImageOp& op, Row x) {
  const bool centred = op.op.activation == 0;
  const auto length = static_cast<double>(x.size());
  double mean = 0, square = 0;
  for (const double value : x) mean += centred ? value / length : 0;
  for (const double value : x) square += (value - mean) * (value - mean) / length;
  const double deviation = std::sqrt(square + value_of_bits(op.op.immediate0));
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = (x[i] - mean) / deviation * op.words[i] + (centred ? op.words[x.size() + i] : 0);
  return x;
}

Row map_row(const ImageOp& op, const Row& x) {
  Row y;
  for (std::size_t i = 0; i < op.op.width_out; ++i)
    y.push_back(function_of(function(op), x[i / op.op.count] * gain(op, i) + bias(op, i)));
  return y;
}

Row combine_row(const ImageOp& op, Row a, const Row& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double second = function_of(function(op), b[i / op.op.count] * gain(op, i));
    switch (EPOCH_VECTOR_MODE_OP(op.op.activation)) {
      case EPOCH_COMBINE_MULTIPLY:
        a[i] *= second;
        break;
      case EPOCH_COMBINE_ADD:
        a[i] += second;
        break;
      case EPOCH_COMBINE_SUBTRACT:
        a[i] -= second;
        break;
      default:
        a[i] = std::max(a[i], second);
    }
  }
  return a;
}

Row conv1d_row(const ImageOp& op, const std::vector<Row>& rows) {
  Row y;
  for (std::size_t i = 0; i < op.op.width_out; ++i) {
    double sum = bias(op, i);
    for (std::size_t tap = 0; tap < rows.size(); ++tap)
      sum += op.words[tap * op.op.width_out + i] * rows[tap][i];
    y.push_back(function_of(function(op), sum));
  }
  return y;
}

// The first of the largest, NaN never.
Row argmax_row(const Row& x) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < x.size(); ++i)
    if (x[i] > x[best] || (std::isnan(x[best]) && !std::isnan(x[i]))) best = i;
  return {static_cast<double>(best)};
}

std::vector<std::uint32_t> im2col_rows(const ImageOp& op, std::uint32_t row) {
  const std::uint32_t* g = op.op.geometry;
  const std::uint32_t stride = g[EPOCH_GEOMETRY_STRIDE], columns = g[EPOCH_GEOMETRY_COLUMNS];
  const std::uint32_t across = (columns - g[EPOCH_GEOMETRY_KERNEL_COLUMNS]) / stride + 1;
  const std::uint32_t corner = row / across * stride * columns + row % across * stride;
  std::vector<std::uint32_t> rows;
  for (std::uint32_t r = 0; r < g[EPOCH_GEOMETRY_KERNEL_ROWS]; ++r)
    for (std::uint32_t c = 0; c < g[EPOCH_GEOMETRY_KERNEL_COLUMNS]; ++c)
      rows.push_back(corner + r * columns + c);
  return rows;
}

}  // namespace epoch::test
