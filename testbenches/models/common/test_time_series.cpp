// SPDX-License-Identifier: Apache-2.0
#include "common/time_series.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

using namespace epoch;

namespace {

struct Event {
  std::uint64_t from_ps, to_ps;  // equal: an amount at a time
  std::uint64_t amount;
};

void record(TimeSeries& series, const Event& event) {
  if (event.from_ps == event.to_ps)
    series.add(event.from_ps, event.amount);
  else
    series.add_interval(event.from_ps, event.to_ps);
}

// What lies in [first, last), worked out event by event.
std::uint64_t directly(const std::vector<Event>& events, std::uint64_t first, std::uint64_t last) {
  std::uint64_t sum = 0;
  for (const Event& event : events) {
    if (event.from_ps == event.to_ps) {
      if (event.from_ps >= first && event.from_ps < last) sum += event.amount;
    } else {
      const std::uint64_t from = std::max(event.from_ps, first), to = std::min(event.to_ps, last);
      if (from < to) sum += to - from;
    }
  }
  return sum;
}

std::uint64_t last_time(const std::vector<Event>& events) {
  std::uint64_t last = 0;
  for (const Event& event : events)
    last = std::max(last, event.from_ps == event.to_ps ? event.from_ps : event.to_ps - 1);
  return last;
}

// The narrowest windows, from 1024 ps on and doubled, of which 256 hold `last_ps`.
std::uint64_t narrowest(std::uint64_t last_ps) {
  std::uint64_t width = 1024;
  while (last_ps / width >= 256) width *= 2;
  return width;
}

}  // namespace

TEST_CASE("a time series is what a direct computation gives, in any order") {
  const unsigned seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u);
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const std::uint64_t span = std::uint64_t{1} << (8 + 4 * seed);  // below a window to 2^40 ps
  std::vector<Event> events;
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t from = random() % span;
    const std::uint64_t length =
        random() % 2 == 0 ? 0 : 1 + random() % (span / (1 + random() % 50));
    events.push_back({from, from + length, random() % 5000});
  }
  TimeSeries series, shuffled;
  for (const Event& event : events) record(series, event);
  std::shuffle(events.begin(), events.end(), random);
  for (const Event& event : events) record(shuffled, event);

  const std::uint64_t width = narrowest(last_time(events));
  REQUIRE(series.window_ps() == width);
  REQUIRE(shuffled.window_ps() == width);
  CHECK(series.end_ps() == last_time(events) + 1);
  for (std::size_t i = 0; i < TimeSeries::windows; ++i) {
    CAPTURE(i);
    REQUIRE(series.sum(i) == directly(events, i * width, (i + 1) * width));
    REQUIRE(shuffled.sum(i) == series.sum(i));
  }
}

TEST_CASE("the width doubles at the first time that no window holds") {
  TimeSeries series;
  for (std::uint64_t i = 0; i < 256; ++i) series.add(1024 * i, i);
  series.add(256 * 1024 - 1, 1000);
  CHECK(series.window_ps() == 1024);
  CHECK(series.sum(255) == 1255);
  series.add(256 * 1024, 7);
  CHECK(series.window_ps() == 2048);
  CHECK(series.sum(0) == 0 + 1);
  CHECK(series.sum(127) == 254 + 1255);
  CHECK(series.sum(128) == 7);
  CHECK(series.sum(129) == 0);
}

TEST_CASE("an interval ends before its last time, and an empty one is nothing") {
  TimeSeries series;
  series.add_interval(500, 500);
  series.add_interval(600, 500);
  CHECK(series.end_ps() == 0);
  series.add_interval(0, 256 * 1024);
  CHECK(series.window_ps() == 1024);  // nothing lies at 256 * 1024
  CHECK(series.sum(0) == 1024);
  CHECK(series.sum(255) == 1024);
}

TEST_CASE("a set's series have windows of one width, up to the end or what comes later") {
  SeriesSet set;
  TimeSeries& bytes = set.add("a.read_gb_s", "GB/s", "text", SeriesValue::gb_per_s);
  TimeSeries& level = set.add("a.depth", "access", "", SeriesValue::mean);
  TimeSeries& counted = set.add("a.read_bytes", "B", "", SeriesValue::sum);
  bytes.add(100, 4096);
  bytes.add(3000, 512);
  level.add_interval(512, 2048);
  level.add_interval(1024, 1536);
  int updates = 0;
  set.before_reading([&] {
    ++updates;
    if (updates == 1) counted.add(2500, 3);
  });

  const std::vector<Series> all = set.read(1000);
  REQUIRE(all.size() == 3);
  CHECK(updates == 1);
  CHECK(all[0].name == "a.read_gb_s");
  CHECK(all[0].unit == "GB/s");
  CHECK(all[0].description == "text");
  // 4096 B in 1024 ps are 4 B/ps, 4000 GB/s.
  CHECK(all[0].values == std::vector<double>{4000, 0, 500});
  CHECK(all[1].values == std::vector<double>{0.5, 1.5, 0});
  CHECK(all[2].values == std::vector<double>{0, 0, 3});
  for (const Series& series : all) CHECK(series.window_ps == 1024);

  const std::vector<Series> later = set.read(256 * 1024 + 1);  // 257 windows would be too many
  for (const Series& series : later) {
    CHECK(series.window_ps == 2048);
    CHECK(series.values.size() == 129);
  }
  CHECK(later[0].values[0] == 2000);
  CHECK(later[1].values[0] == 1);
}

TEST_CASE("a set without time has series without values") {
  SeriesSet set;
  set.add("a", "B", "", SeriesValue::sum);
  REQUIRE(set.read(0).size() == 1);
  CHECK(set.read(0)[0].values.empty());
}
