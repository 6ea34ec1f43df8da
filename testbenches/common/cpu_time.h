// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <ctime>

namespace epoch::test {

// CPU time of this process: benchmarks do not see who else runs.
inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// CPU seconds of `run`, the median of five.
template <class Run>
double median_seconds(Run run) {
  std::array<double, 5> seconds{};
  for (double& each : seconds) {
    const double start = cpu_seconds();
    run();
    each = cpu_seconds() - start;
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[2];
}

}  // namespace epoch::test
