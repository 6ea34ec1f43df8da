// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>

#include "generate/hippo.h"

using epoch::hippo_legs;
using epoch::HippoLegs;
using Complex = std::complex<double>;

namespace {

// HiPPO-LegS (HiPPO, arXiv 2008.07669, theorem 2; S4, equation 2).
double legs(std::size_t n, std::size_t k) {
  if (n < k) return 0;
  if (n == k) return -static_cast<double>(n + 1);
  return -std::sqrt(static_cast<double>((2 * n + 1) * (2 * k + 1)));
}

}  // namespace

// Backward stable: eigenvalues and vectors err by some N u of the matrix, whose norm is below N^2.
TEST_CASE("hippo: V (diag(lambda) - P P^*) V^* is the LegS matrix") {
  const std::size_t size = GENERATE(2, 4, 6, 16, 64, 128);
  CAPTURE(size);
  const HippoLegs found = hippo_legs(size);
  const std::size_t modes = size / 2;
  REQUIRE(found.lambda.size() == modes);
  const auto n = static_cast<double>(size);
  const double tolerance = 8 * n * 0x1p-53 * n * n;
  double worst = 0;
  for (std::size_t row = 0; row < size; ++row) {
    Complex p_row, b_row;  // V P and V B: the rank-1 term and the input vector come back
    for (std::size_t m = 0; m < modes; ++m) {
      p_row += found.v[row * modes + m] * found.p[m];
      b_row += found.v[row * modes + m] * found.b[m];
    }
    const double p = std::sqrt(static_cast<double>(row) + 0.5);
    CHECK(2 * p_row.real() == Approx(p).margin(tolerance));
    CHECK(2 * b_row.real() == Approx(std::sqrt(2.0) * p).margin(tolerance));
    for (std::size_t k = 0; k < size; ++k) {
      Complex sum;
      for (std::size_t m = 0; m < modes; ++m)
        sum += found.v[row * modes + m] * found.lambda[m] * std::conj(found.v[k * modes + m]);
      const double rank_one = p * std::sqrt(static_cast<double>(k) + 0.5);
      worst = std::max(worst, std::abs(2 * sum.real() - rank_one - legs(row, k)));
    }
  }
  CHECK(worst <= tolerance);
}

// The eigenvalues of -K^2 are omega^2, each twice: their sum is |K|^2 / 2 whatever the vectors.
TEST_CASE("hippo: eigenvalues are ascending and have the matrix's trace, odd sizes too") {
  const std::size_t size = GENERATE(3, 5, 7, 8, 33, 512);
  CAPTURE(size);
  const HippoLegs found = hippo_legs(size);
  REQUIRE(found.lambda.size() == size / 2);
  double squares = 0, expected = 0, before = 0;
  for (const Complex lambda : found.lambda) {
    CHECK(lambda.real() == -0.5);
    CHECK(lambda.imag() > before);
    before = lambda.imag();
    squares += before * before;
  }
  for (std::size_t n = 0; n < size; ++n) {
    for (std::size_t k = 0; k < n; ++k) expected += std::pow(legs(n, k) / 2, 2);
  }
  CHECK(squares == Approx(expected).epsilon(1e-11));
}

// S4D-LegS' frequencies as their paper plots them follow (N/pi)(N/(2n+1) - 1), largest first, and
// the largest is N^2 / pi (S4D, arXiv 2206.11893, conjecture 5).
TEST_CASE("hippo: the largest frequency is about N^2 / pi") {
  for (const std::size_t size : {64u, 256u}) {
    const auto n = static_cast<double>(size);
    CHECK(hippo_legs(size).lambda.back().imag() == Approx(n * n / std::acos(-1.0)).epsilon(0.03));
  }
}
