// SPDX-License-Identifier: Apache-2.0
#include "reference/second_functions.h"

#include <cmath>

namespace epoch::test {

double second_sigmoid(double x) {
  return (1 + std::tanh(x / 2)) / 2;
}

// x times the normal distribution's cumulative function.
double second_gelu_erf(double x) {
  return x * std::erfc(-x * std::sqrt(0.5)) / 2;
}

// tanh(a) + 1 = 2 sigmoid(2 a)
double second_gelu_tanh(double x) {
  const double a = std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * std::pow(x, 3));
  return x / (1 + std::exp(-2 * a));
}

double second_silu(double x) {
  return x / (1 + std::exp(-x));
}

double second_softplus(double x) {
  return static_cast<double>(std::log(1 + std::exp(static_cast<long double>(x))));
}

double second_tanh(double x) {
  return 2 / (1 + std::exp(-2 * x)) - 1;
}

Row second_linear(const std::vector<float>& weight, const std::vector<float>& bias,
                  const Row& row) {
  Row result;
  for (std::size_t o = 0; o < weight.size() / row.size(); ++o) {
    long double sum = bias.empty() ? 0 : bias[o];
    for (std::size_t i = row.size(); i-- > 0;)
      sum += static_cast<long double>(weight[o * row.size() + i]) * row[i];
    result.push_back(static_cast<double>(sum));
  }
  return result;
}

Table second_linear(const std::vector<float>& weight, const std::vector<float>& bias,
                    const Table& rows) {
  Table result;
  for (const Row& row : rows) result.push_back(second_linear(weight, bias, row));
  return result;
}

// The variance as E[x^2] - E[x]^2.
Row second_layer_norm(const std::vector<float>& weight, const std::vector<float>& bias,
                      double epsilon, const Row& row) {
  long double sum = 0, squares = 0;
  for (const double value : row) {
    sum += value;
    squares += static_cast<long double>(value) * value;
  }
  const long double count = static_cast<long double>(row.size()), mean = sum / count;
  const long double deviation = std::sqrt(squares / count - mean * mean + epsilon);
  Row result;
  for (std::size_t i = 0; i < row.size(); ++i)
    result.push_back(static_cast<double>(weight[i] * ((row[i] - mean) / deviation) + bias[i]));
  return result;
}

Row second_rms_norm(const std::vector<float>& weight, double epsilon, const Row& row) {
  long double squares = 0;
  for (const double value : row) squares += static_cast<long double>(value) * value;
  const long double root = std::sqrt(squares / static_cast<long double>(row.size()) + epsilon);
  Row result;
  for (std::size_t i = 0; i < row.size(); ++i)
    result.push_back(static_cast<double>(weight[i] * (row[i] / root)));
  return result;
}

Table second_rows(const std::vector<std::uint8_t>& bytes, std::size_t width, double scale,
                  double mean, double deviation) {
  Table rows(bytes.size() / width);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    rows[i / width].push_back((static_cast<double>(bytes[i]) - mean * scale) / (scale * deviation));
  return rows;
}

}  // namespace epoch::test
