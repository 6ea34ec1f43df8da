// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <complex>
#include <cstddef>
#include <vector>

namespace epoch {

// The HiPPO-LegS matrix of N dimensions in diagonal-plus-rank-1 form (S4, arXiv 2111.00396, theorem
// 1): A = V (diag(lambda) - P P^*) V^*, one of each conjugate pair. A_nk = -sqrt((2n+1)(2k+1))
// below the diagonal, -(n+1) on it. With N odd the real eigenvalue is left out, as the published
// codes do.
struct HippoLegs {
  std::vector<std::complex<double>> lambda;  // N / 2; Re -1/2, Im > 0 ascending
  std::vector<std::complex<double>> p;       // V^* P, P_n = sqrt(n + 1/2)
  std::vector<std::complex<double>> b;       // V^* B, B_n = sqrt(2 n + 1)
  std::vector<std::complex<double>> v;       // [N][N / 2]
};

// From additions, multiplications, divisions and square roots alone: the same bits everywhere.
HippoLegs hippo_legs(std::size_t dimensions);

}  // namespace epoch
