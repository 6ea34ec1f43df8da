// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace epoch::fuzz {

using Bytes = std::vector<std::uint8_t>;

// Values at the edges of what a 32-bit field may hold.
std::uint32_t edge_value(std::mt19937& random);

// One to four changes to a copy of one of `seeds`: bits, bytes, aligned little-endian words,
// decimal digits, pieces removed, repeated or taken from another seed, the end cut. The same random
// state gives the same bytes on every machine.
Bytes mutate(const std::vector<Bytes>& seeds, std::mt19937& random);

}  // namespace epoch::fuzz
