// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace epoch {

// What every family is made of, in float64 on [row][width] values.

double gelu_by_erf(double x);
double gelu_by_tanh(double x);  // Hendrycks and Gimpel, arXiv 1606.08415, section 2
double sigmoid(double x);
double silu(double x);
double softplus(double x);

// out[row][o] = sum of weight[o][i] rows[row][i] over i = 0, 1, ..., then + bias[o] unless empty.
template <class Word>
std::vector<double> linear(const std::vector<Word>& weight, const std::vector<Word>& bias,
                           const std::vector<double>& rows, std::size_t inputs);
extern template std::vector<double> linear(const std::vector<float>&, const std::vector<float>&,
                                           const std::vector<double>&, std::size_t);
extern template std::vector<double> linear(const std::vector<double>&, const std::vector<double>&,
                                           const std::vector<double>&, std::size_t);

// Each row by its own mean and variance; rms by its mean square.
std::vector<double> layer_norm(const std::vector<float>& weight, const std::vector<float>& bias,
                               double epsilon, const std::vector<double>& rows);
std::vector<double> rms_norm(const std::vector<float>& weight, double epsilon,
                             const std::vector<double>& rows);

// Columns [first, first + count) of [row][width] values.
std::vector<double> columns(const std::vector<double>& rows, std::size_t width, std::size_t first,
                            std::size_t count);

// Rows of a table; std::invalid_argument where it has none.
std::vector<double> gathered(const std::vector<float>& table, std::size_t width,
                             const std::vector<std::uint32_t>& tokens);

// u = (byte / scale - mean) / std
std::vector<double> scaled_bytes(const std::vector<std::uint8_t>& bytes, double scale, double mean,
                                 double deviation);

// The mean of all rows.
std::vector<double> mean_row(const std::vector<double>& rows, std::size_t width);

// The sums of one block of kBlock outputs over i = 0, 1, ...: sums[r] += factors[i] table[i][r].
// Pairs by name: left to itself, the compiler keeps the sums in memory.
constexpr std::size_t kBlock = 8;
template <class Word>
void add_products(const Word* factors, std::size_t count, const double* table, double* sums) {
  using Pair __attribute__((vector_size(16))) = double;
  Pair local[kBlock / 2], words[kBlock / 2];
  std::memcpy(local, sums, sizeof local);
  for (std::size_t i = 0; i < count; ++i) {
    const double factor = factors[i];
    const Pair both = {factor, factor};
    std::memcpy(words, table + i * kBlock, sizeof words);
    for (std::size_t r = 0; r < kBlock / 2; ++r) local[r] += both * words[r];
  }
  std::memcpy(sums, local, sizeof local);
}

}  // namespace epoch
