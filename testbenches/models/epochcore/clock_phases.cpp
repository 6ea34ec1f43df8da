// SPDX-License-Identifier: Apache-2.0
#include "clock_phases.h"

#include <catch2/catch.hpp>

#include "common/find_statistic.h"

namespace epoch::clock_phases {

namespace {

constexpr const char* phase_names[] = {"active", "clock_idle", "gated", "sleep"};

}  // namespace

Clocks counted(const DeviceBench& bench) {
  Statistics all;
  bench.core.statistics(all);
  const std::string prefix = bench.core.name() + std::string(".clock.");
  Clocks clocks{};
  for (unsigned c = 0; c < clocks.size(); ++c)
    for (unsigned p = 0; p < 4; ++p)
      clocks[c][p] = static_cast<std::uint64_t>(
          find_statistic(all, prefix + clock_names[c] + "." + phase_names[p]));
  return clocks;
}

std::uint64_t elapsed(const DeviceBench& bench) {
  return sc_core::sc_time_stamp().value() / bench.core.period_ps();
}

void check_sums(const DeviceBench& bench) {
  const Clocks clocks = counted(bench);
  CHECK(elapsed(bench) == static_cast<std::uint64_t>(bench.statistic(
                              bench.core.name() + std::string(".counters.cycles"))));
  for (unsigned c = 0; c < clocks.size(); ++c) {
    CAPTURE(clock_names[c]);
    CHECK(clocks[c][0] + clocks[c][1] + clocks[c][2] + clocks[c][3] == elapsed(bench));
    CHECK(clocks[c][3] == clocks[0][3]);  // they sleep together
  }
}

}  // namespace epoch::clock_phases
