// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "report/json_report.h"
#include "report/vcd_writer.h"
#include "run/console.h"
#include "run/workload.h"
#include "soc.h"

namespace epoch {

struct RunLimits {
  std::optional<std::uint64_t> simulated_ps;
  std::optional<double> wall_s;
};

// One run of a workload on a platform, from reset to whatever ends it.
class Simulation {
 public:
  Simulation(const ScenarioConfig& config, const Workload& workload);

  void trace_to(VcdWriter& vcd);
  // Runs until the firmware exits, gives up or hangs, a limit is reached, or SIGINT.
  RunSummary run(const RunLimits& limits);
  Statistics statistics() const { return soc_.statistics(); }

 private:
  struct Ending {
    std::string reason;
    std::string message;
    int exit_status = 0;
    std::uint32_t firmware_code = 0;
  };

  void load(const ScenarioConfig& config);
  void watch_tohost(const ScenarioConfig& config);
  void connect_callbacks();
  void end(Ending ending);
  void on_exit(std::uint32_t code);
  void on_tohost(const std::uint8_t* word);
  void on_trap(const TrapInfo& trap, const std::string& by);
  void on_unmapped(const UnmappedAccess& access);

  void run_until_ended(const RunLimits& limits);
  bool advance(const RunLimits& limits);  // one slice; false: nothing is left to happen
  void end_in_deadlock();
  std::string place_text(std::uint32_t pc) const;  // "0x80000012 <main+0x12>"
  std::string engines_text() const;

  const Workload& workload_;
  Console console_;
  Soc soc_;
  VcdWriter* vcd_ = nullptr;
  std::optional<Ending> ending_;
  std::uint64_t unmapped_ = 0;
};

// Makes SIGINT end the current run (exit 130) at its next slice; a second one kills.
void end_run_on_interrupt();

}  // namespace epoch
