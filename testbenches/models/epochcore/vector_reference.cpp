// SPDX-License-Identifier: Apache-2.0
#include "vector_reference.h"

#include <epochcore.h>

#include <cmath>

#include "models/pe_grid/soft_float.h"

namespace vector_reference {

namespace {

using soft::add;
using soft::div;
using soft::flush;
using soft::mul;
using soft::sub;

// Exact in double and rounded once: 53 bits are more than 2 * 24 + 2.
float square_root(float x) {
  x = flush(x);
  return flush(static_cast<float>(std::sqrt(double{x})));
}

float applied(unsigned function, float x) {
  switch (function) {
    case EPOCH_FUNCTION_GELU:
      return soft::gelu(x);
    case EPOCH_FUNCTION_GELU_TANH:
      return soft::gelu_tanh(x);
    case EPOCH_FUNCTION_RELU:
      return soft::relu(x);
    case EPOCH_FUNCTION_SILU:
      return soft::silu(x);
    case EPOCH_FUNCTION_SIGMOID:
      return soft::sigmoid(x);
    case EPOCH_FUNCTION_TANH:
      return soft::tanh(x);
    case EPOCH_FUNCTION_SOFTPLUS:
      return soft::softplus(x);
    case EPOCH_FUNCTION_EXP:
      return soft::exponential(x);
    default:
      return x;
  }
}

float combined(unsigned op, float a, float b) {
  switch (op) {
    case EPOCH_COMBINE_MULTIPLY:
      return mul(a, b);
    case EPOCH_COMBINE_ADD:
      return add(a, b);
    case EPOCH_COMBINE_SUBTRACT:
      return sub(a, b);
    default:
      a = flush(a);
      b = flush(b);
      if (std::isnan(a) || std::isnan(b)) return soft::from_bits(0x7FC00000);
      return a > b ? a : b;
  }
}

using Row = std::vector<float>;

Row layernorm(const Command& c, const Row& x, const Row& parameters) {
  const auto n = static_cast<float>(c.length);
  float sum = 0.0f, squares = 0.0f;
  for (const float v : x) sum = add(sum, v);
  const float mean = div(sum, n);
  for (const float v : x) squares = add(squares, mul(sub(v, mean), sub(v, mean)));
  const float inverse = div(1.0f, square_root(add(div(squares, n), c.immediate0)));
  Row y;
  for (unsigned i = 0; i < c.length; ++i)
    y.push_back(add(mul(mul(sub(x[i], mean), inverse), parameters[i]), parameters[c.length + i]));
  return y;
}

Row rmsnorm(const Command& c, const Row& x, const Row& gain) {
  float squares = 0.0f;
  for (const float v : x) squares = add(squares, mul(v, v));
  const float inverse =
      div(1.0f, square_root(add(div(squares, static_cast<float>(c.length)), c.immediate0)));
  Row y;
  for (unsigned i = 0; i < c.length; ++i) y.push_back(mul(mul(x[i], inverse), gain[i]));
  return y;
}

Row argmax(const Row& x) {
  std::uint32_t best = 0;
  bool found = false;
  for (std::uint32_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i]) || (found && flush(x[i]) <= flush(x[best]))) continue;
    best = i;
    found = true;
  }
  return {soft::from_bits(best)};
}

Row map(const Command& c, const Row& x, const Row& parameters) {
  Row y;
  for (unsigned i = 0; i < c.length; ++i) {
    float v = x[i / c.count];
    if (c.gain) v = mul(v, parameters[i]);
    if (c.bias) v = add(v, parameters[(c.gain ? c.length : 0) + i]);
    y.push_back(applied(c.function, v));
  }
  return y;
}

Row combine(const Command& c, const Row& a, const Row& b, const Row& gain) {
  Row y;
  for (unsigned i = 0; i < c.length; ++i) {
    float v = b[i / c.count];
    if (c.gain) v = mul(v, gain[i]);
    y.push_back(combined(c.op, a[i], applied(c.function, v)));
  }
  return y;
}

