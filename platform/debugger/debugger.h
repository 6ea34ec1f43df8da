// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "cpu/hart_debugger.h"
#include "debugger/debug_target.h"
#include "debugger/monitor.h"
#include "debugger/server.h"
#include "debugger/session.h"
#include "interconnect/interconnect.h"
#include "soc.h"

namespace epoch {

struct DebuggerOptions {
  std::uint16_t port = 0;  // 0: any
  bool wait = false;       // for a debugger, before the first instruction
  std::string elf;         // for the line to paste
  // Replaces this process by a new one that runs the same; returns why it could not.
  std::function<std::string()> restart;
};

// GDB on the platform: ties a session to the hart, the bus and the run.
//
// All-stop: while the machine stands, stand() keeps the thread in which SystemC's kernel runs, so
// simulated time is frozen wherever the kernel just was - in the hart's process at a breakpoint, in
// a DMA's at a watched access, between two slices of the run otherwise.
class Debugger : private gdb::DebugTarget {
 public:
  // Before the simulation starts. Throws UnavailableError if the port cannot be had.
  Debugger(Soc& soc, const Monitor& monitor, DebuggerOptions options);

  // What the run does for it.
  std::function<void()> before_wait;  // flush what has been printed
  std::function<bool()> run_is_over;  // no more stops
  std::function<bool()> gave_up;      // stand no longer: SIGINT, a limit
  std::function<void()> on_kill;      // end the run

  // Between two slices of the run: sees whether a debugger has come, or wants to stop.
  void poll();
  void on_bus_access(const BusAccess& access);
  // The firmware is about to end by a trap.
  void stop_at_trap(std::uint32_t cause, const std::string& text);
  // Nothing is left to happen. Stands if a debugger is there to see it; false: the run is to end.
  bool stop_in_deadlock(const std::string& text);
  void finished(int exit_status);

  // Time that the machine stood, and how much of it with a debugger there.
  double waited_s() const { return waited_s_; }
  double attended_s() const { return attended_s_; }

 private:
  using Point = std::tuple<gdb::PointKind, std::uint64_t, std::uint64_t>;

  std::vector<gdb::TargetRegister> registers() const override { return registers_; }
  std::optional<std::uint32_t> read_register(unsigned number) override;
  std::string write_register(unsigned number, std::uint32_t value) override;
  std::string read_memory(std::uint64_t address, std::size_t bytes) override;
  std::string write_memory(std::uint64_t address, const std::string& bytes) override;
  std::string insert(gdb::PointKind kind, std::uint64_t address, std::uint64_t bytes) override;
  void remove(gdb::PointKind kind, std::uint64_t address, std::uint64_t bytes) override;
  void remove_all() override;
  std::string monitor(const std::string& line) override;

  std::size_t transfer(tlm::tlm_command command, std::uint64_t address, char* data,
                       std::size_t bytes);
  void stand(const gdb::StopReport& why);
  bool stand_on();  // false: the order is given
  // False: there is nothing to do, the machine stands where the order leads.
  bool obey(const gdb::Order& order);
  void meet();
  void flush();
  void leave(const std::string& why);
  void say(const std::string& text) const;
  void announce() const;
  gdb::StopReport report_of(const HartStop& stop) const;
  void start_anew();
  void adopt(const std::string& handed_over);

  Soc& soc_;
  HartDebugger& hart_;
  const Monitor& monitor_;
  const DebuggerOptions options_;
  const std::vector<gdb::TargetRegister> registers_;
  std::unique_ptr<gdb::Server> server_;
  std::optional<gdb::Session> session_;
  std::set<Point> points_;
  std::optional<Point> foreign_;  // the watchpoint that another than the hart has touched
  bool waits_for_first_ = false;
  bool wants_stop_ = false;
  bool attaching_ = false;  // the stop that is wanted is for a new debugger
  bool restart_ = false;
  unsigned refused_ = 0, malformed_ = 0;
  double waited_s_ = 0, attended_s_ = 0;
};

}  // namespace epoch
