// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "memory/data_bus.h"

using epoch::DataBus;

namespace {

constexpr std::uint64_t gigabyte = 1'000'000'000;

}  // namespace

TEST_CASE("an idle bus serves a transfer where it arrives") {
  DataBus bus(25'600'000'000);  // 39.0625 ps a byte
  CHECK(bus.transfer_ps(256) == 10'000);
  CHECK(bus.transfer_ps(1) == 40);
  const DataBus::Slot first = bus.reserve(5'000, 256);
  CHECK(first.start_ps == 5'000);
  CHECK(first.end_ps == 15'000);
  const DataBus::Slot later = bus.reserve(100'000, 1);
  CHECK(later.start_ps == 100'000);
  CHECK(later.end_ps == 100'040);
}

TEST_CASE("a busy bus serves one transfer after the other") {
  DataBus bus(25'600'000'000);
  bus.reserve(0, 256);
  const DataBus::Slot second = bus.reserve(1'000, 512);
  CHECK(second.start_ps == 10'000);
  CHECK(second.end_ps == 30'000);
}

// 64 bytes at 3 GB/s are 21333 1/3 ps: rounding each transfer would drift by a third of a
// picosecond a transfer.
TEST_CASE("back-to-back transfers carry the fraction of a picosecond") {
  DataBus bus(3 * gigabyte);
  std::uint64_t previous_end = 0;
  for (std::uint64_t n = 1; n <= 300'000; ++n) {
    const DataBus::Slot slot = bus.reserve(0, 64);
    REQUIRE(slot.start_ps == previous_end);
    REQUIRE(slot.end_ps == (n * 64 * 1000 + 2) / 3);
    previous_end = slot.end_ps;
  }
}

TEST_CASE("an arrival inside the last picosecond waits for it, a later one starts afresh") {
  DataBus bus(3 * gigabyte);
  bus.reserve(0, 1);  // until 333 1/3 ps
  CHECK(bus.reserve(333, 1).end_ps == 667);
  CHECK(bus.reserve(667, 1).end_ps == 1001);  // 667 + 333 1/3: the bus was idle for 1/3 ps
}

TEST_CASE("random arrivals follow the recurrence in exact arithmetic") {
  const unsigned seed = GENERATE(21u, 22u, 23u);
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  DataBus bus(12'800'000'000);  // 78.125 ps a byte: exact in binary
  double free_ps = 0;
  std::uint64_t arrival = 0;
  for (int i = 0; i < 20'000; ++i) {
    arrival += random() % 8'000;
    const std::uint64_t bytes = 1 + random() % 100;
    const double start = std::max(free_ps, static_cast<double>(arrival));
    free_ps = start + static_cast<double>(bytes) * 78.125;
    const DataBus::Slot slot = bus.reserve(arrival, bytes);
    REQUIRE(static_cast<double>(slot.start_ps) == std::ceil(start));
    REQUIRE(static_cast<double>(slot.end_ps) == std::ceil(free_ps));
  }
}

TEST_CASE("a gigabyte in one transfer does not overflow") {
  DataBus bus(gigabyte);
  CHECK(bus.transfer_ps(4 * gigabyte) == 4'000'000'000'000);
  CHECK(bus.reserve(0, 4 * gigabyte).end_ps == 4'000'000'000'000);
}
