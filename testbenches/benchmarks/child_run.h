// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace epoch::bench {

// One run of a command as a whole process.
struct ChildRun {
  double cpu_s = 0;     // user + system
  double peak_mib = 0;  // resident
  std::string output;   // standard output; standard error is thrown away
};

// Throws std::runtime_error if the command fails.
ChildRun run_child(const std::vector<std::string>& command);

// The run of median CPU time out of `count`, an odd number.
ChildRun median_run(const std::vector<std::string>& command, unsigned count);

}  // namespace epoch::bench
