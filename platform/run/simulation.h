// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "check/device_checks.h"
#include "debugger/debugger.h"
#include "debugger/monitor.h"
#include "report/bus_log.h"
#include "report/instruction_trace.h"
#include "report/json_report.h"
#include "report/log_writer.h"
#include "report/machine_trace.h"
#include "report/mmio_trace.h"
#include "report/profile.h"
#include "report/trace_tee.h"
#include "report/vcd_writer.h"
#include "run/console.h"
#include "run/flight_recorder.h"
#include "run/inspection.h"
#include "run/postmortem.h"
#include "run/progress.h"
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
  Simulation(const ScenarioConfig& config, const Workload& workload,
             Soc::Elaboration order = Soc::Elaboration::forward);

  void trace_to(VcdWriter& vcd);
  // The run as trace events, at most `limit_bytes` of them; `about` tells of the run. Throws
  // UnavailableError if the file cannot be made.
  void trace_events_to(const std::filesystem::path& file, std::uint64_t limit_bytes, Json about);
  const EventTrace& events() const { return events_->events(); }
  // Throws UnavailableError if the file cannot be made.
  void trace_mmio_to(const std::filesystem::path& file);
  // The same; without ranges every instruction.
  void trace_instructions_to(const std::filesystem::path& file, std::vector<AddressRange32> ranges);
  // Models say what they do. Throws UsageError for a scope that none has.
  void log_to(LogWriter& log);
  // Counts instructions by call stack: profile() after run().
  void count_instructions();
  const Profile& profile() const { return *profile_; }
  // Lets a debugger in, while the run lasts. Throws UnavailableError if the port cannot be had.
  void debug_on(const DebuggerOptions& options);
  // Looks for what silicon would not forgive; each finding is a line on stderr.
  void check(CheckOptions options);
  // Runs until the firmware exits, gives up or hangs, a limit is reached, or SIGINT.
  RunSummary run(const RunLimits& limits);
  Statistics statistics() const;
  // How bandwidth, queues and the array went over time: series() after run().
  void record_series();
  std::vector<Series> series();
  // Nothing if no memory holds all of these bytes.
  const std::uint8_t* memory(std::uint64_t address, std::uint64_t bytes) const {
    return inspection_.memory(address, bytes);
  }
  // For whoever wants to see more of the run: told of every transaction; the platform.
  std::function<void(const BusAccess&)> on_bus_access;
  Soc& soc() { return soc_; }
  // What a failed run leaves to look at; after run().
  PostMortem post_mortem(const RunSummary& summary) const;

 private:
  struct Ending {
    std::string reason;
    std::string message;
    int exit_status = 0;
    std::uint32_t firmware_code = 0;
  };

  void attach(TraceSink& sink);
  void load();
  void watch_tohost(const ScenarioConfig& config);
  void start_native(const ScenarioConfig& config);
  void connect_callbacks();
  void end(Ending ending);
  void on_exit(std::uint32_t code);
  void on_tohost(const std::uint8_t* word);
  void on_trap(const TrapInfo& trap, const std::string& by);
  void on_unmapped(const UnmappedAccess& access);
  void on_access(const BusAccess& access);

  void run_until_ended(const RunLimits& limits);
  bool advance(const RunLimits& limits);  // one slice; false: nothing is left to happen
  // Hands the UART what has come for it, as much as it has room for.
  void receive();
  // When nothing is left to happen but input: waits for it. False: none can come.
  bool await_input(const GiveUp& give_up);
  std::string deadlock() const;
  void on_nothing_left();
  std::string whereabouts() const;

  const ScenarioConfig config_;
  const Workload& workload_;
  Progress progress_;
  UartLine uart_line_;
  Console console_;  // after the progress, which it erases
  Soc soc_;
  Inspection inspection_;
  AccessText access_text_;
  FlightRecorder recorder_;
  VcdWriter* vcd_ = nullptr;
  std::unique_ptr<MachineTrace> events_;
  Json about_events_;
  TraceTee signals_;
  BusLog bus_log_{inspection_.registers()};
  LogWriter* log_ = nullptr;
  std::unique_ptr<MmioTrace> mmio_;
  std::unique_ptr<InstructionTrace> instructions_;
  std::unique_ptr<Profile> profile_;
  Monitor monitor_;
  std::unique_ptr<Debugger> debugger_;
  std::unique_ptr<DeviceChecks> checks_;
  std::unique_ptr<SeriesSet> series_;
  std::optional<Ending> ending_;
  std::optional<TrapInfo> trapped_;  // the trap that ended the run
  std::uint64_t unmapped_ = 0;
};

// Makes SIGINT end the current run (exit 130) at its next slice; a second one kills.
void end_run_on_interrupt();

}  // namespace epoch