// Row r of the history and the source as one list; its first row is count - 1 before the first y.
Row conv1d(const Command& c, const Row& rows, unsigned r, const Row& parameters) {
  Row y;
  for (unsigned i = 0; i < c.length; ++i) {
    float sum = c.bias ? parameters[c.count * c.length + i] : 0.0f;
    for (unsigned k = 0; k < c.count; ++k)
      sum = add(sum, mul(parameters[k * c.length + i], rows[(r + k) * c.length + i]));
    y.push_back(applied(c.function, sum));
  }
  return y;
}

Row row_of(const Row& rows, std::size_t row, std::size_t length) {
  const auto first = rows.begin() + static_cast<std::ptrdiff_t>(row * length);
  return {first, first + static_cast<std::ptrdiff_t>(length)};
}

Row pool(const Command& c, const Operands& o) {
  Row y(c.length, 0.0f);
  if (c.accumulate) y = o.before;
  for (unsigned r = 0; r < c.rows; ++r)
    for (unsigned i = 0; i < c.length; ++i) y[i] = add(y[i], o.source[r * c.length + i]);
  if (c.scale)
    for (float& v : y) v = mul(v, c.immediate0);
  return y;
}

Row one_row(const Command& c, const Operands& o, unsigned r) {
  const bool repeats = c.opcode == EPOCH_OP_MAP || c.opcode == EPOCH_OP_COMBINE;
  const unsigned repeated = repeats ? c.length / c.count : c.length;
  const Row x = row_of(o.source, r, c.opcode == EPOCH_OP_MAP ? repeated : c.length);
  switch (c.opcode) {
    case EPOCH_OP_AFFINE: {
      Row y;
      for (const float v : x) y.push_back(add(mul(v, c.immediate0), c.immediate1));
      return y;
    }
    case EPOCH_OP_LAYERNORM:
      return layernorm(c, x, o.parameters);
    case EPOCH_OP_RMSNORM:
      return rmsnorm(c, x, o.parameters);
    case EPOCH_OP_MAP:
      return map(c, x, o.parameters);
    case EPOCH_OP_COMBINE:
      return combine(c, x, row_of(o.second, r, repeated), o.parameters);
    default:
      return argmax(x);
  }
}

}  // namespace

std::vector<float> results(const Command& c, const Operands& o) {
  if (c.opcode == EPOCH_OP_POOL) return pool(c, o);
  Row history = o.second;
  if (c.opcode == EPOCH_OP_CONV1D) history.insert(history.end(), o.source.begin(), o.source.end());
  Row all;
  for (unsigned r = 0; r < c.rows; ++r) {
    const Row y =
        c.opcode == EPOCH_OP_CONV1D ? conv1d(c, history, r, o.parameters) : one_row(c, o, r);
    all.insert(all.end(), y.begin(), y.end());
  }
  return all;
}

std::uint32_t converted(float value, unsigned type, float scale) {
  if (type == EPOCH_TYPE_INT8) {
    const double scaled = mul(value, scale);
    const double rounded =
        std::isnan(scaled) ? 0 : std::nearbyint(std::fmax(-127.0, std::fmin(127.0, scaled)));
    return static_cast<std::uint8_t>(static_cast<std::int8_t>(rounded));
  }
  const std::uint32_t bits = soft::to_bits(flush(value));
  if (type == EPOCH_TYPE_FP32) return bits;
  if (std::isnan(value)) return 0x7FC0;
  const std::uint32_t lost = bits & 0xFFFF, kept = bits >> 16;
  return kept + (lost > 0x8000 || (lost == 0x8000 && kept % 2 == 1) ? 1 : 0);
}

float random_word(std::mt19937& random, unsigned type, unsigned wild) {
  std::uint32_t bits = 0;
  if (random() % 10 < wild) {
    constexpr std::uint32_t special[] = {0x00000000, 0x80000000, 0x7F800000, 0xFF800000,
                                         0x7FC00000, 0xFFC12345, 0x007F0000, 0x80010000,
                                         0x7F7F0000, 0x00800000};
    bits = random() % 2 == 0 ? special[random() % 10] : static_cast<std::uint32_t>(random());
  } else {
    bits = soft::to_bits(static_cast<float>(random() % 20001) / 1250.0f - 8.0f);
  }
  return soft::from_bits(type == EPOCH_TYPE_BF16 ? bits & 0xFFFF0000u : bits);
}

}  // namespace vector_reference
