// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "common/cpu_time.h"
#include "compiler/network_compiler.h"
#include "reference/smnist_data.h"

// Median CPU time of 5 compiles of the trained network for the default array, files included.
int main() {
  const epoch_caps caps = epoch::compiler_target(epoch::EpochCoreConfig{});
  const double seconds = epoch::test::median_seconds(
      [&] { epoch::compile_network(epoch::load_model(epoch::test::smnist_folder()), caps); });
  std::printf("compile_smnist %.3f ms\n", 1e3 * seconds);
  return 0;
}
