// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <complex>
#include <string>

#include "compiler/network_builder.h"

namespace epoch {

// A discrete pole as the builder's type stores it. Refuses one outside the unit circle (its state
// would never decay); one that only rounding has put there is moved inside, by the least step of
// the type in its larger part, and warned of. `place` names channel and mode.
std::complex<double> stable_pole(NetworkBuilder& builder, std::complex<double> a,
                                 const std::string& place);

}  // namespace epoch
