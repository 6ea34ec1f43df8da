// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "image/row_ops.h"

namespace epoch::test {

// The state of an SSM op, from zero on, a step at a time: the array specification's table of modes
// in float64, of type int8 in its integers.
class SsmState {
 public:
  struct Input {
    Row source;       // u, d, a_k or v
    Row drive, b, c;  // d*u, B_k and C_k of selective and ssd
  };
  // y, or edge's x' (re and im of each cell side by side), before D and stored; y of int8 has its
  // channel's scale. The magnitude of a result: sum over the modes of |c||x|, of edge |x|.
  struct Output {
    Row y, magnitude;
  };

  explicit SsmState(const ImageOp& op);

  Output step(const Input& input);

 private:
  using Complex = std::complex<double>;
  // x' = a x + g - p s, s = sum of Re(w x) before the step; y = sum of Re(c x').
  struct Terms {
    Complex a, g, c, p, w;
  };
  Terms terms(std::size_t channel, std::size_t mode, const Input& input) const;
  Output step_numbers(const Input& input);
  Output step_integers(const Input& input);
  void integer_mode(std::size_t channel, std::size_t mode, std::int64_t u, std::int64_t& y,
                    double& magnitude);

  const ImageOp& op_;
  std::uint32_t mode_;
  std::size_t channels_, modes_, words_;
  std::vector<Complex> x_;             // [channel][mode]
  std::vector<std::int64_t> re_, im_;  // of type int8
};

}  // namespace epoch::test
