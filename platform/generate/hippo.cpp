// SPDX-License-Identifier: Apache-2.0
#include "generate/hippo.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace epoch {
namespace {

// Row-major, square, real.
struct Matrix {
  std::size_t size;
  std::vector<double> words;

  explicit Matrix(std::size_t n) : size(n), words(n * n) {}
  double& at(std::size_t row, std::size_t column) { return words[row * size + column]; }
  double at(std::size_t row, std::size_t column) const { return words[row * size + column]; }
};

Matrix identity(std::size_t size) {
  Matrix result(size);
  for (std::size_t i = 0; i < size; ++i) result.at(i, i) = 1;
  return result;
}

// matrix (I - 2 v v^T): its columns reflected.
void reflect_columns(Matrix& matrix, const std::vector<double>& v) {
  for (std::size_t row = 0; row < matrix.size; ++row) {
    double sum = 0;
    for (std::size_t i = 0; i < matrix.size; ++i) sum += matrix.at(row, i) * v[i];
    for (std::size_t i = 0; i < matrix.size; ++i) matrix.at(row, i) -= 2 * sum * v[i];
  }
}

// The unit vector whose reflection turns column `column` below the diagonal into one element.
std::vector<double> reflector(const Matrix& matrix, std::size_t column) {
  std::vector<double> v(matrix.size);
  double squares = 0;
  for (std::size_t row = column + 1; row < matrix.size; ++row) {
    v[row] = matrix.at(row, column);
    squares += v[row] * v[row];
  }
  v[column + 1] += v[column + 1] < 0 ? -std::sqrt(squares) : std::sqrt(squares);
  squares = 0;
  for (const double word : v) squares += word * word;
  for (double& word : v) word = squares == 0 ? 0 : word / std::sqrt(squares);
  return v;
}

// skew = Q T Q^T with T skew and tridiagonal (Householder); returns T's subdiagonal.
std::vector<double> tridiagonalise(Matrix skew, Matrix& q) {
  for (std::size_t column = 0; column + 2 < skew.size; ++column) {
    const std::vector<double> v = reflector(skew, column);
    reflect_columns(q, v);
    reflect_columns(skew, v);
    // Reflecting the rows of a skew matrix: that of the columns, transposed.
    for (std::size_t row = 0; row < skew.size; ++row) {
      for (std::size_t i = row + 1; i < skew.size; ++i) std::swap(skew.at(row, i), skew.at(i, row));
    }
    reflect_columns(skew, v);
    for (double& word : skew.words) word = -word;
  }
  std::vector<double> below;
  for (std::size_t i = 0; i + 1 < skew.size; ++i) below.push_back(skew.at(i + 1, i));
  return below;
}

// Wilkinson's shift: the eigenvalue of the leading 2x2 block at `first` nearest its first element.
double shift(const std::vector<double>& diagonal, const std::vector<double>& below,
             std::size_t first) {
  const double half = (diagonal[first + 1] - diagonal[first]) / 2, b = below[first];
  const double root = std::sqrt(half * half + b * b);
  return diagonal[first] - b * b / (half + (half < 0 ? -root : root));
}

// One implicit QL sweep over [first, last], from the bottom up (Bowdler, Martin, Reinsch,
// Wilkinson: The QR and QL algorithms for symmetric matrices, 1968); vectors take part by columns.
void sweep(std::vector<double>& diagonal, std::vector<double>& below, Matrix& vectors,
           std::size_t first, std::size_t last) {
  double g = diagonal[last] - shift(diagonal, below, first), s = 1, c = 1, p = 0;
  for (std::size_t i = last; i-- > first;) {
    const double f = s * below[i], b = c * below[i];
    const double r = std::sqrt(f * f + g * g);
    if (i + 1 < last) below[i + 1] = r;
    if (r == 0) {  // splits here; the rest waits for the next sweep
      diagonal[i + 1] -= p;
      return;
    }
    s = f / r;
    c = g / r;
    g = diagonal[i + 1] - p;
    const double t = (diagonal[i] - g) * s + 2 * c * b;
    p = s * t;
    diagonal[i + 1] = g + p;
    g = c * t - b;
    for (std::size_t row = 0; row < vectors.size; ++row) {
      const double right = vectors.at(row, i + 1), left = vectors.at(row, i);
      vectors.at(row, i + 1) = s * left + c * right;
      vectors.at(row, i) = c * left - s * right;
    }
  }
  diagonal[first] -= p;
  below[first] = g;
}

// Eigenvalues of the symmetric tridiagonal matrix with a zero diagonal; vectors in columns.
std::vector<double> eigenvalues(std::vector<double> below, Matrix& vectors) {
  std::vector<double> diagonal(vectors.size);
  below.push_back(0);
  for (std::size_t first = 0; first < diagonal.size();) {
    std::size_t last = first;
    while (last + 1 < diagonal.size() &&
           std::abs(below[last]) > std::numeric_limits<double>::epsilon() *
                                       (std::abs(diagonal[last]) + std::abs(diagonal[last + 1])))
      ++last;
    if (last == first)
      ++first;
    else
      sweep(diagonal, below, vectors, first, last);
  }
  return diagonal;
}

// K of A + P P^T = K - I / 2.
Matrix skew_part(std::size_t size) {
  Matrix skew(size);
  for (std::size_t n = 0; n < size; ++n) {
    for (std::size_t k = 0; k < n; ++k) {
      const auto square = static_cast<double>((2 * n + 1) * (2 * k + 1));
      skew.at(k, n) = std::sqrt(square) / 2;
      skew.at(n, k) = -skew.at(k, n);
    }
  }
  return skew;
}

}  // namespace

// With D = diag(1, i, -1, -i, ...), T = D (-i S) D^* where S is symmetric with T's subdiagonal: an
// eigenvector w of S to omega gives Q D w of K to -i omega.
HippoLegs hippo_legs(std::size_t dimensions) {
  Matrix q = identity(dimensions), vectors = identity(dimensions);
  const std::vector<double> omega = eigenvalues(tridiagonalise(skew_part(dimensions), q), vectors);
  std::vector<std::size_t> order(dimensions);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return omega[a] > omega[b]; });
  order.erase(order.begin(), order.end() - static_cast<std::ptrdiff_t>(dimensions / 2));

  HippoLegs legs;
  const std::size_t modes = order.size();
  legs.p.resize(modes);
  legs.b.resize(modes);
  for (const std::size_t mode : order) legs.lambda.emplace_back(-0.5, -omega[mode]);
  for (std::size_t n = 0; n < dimensions; ++n) {
    for (std::size_t m = 0; m < modes; ++m) {
      double parts[4] = {};  // of 1, i, -1, -i
      for (std::size_t k = 0; k < dimensions; ++k)
        parts[k % 4] += q.at(n, k) * vectors.at(k, order[m]);
      const std::complex<double> word(parts[0] - parts[2], parts[1] - parts[3]);
      const double b = std::sqrt(static_cast<double>(2 * n + 1));
      legs.v.push_back(word);
      legs.b[m] += std::conj(word) * b;
      legs.p[m] += std::conj(word) * (b / std::sqrt(2.0));
    }
  }
  return legs;
}

}  // namespace epoch
