// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/configuration.h"

namespace epoch {

// Fills in what follows from other keys (drain lanes, a plain MAC's one multiplier).
void derive_values(Configuration& configuration);

// Rules between keys, which the table of keys cannot express. Each key alone has been checked.
void check_configuration(const Configuration& configuration);

}  // namespace epoch
