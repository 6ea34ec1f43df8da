// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/statistics.h"
#include "common/time_series.h"
#include "config/json_text.h"

namespace epoch {

// How a run ended and what it took; wall-clock figures stand apart from simulated ones.
struct RunSummary {
  std::string scenario;  // as the user named it
  std::string reason;    // exit, trap, deadlock, simulated-time limit, ...
  std::string message;   // one line, empty for a plain exit
  int exit_status = 0;
  std::uint32_t firmware_code = 0;  // meaningful for reason "exit"
  std::uint64_t findings = 0;       // of the checks that were asked for
  std::uint64_t simulated_ps = 0;
  std::uint64_t instructions = 0;
  double wall_s = 0;
  std::uint64_t peak_memory_bytes = 0;

  double mips() const { return wall_s > 0 ? static_cast<double>(instructions) / wall_s / 1e6 : 0; }
  double real_time_factor() const {
    return wall_s > 0 ? static_cast<double>(simulated_ps) / 1e12 / wall_s : 0;
  }
};

// {"result", "simulation" with "host", "statistics", "series"}; docs in platform/README.md.
Json statistics_report(const RunSummary& summary, const Statistics& statistics,
                       const std::vector<Series>& series);

// The line at the end of a run: simulated time, instructions, MIPS, real-time factor, peak memory.
std::string summary_line(const RunSummary& summary);

// "1.234 ms", "980.4 us".
std::string time_text(std::uint64_t ps);

}  // namespace epoch
