// SPDX-License-Identifier: Apache-2.0
#include "generate/portable_math.h"

#include <cmath>

namespace epoch {
namespace {

// ln 2 in two parts (fdlibm's ln2_hi, ln2_lo): an integer up to 2^20 times the first is exact.
constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;

}  // namespace

// x = k ln 2 + r with |r| <= ln 2 / 2; the Taylor series of exp(r) ends below 2^-60 of itself.
double portable_exp(double x) {
  constexpr int terms = 18;
  const double k = std::nearbyint(x / (kLn2High + kLn2Low));
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double sum = 1;
  for (int n = terms; n > 0; --n) sum = 1 + sum * r / n;
  return std::ldexp(sum, static_cast<int>(k));
}

// x = 2^e m with m in [sqrt 1/2, sqrt 2), log m = 2 artanh s with s = (m - 1) / (m + 1), |s| <
// 0.172.
double portable_log(double x) {
  constexpr int last = 27;  // s^28 is below 2^-70
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m * m < 0.5) {
    m *= 2;
    --exponent;
  }
  const double s = (m - 1) / (m + 1);
  double sum = 0;
  for (int n = last; n > 0; n -= 2) sum = sum * (s * s) + 1.0 / n;
  return exponent * kLn2High + (2 * s * sum + exponent * kLn2Low);
}

}  // namespace epoch
