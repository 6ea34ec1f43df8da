// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "epochcore/bank_conflicts.h"

namespace epoch {
namespace {

// Byte by byte: a word is served when it is touched and was not the one touched last.
std::uint64_t lost_by_hand(const LocalTile& tile, std::uint32_t width, std::uint32_t banks) {
  std::vector<std::uint64_t> served(banks);
  std::uint64_t words = 0, before = ~std::uint64_t{0};
  for (std::uint32_t row = 0; row < tile.rows; ++row) {
    for (std::uint32_t byte = 0; byte < tile.row_bytes; ++byte) {
      const auto at = std::int64_t{tile.address} + std::int64_t{tile.stride} * row + byte;
      const std::uint64_t word = static_cast<std::uint64_t>(at) / width;
      if (word == before) continue;
      before = word;
      ++words;
      ++served[word % banks];
    }
  }
  const std::uint64_t even = words / banks + (words % banks != 0 ? 1 : 0);
  return *std::max_element(served.begin(), served.end()) - even;
}

}  // namespace

TEST_CASE("banks: a contiguous tile loses nothing wherever it begins") {
  for (std::uint32_t start = 0; start < 300; start += 7) {
    CHECK(cycles_lost_to_banks({start, 1, 1000, 0}, 64, 8) == 0);
    CHECK(cycles_lost_to_banks({start, 25, 40, 40}, 64, 8) == 0);
  }
}

TEST_CASE("banks: closed forms of strides") {
  // A stride of s words visits banks / gcd(s, banks) banks in turn.
  for (std::int32_t words : {1, 2, 3, 4, 5, 8, 16, -8, -3}) {
    INFO("a stride of " << words << " words");
    const std::int64_t common = std::min(8, words & -words);
    const auto visited = static_cast<std::uint64_t>(8 / common);
    const std::uint64_t lost = cycles_lost_to_banks({1 << 20, 64, 64, 64 * words}, 64, 8);
    CHECK(lost == 64 / visited - 64 / 8);
  }
}

TEST_CASE("banks: random tiles against a count byte by byte") {
  const unsigned seed = 20251;
  INFO("seed " << seed);
  std::mt19937 generator(seed);
  const auto upto = [&](std::uint32_t most) {
    return static_cast<std::uint32_t>(generator() % most + 1);
  };
  for (int n = 0; n < 3000; ++n) {
    const std::uint32_t width = 4u << generator() % 6, banks = 1u << generator() % 9;
    const auto stride = static_cast<std::int32_t>(upto(1400)) - 700;
    const LocalTile tile{100000 + upto(4096), upto(50), upto(200), stride};
    INFO("start " << tile.address << " rows " << tile.rows << " of " << tile.row_bytes << " stride "
                  << tile.stride << " width " << width << " banks " << banks);
    if (tile.stride == static_cast<std::int64_t>(tile.row_bytes)) continue;  // contiguous: above
    CHECK(cycles_lost_to_banks(tile, width, banks) == lost_by_hand(tile, width, banks));
  }
}

}  // namespace epoch
