// SPDX-License-Identifier: Apache-2.0
//
// Times the command line as a whole process: CPU seconds (user + system) of the child, medians of
// five runs. Prints `name value unit` a line.
#include <cstdio>
#include <exception>
#include <string>

#include "benchmarks/child_run.h"

using namespace epoch::bench;

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_platform EPOCHVP SCENARIO_FOLDER\n");
    return 64;
  }
  const std::string epochvp = argv[1];
  const std::string scenarios = argv[2];
  const auto digits = [&](const std::string& count, const std::string& fidelity) {
    return median_run({epochvp, "run", scenarios + "/smnist.json", "--set",
                       "epochcore.pe_grid.fidelity=" + fidelity, "--", "--digits=" + count},
                      5)
        .cpu_s;
  };

  const double start_up = median_run({epochvp, "run", scenarios + "/hello.json"}, 5).cpu_s;
  std::printf("start_up %.3f s\n", start_up);
  std::printf("digits_fast %.1f digits/s\n", 200 / digits("200", "fast"));
  std::printf("digits_cycle %.1f digits/s\n", 20 / digits("20", "cycle"));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_platform: %s\n", error.what());
  return 1;
}
