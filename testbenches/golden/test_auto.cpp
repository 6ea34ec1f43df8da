// SPDX-License-Identifier: Apache-2.0
// The driver's cost model against the platform: `auto` on a grid of shapes, buffers and memories.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "golden/network_run.h"

using namespace epoch::test;

namespace {

struct Point {
  std::string network, sets;
};

std::vector<Point> grid() {
  std::vector<Point> points;
  for (const std::string network :
       {"s4d --task smnist --layers 2 --steps 200", "s4d --task listops --layers 2 --steps 128",
        "liquid-s4 --task listops --layers 2 --steps 256", "mamba --task tiny --steps 64",
        "s5 --task listops --layers 2 --steps 128"})
    for (const std::string array : {"32", "64"})
      for (const std::string kib : {"128", "512", "2048"})
        for (const std::string bandwidth : {"6.4", "102.4"})
          points.push_back({network, "--set epochcore.pe_grid.rows=" + array +
                                         " --set epochcore.pe_grid.cols=" + array +
                                         " --set epochcore.buffers.activations.size_kib=" + kib +
                                         " --set dram.ideal.gb_per_s=" + bandwidth});
  return points;
}

}  // namespace

// "Faster on most": within 2 % of the fastest, and how far off otherwise.
TEST_CASE("auto: picks the fastest schedule on most of a grid of shapes") {
  unsigned points = 0, choices = 0, best = 0;
  double worst = 1, estimate_error = 0;
  for (const Point& point : grid()) {
    CAPTURE(point.network, point.sets);
    const auto folder = generated(point.network);
    const NetworkRun chosen = run_network(folder, point.sets, "--schedule=auto");
    REQUIRE(chosen.status == 0);
    unsigned long long fastest = chosen.cycles, slowest = chosen.cycles;
    for (const std::string schedule : {"layer", "resident", "depth_first"}) {
      const NetworkRun run = run_network(folder, point.sets, "--schedule=" + schedule);
      if (run.status != 0) continue;
      CHECK(run.results == chosen.results);
      fastest = std::min(fastest, run.cycles);
      slowest = std::max(slowest, run.cycles);
    }
    const double ratio = static_cast<double>(chosen.cycles) / static_cast<double>(fastest);
    const double error =
        static_cast<double>(chosen.estimate) / static_cast<double>(chosen.cycles) - 1;
    estimate_error += error < 0 ? -error : error;
    ++points;
    choices += slowest > fastest + fastest / 50;
    best += ratio <= 1.02;
    worst = std::max(worst, ratio);
  }
  std::printf(
      "auto: %u of %u within 2 %% of the fastest (%u had a choice), worst %.2f, estimate off "
      "by %.1f %% on average\n",
      best, points, choices, worst, 100 * estimate_error / points);
  CHECK(choices > points / 2);
  CHECK(best >= points * 9 / 10);
  CHECK(worst <= 1.25);
}
