// SPDX-License-Identifier: Apache-2.0
// A million steps: no extent, counter or program ends before they do, and the sums of fp32 hold.
#include <catch2/catch.hpp>
#include <string>

#include "golden/network_run.h"

using namespace epoch::test;

TEST_CASE("length: a million steps, layer by layer and depth first") {
  const auto folder = generated("s4d --task tiny --variant causal --steps 1000000");
  for (const std::string schedule : {"layer", "depth_first"}) {
    CAPTURE(schedule);
    const NetworkRun tenth = run_network(folder, "", "--steps=100000 --schedule=" + schedule);
    const NetworkRun run = run_network(folder, "", "--schedule=" + schedule);
    REQUIRE(tenth.status == 0);
    REQUIRE(run.status == 0);
    CHECK(static_cast<double>(run.cycles) ==
          Approx(10 * static_cast<double>(tenth.cycles)).epsilon(0.01));
    CHECK(difference(run.results, expected_of(folder, "logits")) <= 1e-4);
  }
}
