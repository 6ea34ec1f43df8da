// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "epochcore/tile.h"

namespace epoch {

// Cycles that an access to a banked buffer loses because its words are spread unevenly over the
// banks: of the busiest bank, beyond what an even spread takes. Word w of `width_bytes` lies in
// bank w % banks, and a bank serves one word a cycle. Rows that follow each other in one word share
// it. `start`: byte address of the first row; both parameters of the buffer are powers of two.
std::uint64_t cycles_lost_to_banks(const LocalTile& tile, std::uint32_t width_bytes,
                                   std::uint32_t banks);

}  // namespace epoch
