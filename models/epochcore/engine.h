// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "epochcore/command.h"

namespace epoch {

// The typed ports between the command processor and an engine: decoded commands one way, the
// outcome the other way. Times are absolute picoseconds.

// Why a command failed in execution: EPOCH_ERROR_*, and the range at fault.
struct ExecutionError {
  std::uint32_t code = EPOCH_ERROR_NONE;
  std::uint64_t address = 0;
  std::uint32_t length = 0;
};

// What an engine tells the command processor. Called at the simulated time of the event, from any
// process; all that follows from it, and all that registers show of it, happens a delta cycle
// later, so that the order of processes does not matter.
class EngineClient {
 public:
  virtual ~EngineClient() = default;
  // The oldest running command of `engine` called `sequence` is complete, its last write
  // acknowledged.
  virtual void retired(unsigned engine, std::uint32_t sequence) = 0;
  virtual void failed(unsigned engine, std::uint32_t sequence, const ExecutionError& error) = 0;
  // A cancelled engine has collected its last response and is idle.
  virtual void drained(unsigned engine) = 0;
  // settle() has something to do at this time.
  virtual void wake() = 0;
};

class Engine {
 public:
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  virtual ~Engine() = default;
  // Earliest time at which `command`, next in order, can start; `never`: not before a command that
  // runs now has retired.
  virtual std::uint64_t earliest_start(const Command& command) const = 0;
  // Starts it, at an edge of the array clock. Commands run in order, but may overlap.
  virtual void start(const Command& command) = 0;
  // Does what is due at this time: publishes results, retires commands. The command processor
  // calls it before it decides anything.
  virtual void settle() {}
  // Stops as soon as the bus allows: no result is published, no command retires.
  virtual void cancel() = 0;
  virtual bool busy() const = 0;
  // CTRL.reset, while idle: internal registers as at power-on.
  virtual void reset() {}
};

}  // namespace epoch
