// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "compiler/network_compiler.h"
#include "reference/smnist_data.h"

namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

// Median CPU time of 5 compiles of the trained network for the default array, files included.
int main() {
  const epoch_caps caps = epoch::compiler_target(epoch::EpochCoreConfig{});
  std::array<double, 5> seconds{};
  for (double& second : seconds) {
    const double start = cpu_seconds();
    epoch::compile_network(epoch::load_model(epoch::test::smnist_folder()), caps);
    second = cpu_seconds() - start;
  }
  std::nth_element(seconds.begin(), seconds.begin() + 2, seconds.end());
  std::printf("compile_smnist %.3f ms\n", 1e3 * seconds[2]);
  return 0;
}
