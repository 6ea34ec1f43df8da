// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/oracle/arithmetic.h"

#include <cmath>

#include "models/pe_grid/soft_float.h"

namespace grid_oracle {

using soft::add;
using soft::mul;
using soft::sub;

float Feedback::real(float a, float x, float u) const {
  const float sum = add(mul(a, x), u);
  return a_minus_one ? add(x, sum) : sum;
}

Complex Feedback::complex(Complex a, Complex x, float u) const {
  const float re = add(sub(mul(a.re, x.re), mul(a.im, x.im)), u);
  const float im = add(mul(a.re, x.im), mul(a.im, x.re));  // no input, so no addition of 0
  return a_minus_one ? Complex{add(x.re, re), add(x.im, im)} : Complex{re, im};
}

Complex Feedback::complex(Complex a, Complex x, Complex u) const {
  const float re = add(sub(mul(a.re, x.re), mul(a.im, x.im)), u.re);
  const float im = add(add(mul(a.re, x.im), mul(a.im, x.re)), u.im);
  return a_minus_one ? Complex{add(x.re, re), add(x.im, im)} : Complex{re, im};
}

float liquid_gate(float b, float u) {
  return mul(b, u);
}

float output_term(float c, float x) {
  return mul(c, x);
}

float output_term(Complex c, Complex x) {
  return sub(mul(c.re, x.re), mul(c.im, x.im));
}

Complex subtract_rank_one(Complex x, Complex p, float s) {
  return {sub(x.re, mul(p.re, s)), sub(x.im, mul(p.im, s))};
}

float saturate(float x, long& count) {
  if (!std::isinf(x)) return x;  // NaN stays
  ++count;
  return soft::from_bits(std::signbit(x) ? 0xFF7FFFFFu : 0x7F7FFFFFu);
}

float reduce_tree(std::vector<float> sums) {
  while (sums.size() > 1) {
    std::vector<float> above;
    for (std::size_t i = 0; i + 1 < sums.size(); i += 2) above.push_back(add(sums[i], sums[i + 1]));
    if (sums.size() % 2 == 1) above.push_back(sums.back());  // passes up, no +0
    sums = above;
  }
  return sums.front();
}

float reduce_systolic(const std::vector<float>& sums) {
  float sum = 0.0f;
  for (float row : sums) sum = add(sum, row);
  return sum;
}

}  // namespace grid_oracle
