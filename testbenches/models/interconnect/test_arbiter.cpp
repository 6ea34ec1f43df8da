// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <catch2/catch.hpp>
#include <random>
#include <stdexcept>

#include "interconnect/arbiter.h"

using epoch::Arbiter;
using epoch::Arbitration;
using epoch::Share;

TEST_CASE("round robin goes on behind the one that went last") {
  Arbiter arbiter;
  CHECK(arbiter.pick(0b1011) == 0);
  CHECK(arbiter.pick(0b1011) == 1);
  CHECK(arbiter.pick(0b1011) == 3);
  CHECK(arbiter.pick(0b1011) == 0);
  CHECK(arbiter.pick(0b0001) == 0);
  CHECK(arbiter.pick(std::uint64_t{1} << 63 | 1) == 63);
  CHECK(arbiter.pick(std::uint64_t{1} << 63 | 1) == 0);
}

TEST_CASE("round robin lets nobody wait for more than one grant of each other") {
  Arbiter arbiter;
  const unsigned seed = 7;
  std::mt19937 random(seed);
  std::array<unsigned, 8> passed{};  // grants to others while it asked
  for (int i = 0; i < 20000; ++i) {
    const unsigned asking = static_cast<unsigned>(random() % 255) + 1;
    const unsigned picked = arbiter.pick(asking);
    REQUIRE((asking >> picked & 1u) == 1u);
    passed[picked] = 0;
    for (unsigned n = 0; n < 8; ++n) {
      if ((asking >> n & 1u) == 0)
        passed[n] = 0;
      else if (n != picked)
        REQUIRE(++passed[n] <= 7);
    }
  }
}

TEST_CASE("fixed priority: the lowest figure, then the lowest number") {
  Arbiter arbiter(Arbitration::fixed, {{1, 2}, {1, 0}, {1, 1}, {1, 0}});
  CHECK(arbiter.pick(0b1111) == 1);
  CHECK(arbiter.pick(0b1111) == 1);
  CHECK(arbiter.pick(0b1101) == 3);
  CHECK(arbiter.pick(0b0101) == 2);
  CHECK(arbiter.pick(0b0001) == 0);
}

TEST_CASE("weighted shares are exact in every round while all ask") {
  Arbiter arbiter(Arbitration::weighted, {{5, 0}, {1, 0}, {3, 0}});
  for (int round = 0; round < 100; ++round) {
    std::array<unsigned, 3> grants{};
    unsigned longest = 0, run = 0, last = 9;
    for (int i = 0; i < 9; ++i) {
      const unsigned picked = arbiter.pick(0b111);
      ++grants[picked];
      run = picked == last ? run + 1 : 1;
      last = picked;
      longest = std::max(longest, run);
    }
    CHECK(grants == std::array<unsigned, 3>{5, 1, 3});
    CHECK(longest <= 2);  // spread out, not one after the other
  }
}

TEST_CASE("weighted shares of those that ask, when others do not") {
  Arbiter arbiter(Arbitration::weighted, {{5, 0}, {1, 0}, {3, 0}});
  std::array<unsigned, 3> grants{};
  for (int i = 0; i < 400; ++i) ++grants[arbiter.pick(0b110)];
  CHECK(grants == std::array<unsigned, 3>{0, 100, 300});
}

TEST_CASE("a weight of 0 is refused") {
  CHECK_THROWS_AS(Arbiter(Arbitration::weighted, {{1, 0}, {0, 0}}), std::invalid_argument);
}
