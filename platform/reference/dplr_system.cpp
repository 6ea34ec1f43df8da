// SPDX-License-Identifier: Apache-2.0
#include "reference/dplr_system.h"

#include <cmath>

#include "reference/row_functions.h"

namespace epoch {
namespace {

// Row-major, square.
struct Matrix {
  std::size_t size;
  std::vector<double> words;

  explicit Matrix(std::size_t n) : size(n), words(n * n) {}
  double& at(std::size_t row, std::size_t column) { return words[row * size + column]; }
  double at(std::size_t row, std::size_t column) const { return words[row * size + column]; }
};

// The solution of matrix x = right, [size][columns], by Gaussian elimination with partial pivoting.
std::vector<double> solve(Matrix matrix, std::vector<double> right, std::size_t columns) {
  const std::size_t n = matrix.size;
  for (std::size_t step = 0; step < n; ++step) {
    std::size_t pivot = step;
    for (std::size_t row = step + 1; row < n; ++row) {
      if (std::abs(matrix.at(row, step)) > std::abs(matrix.at(pivot, step))) pivot = row;
    }
    for (std::size_t i = step; i < n; ++i) std::swap(matrix.at(step, i), matrix.at(pivot, i));
    for (std::size_t i = 0; i < columns; ++i)
      std::swap(right[step * columns + i], right[pivot * columns + i]);
    for (std::size_t row = step + 1; row < n; ++row) {
      const double factor = matrix.at(row, step) / matrix.at(step, step);
      for (std::size_t i = step; i < n; ++i) matrix.at(row, i) -= factor * matrix.at(step, i);
      for (std::size_t i = 0; i < columns; ++i)
        right[row * columns + i] -= factor * right[step * columns + i];
    }
  }
  for (std::size_t row = n; row-- > 0;) {
    for (std::size_t i = 0; i < columns; ++i) {
      for (std::size_t k = row + 1; k < n; ++k)
        right[row * columns + i] -= matrix.at(row, k) * right[k * columns + i];
      right[row * columns + i] /= matrix.at(row, row);
    }
  }
  return right;
}

Matrix product(const Matrix& left, const Matrix& right) {
  Matrix result(left.size);
  for (std::size_t row = 0; row < left.size; ++row) {
    for (std::size_t k = 0; k < left.size; ++k) {
      for (std::size_t i = 0; i < left.size; ++i)
        result.at(row, i) += left.at(row, k) * right.at(k, i);
    }
  }
  return result;
}

Matrix power(Matrix base, std::uint32_t exponent) {
  Matrix result(base.size);
  for (std::size_t i = 0; i < base.size; ++i) result.at(i, i) = 1;
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = product(result, base);
    base = product(base, base);
  }
  return result;
}

// A = diag(lambda) - P P^* over the conjugate pairs, on (Re x, Im x): lambda turns each pair, and
// P^* x of a pair is 2 (Re p Re x + Im p Im x).
Matrix continuous(const DplrChannel& channel) {
  const std::size_t modes = channel.lambda.size();
  Matrix a(2 * modes);
  std::vector<double> p;
  for (const auto& word : channel.p) p.push_back(word.real());
  for (const auto& word : channel.p) p.push_back(word.imag());
  for (std::size_t row = 0; row < a.size; ++row) {
    for (std::size_t i = 0; i < a.size; ++i) a.at(row, i) = -2 * p[row] * p[i];
  }
  for (std::size_t mode = 0; mode < modes; ++mode) {
    const std::complex<double> lambda = channel.lambda[mode];
    a.at(mode, mode) += lambda.real();
    a.at(mode, modes + mode) -= lambda.imag();
    a.at(modes + mode, mode) += lambda.imag();
    a.at(modes + mode, modes + mode) += lambda.real();
  }
  return a;
}

// c of c (I - A_bar^L) = stored.
std::vector<double> untruncated(const Matrix& a_bar, const std::vector<double>& stored,
                                std::uint32_t steps) {
  const Matrix last = power(a_bar, steps);
  Matrix transposed(a_bar.size);
  for (std::size_t row = 0; row < a_bar.size; ++row) {
    for (std::size_t i = 0; i < a_bar.size; ++i)
      transposed.at(i, row) = (row == i ? 1 : 0) - last.at(row, i);
  }
  return solve(transposed, stored, 1);
}

}  // namespace

void add_channel(DplrSystem& system, const DplrChannel& channel) {
  const std::size_t modes = channel.lambda.size(), size = 2 * modes;
  const Matrix a = continuous(channel);
  Matrix implicit(size);               // I - dt/2 A
  std::vector<double> explicit_terms;  // [I + dt/2 A, dt B], [size][size + 1]
  for (std::size_t row = 0; row < size; ++row) {
    for (std::size_t i = 0; i < size; ++i) {
      const double half = channel.dt / 2 * a.at(row, i), one = row == i ? 1 : 0;
      implicit.at(row, i) = one - half;
      explicit_terms.push_back(one + half);
    }
    const std::complex<double> b = channel.b[row % modes];
    explicit_terms.push_back(channel.dt * (row < modes ? b.real() : b.imag()));
  }
  const std::vector<double> discrete = solve(implicit, explicit_terms, size + 1);
  Matrix a_bar(size);
  for (std::size_t row = 0; row < size; ++row) {
    for (std::size_t i = 0; i < size; ++i) a_bar.at(row, i) = discrete[row * (size + 1) + i];
    system.b.push_back(discrete[row * (size + 1) + size]);
  }
  std::vector<double> c;  // y = 2 Re sum c x
  for (const auto& word : channel.c) c.push_back(2 * word.real());
  for (const auto& word : channel.c) c.push_back(-2 * word.imag());
  if (channel.truncated_steps != 0) c = untruncated(a_bar, c, channel.truncated_steps);
  system.a.insert(system.a.end(), a_bar.words.begin(), a_bar.words.end());
  system.c.insert(system.c.end(), c.begin(), c.end());
  system.modes = modes;
  ++system.channels;
}

std::vector<double> run_channel(const DplrSystem& system, std::size_t channel,
                                const std::vector<double>& u) {
  const std::size_t size = system.dimensions(), blocks = (size + kBlock - 1) / kBlock;
  // A by blocks of rows, so that a block's sums grow side by side: [block][column][row in block].
  std::vector<double> table(blocks * size * kBlock), b(blocks * kBlock), next(blocks * kBlock);
  for (std::size_t row = 0; row < size; ++row) {
    b[row] = system.b[channel * size + row];
    for (std::size_t i = 0; i < size; ++i)
      table[(row / kBlock * size + i) * kBlock + row % kBlock] =
          system.a[(channel * size + row) * size + i];
  }
  const double* c = system.c.data() + channel * size;
  std::vector<double> x(blocks * kBlock), y;
  y.reserve(u.size());
  for (const double input : u) {
    for (std::size_t i = 0; i < next.size(); ++i) next[i] = b[i] * input;
    for (std::size_t block = 0; block < blocks; ++block)
      add_products(x.data(), size, table.data() + block * size * kBlock,
                   next.data() + block * kBlock);
    x.swap(next);
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += c[i] * x[i];
    y.push_back(sum);
  }
  return y;
}

}  // namespace epoch
