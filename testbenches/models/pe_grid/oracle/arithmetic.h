// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

// The PE's arithmetic on one state element, one rounded operation at a time, in the association of
// the specification's table.
namespace grid_oracle {

struct Complex {
  float re;
  float im;
};

// A coefficient a, or a - 1 (bf16d), applied to x. With a - 1 the old x is added last.
struct Feedback {
  bool a_minus_one;

  float real(float a, float x, float u) const;             // (a x) + u
  Complex complex(Complex a, Complex x, float u) const;    // u is real
  Complex complex(Complex a, Complex x, Complex u) const;  // liquid's g, the edge's v
};

float liquid_gate(float b, float u);      // g = b u
float output_term(float c, float x);      // c x'
float output_term(Complex c, Complex x);  // cr xr' - ci xi'
Complex subtract_rank_one(Complex x, Complex p, float s);

// Liquid: an infinite component becomes the largest finite number and counts one.
float saturate(float x, long& count);

float reduce_tree(std::vector<float> sums);             // adjacent rows pairwise
float reduce_systolic(const std::vector<float>& sums);  // from +0 down

}  // namespace grid_oracle
