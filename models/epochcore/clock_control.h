// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "common/statistics.h"

namespace epoch {

// The programmable clock controller: each module's clock runs while the module works and while a
// command waits for it at a queue's head, is gated otherwise, and all of them sleep while the
// device has nothing to do. The array has two clocks, one to preload (COEFF, STATE) and one to
// compute (SSM, GEMM). It only counts, for energy: gating costs no time here, and what a gated
// module would leak is not its business. A reconstruction (README.md).
//
// Time is in whole cycles of the array clock, so that each cycle of each module has exactly one
// phase: the last that it saw.
class ClockControl {
 public:
  enum Module : unsigned { preload, compute, vector_unit, dma_in, dma_out, modules };
  enum Phase : unsigned { active, clock_idle, gated, asleep, phases };

  // The module that runs an opcode of an engine (EPOCH_OP_*, not of the control engine).
  static Module module_of(unsigned opcode);

  void command_started(unsigned opcode) { ++running_[module_of(opcode)]; }
  void command_ended(unsigned opcode) { --running_[module_of(opcode)]; }
  void engine_cleared(unsigned engine);  // EPOCH_ENGINE_*: whatever it ran is gone

  // What holds from `cycle` on: modules that a queue's head waits for, and whether anybody has
  // anything to do.
  void observe(std::uint64_t cycle, const std::array<bool, modules>& wanted, bool awake);

  // The cycles below `cycle`.
  void statistics(const std::string& prefix, std::uint64_t cycle, Statistics& out) const;

 private:
  std::array<unsigned, modules> running_{};
  std::array<Phase, modules> phase_{asleep, asleep, asleep, asleep, asleep};
  std::array<std::uint64_t, modules> since_{};
  std::array<std::array<std::uint64_t, phases>, modules> spent_{};  // before since_
};

}  // namespace epoch
