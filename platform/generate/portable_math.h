// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace epoch {

// exp and natural logarithm from additions, multiplications, divisions and exact scaling alone:
// libm picks variants by CPU, and generated weights are the same bytes everywhere. Right to a few
// units in the last place of float64; x in [-700, 700], x > 0.
double portable_exp(double x);
double portable_log(double x);

}  // namespace epoch
