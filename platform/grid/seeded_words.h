// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace epoch {

struct GridCase;

// Fills a case's operands from a seed: inside the unit circle where a word is a pole, d of
// selective in (0, 1/8], its A in [-16, 0), everything else in [-1, 1).
void make_seeded_words(GridCase& grid_case, std::uint64_t seed);

}  // namespace epoch
