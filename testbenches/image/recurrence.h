// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "image/image_reader.h"

namespace epoch::test {

// What a recurrence takes at a step: u, d, a_k or v; d*u, B_k and C_k of selective and ssd.
struct RecurrenceInput {
  std::vector<double> source, drive, b, c;
};
// What it gives, before D and stored: y, or edge's x' (re and im of each cell side by side); and
// sum over the modes of |c||x|, edge |x|, of each result.
struct RecurrenceOutput {
  std::vector<double> y, magnitude;
};

// The state of an SSM op, from zero on, a step at a time: the array specification's table of modes
// in float64, of type int8 in its integers. y of int8 has the channel's scale already.
class Recurrence {
 public:
  explicit Recurrence(const ImageOp& op);

  RecurrenceOutput step(const RecurrenceInput& input);

 private:
  using Complex = std::complex<double>;
  // x' = a x + g - p s, s = sum of Re(w x) before the step; y = sum of Re(c x').
  struct Terms {
    Complex a, g, c, p, w;
  };
  Terms terms(std::size_t channel, std::size_t mode, const RecurrenceInput& input) const;
  RecurrenceOutput step_numbers(const RecurrenceInput& input);
  RecurrenceOutput step_integers(const RecurrenceInput& input);
  void integer_mode(std::size_t channel, std::size_t mode, std::int64_t u, std::int64_t& y,
                    double& magnitude);

  const ImageOp& op_;
  std::uint32_t mode_;
  std::size_t channels_, modes_, words_;
  std::vector<Complex> x_;             // [channel][mode]
  std::vector<std::int64_t> re_, im_;  // of type int8
};

}  // namespace epoch::test
