// SPDX-License-Identifier: Apache-2.0
#include "epochcore/bank_conflicts.h"

#include <algorithm>
#include <array>

namespace epoch {

namespace {

constexpr std::uint32_t kMostBanks = 256;

}  // namespace

std::uint64_t cycles_lost_to_banks(const LocalTile& tile, std::uint32_t width_bytes,
                                   std::uint32_t banks) {
  if (tile.rows <= 1 || tile.stride == static_cast<std::int64_t>(tile.row_bytes))
    return 0;  // words in a row: evenly spread
  std::array<std::uint64_t, kMostBanks> served{};
  std::uint64_t words = 0;
  std::int64_t before = -1;  // the word that the row before ended in
  std::int64_t place = tile.address;
  for (std::uint32_t row = 0; row < tile.rows; ++row, place += tile.stride) {
    const std::int64_t last = (place + tile.row_bytes - 1) / width_bytes;
    std::int64_t word = place / width_bytes;
    if (word == before) ++word;
    for (; word <= last; ++word, ++words) ++served[static_cast<std::uint64_t>(word) % banks];
    before = last;
  }
  const std::uint64_t busiest = *std::max_element(served.begin(), served.begin() + banks);
  return busiest - (words + banks - 1) / banks;
}

}  // namespace epoch
