// SPDX-License-Identifier: Apache-2.0
#include "reference/row_functions.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace epoch {

double gelu_by_erf(double x) {
  return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
}

double gelu_by_tanh(double x) {
  const double slope = std::sqrt(2 / std::acos(-1.0));
  return 0.5 * x * (1 + std::tanh(slope * (x + 0.044715 * x * x * x)));
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

double silu(double x) {
  return x * sigmoid(x);
}

// log(1 + exp(x)); the second form does not overflow where x is large.
double softplus(double x) {
  return x < 0 ? std::log1p(std::exp(x)) : x + std::log1p(std::exp(-x));
}

// Rows go kBlock at a time through each weight: that changes no order of summation.
template <class Word>
std::vector<double> linear(const std::vector<Word>& weight, const std::vector<Word>& bias,
                           const std::vector<double>& rows, std::size_t inputs) {
  const std::size_t outputs = weight.size() / inputs, count = rows.size() / inputs;
  std::vector<double> result(count * outputs);
  std::vector<double> table(inputs * kBlock);
  for (std::size_t first = 0; first < count; first += kBlock) {
    const std::size_t used = std::min(kBlock, count - first);
    for (std::size_t i = 0; i < inputs; ++i) {
      for (std::size_t r = 0; r < used; ++r) table[i * kBlock + r] = rows[(first + r) * inputs + i];
    }
    for (std::size_t o = 0; o < outputs; ++o) {
      double sums[kBlock] = {};
      add_products(weight.data() + o * inputs, inputs, table.data(), sums);
      for (std::size_t r = 0; r < used; ++r)
        result[(first + r) * outputs + o] = bias.empty() ? sums[r] : sums[r] + bias[o];
    }
  }
  return result;
}

template std::vector<double> linear(const std::vector<float>&, const std::vector<float>&,
                                    const std::vector<double>&, std::size_t);
template std::vector<double> linear(const std::vector<double>&, const std::vector<double>&,
                                    const std::vector<double>&, std::size_t);

std::vector<double> layer_norm(const std::vector<float>& weight, const std::vector<float>& bias,
                               double epsilon, const std::vector<double>& rows) {
  const std::size_t width = weight.size();
  std::vector<double> result(rows.size());
  for (std::size_t row = 0; row < rows.size(); row += width) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < width; ++i) sum += rows[row + i];
    const double mean = sum / static_cast<double>(width);
    for (std::size_t i = 0; i < width; ++i)
      squares += (rows[row + i] - mean) * (rows[row + i] - mean);
    const double scale = 1 / std::sqrt(squares / static_cast<double>(width) + epsilon);
    for (std::size_t i = 0; i < width; ++i)
      result[row + i] = (rows[row + i] - mean) * scale * weight[i] + bias[i];
  }
  return result;
}

std::vector<double> rms_norm(const std::vector<float>& weight, double epsilon,
                             const std::vector<double>& rows) {
  const std::size_t width = weight.size();
  std::vector<double> result(rows.size());
  for (std::size_t row = 0; row < rows.size(); row += width) {
    double squares = 0;
    for (std::size_t i = 0; i < width; ++i) squares += rows[row + i] * rows[row + i];
    const double scale = 1 / std::sqrt(squares / static_cast<double>(width) + epsilon);
    for (std::size_t i = 0; i < width; ++i) result[row + i] = rows[row + i] * scale * weight[i];
  }
  return result;
}

std::vector<double> columns(const std::vector<double>& rows, std::size_t width, std::size_t first,
                            std::size_t count) {
  std::vector<double> result;
  result.reserve(rows.size() / width * count);
  for (std::size_t row = 0; row < rows.size(); row += width) {
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(row + first);
    result.insert(result.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
  }
  return result;
}

std::vector<double> gathered(const std::vector<float>& table, std::size_t width,
                             const std::vector<std::uint32_t>& tokens) {
  std::vector<double> rows;
  for (const std::uint32_t token : tokens) {
    if (token >= table.size() / width)
      throw std::invalid_argument("token " + std::to_string(token) + " is not in the vocabulary");
    const auto row = table.begin() + static_cast<std::ptrdiff_t>(token * width);
    rows.insert(rows.end(), row, row + static_cast<std::ptrdiff_t>(width));
  }
  return rows;
}

std::vector<double> scaled_bytes(const std::vector<std::uint8_t>& bytes, double scale, double mean,
                                 double deviation) {
  std::vector<double> result;
  result.reserve(bytes.size());
  for (const std::uint8_t byte : bytes) result.push_back((byte / scale - mean) / deviation);
  return result;
}

std::vector<double> mean_row(const std::vector<double>& rows, std::size_t width) {
  std::vector<double> mean(width, 0.0);
  const std::size_t count = rows.size() / width;
  for (std::size_t i = 0; i < rows.size(); ++i) mean[i % width] += rows[i];
  for (double& value : mean) value /= static_cast<double>(count);
  return mean;
}

}  // namespace epoch
