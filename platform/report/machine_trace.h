// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "report/access_text.h"
#include "report/command_trace.h"
#include "report/event_trace.h"
#include "report/function_trace.h"
#include "report/signal_trace.h"
#include "report/window_counter.h"
#include "soc.h"

namespace epoch {

// A run as a file for Perfetto: the hart's functions, each EpochCore's commands, bus masters,
// memories and interrupt lines, counters. Gathers them from the platform's observers.
class MachineTrace {
 public:
  // Throws UnavailableError if the file cannot be made.
  MachineTrace(const std::filesystem::path& file, std::uint64_t limit_bytes, Soc& soc,
               const ElfFile& elf, const DeviceRegisters& registers);

  TraceSink& signals() { return signals_; }
  void access(const BusAccess& access);
  void command(std::uint64_t time_ps, unsigned device, const CommandView& command) {
    commands_[device].on_command(time_ps, command);
  }
  // Nothing before `now_ps` will come any more.
  void advance(std::uint64_t now_ps);
  // Throws UnavailableError if the disk did not take everything.
  void finish(std::uint64_t end_ps, Json about);

  const EventTrace& events() const { return out_; }

 private:
  struct Master {
    EventTrace::Track track;
    WindowCounter<2> bandwidth;
  };
  Master& master(const std::string& name);

  EventTrace out_;
  const DeviceRegisters& registers_;
  SignalTrace signals_;
  std::unique_ptr<FunctionTrace> functions_;
  std::deque<CommandTrace> commands_;
  std::map<std::string, Master> masters_;
};

}  // namespace epoch
