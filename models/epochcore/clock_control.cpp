// SPDX-License-Identifier: Apache-2.0
#include "epochcore/clock_control.h"

#include <epochcore.h>

namespace epoch {

namespace {

constexpr const char* module_names[] = {"preload", "compute", "vector_unit", "dma_in", "dma_out"};
constexpr const char* phase_names[] = {"active", "clock_idle", "gated", "sleep"};
constexpr const char* phase_texts[] = {
    "Array clock cycles at work",
    "Array clock cycles with its clock running for a command that waits",
    "Array clock cycles with its clock gated",
    "Array clock cycles asleep: the device had nothing to do"};

}  // namespace

ClockControl::Module ClockControl::module_of(unsigned opcode) {
  switch (opcode) {
    case EPOCH_OP_LOAD:
    case EPOCH_OP_GATHER:
      return dma_in;
    case EPOCH_OP_STORE:
      return dma_out;
    case EPOCH_OP_COEFF:
    case EPOCH_OP_STATE:
      return preload;
    case EPOCH_OP_SSM:
    case EPOCH_OP_GEMM:
    case EPOCH_OP_STREAMS:
      return compute;
    default:
      return vector_unit;
  }
}

void ClockControl::engine_cleared(unsigned engine) {
  switch (engine) {
    case EPOCH_ENGINE_DMA_IN:
      running_[dma_in] = 0;
      break;
    case EPOCH_ENGINE_DMA_OUT:
      running_[dma_out] = 0;
      break;
    case EPOCH_ENGINE_VECTOR_UNIT:
      running_[vector_unit] = 0;
      break;
    default:
      running_[preload] = running_[compute] = 0;
  }
}

void ClockControl::observe(std::uint64_t cycle, const std::array<bool, modules>& wanted,
                           bool awake) {
  for (unsigned m = 0; m < modules; ++m) {
    const Phase phase = running_[m] != 0 ? active : wanted[m] ? clock_idle : awake ? gated : asleep;
    if (phase == phase_[m]) continue;
    spent_[m][phase_[m]] += cycle - since_[m];
    since_[m] = cycle;
    phase_[m] = phase;
  }
}

void ClockControl::statistics(const std::string& prefix, std::uint64_t cycle,
                              Statistics& out) const {
  for (unsigned m = 0; m < modules; ++m) {
    for (unsigned p = 0; p < phases; ++p) {
      const std::uint64_t open = phase_[m] == p ? cycle - since_[m] : 0;
      out.push_back({prefix + ".clock." + module_names[m] + "." + phase_names[p],
                     spent_[m][p] + open, "cycle", phase_texts[p]});
    }
  }
}

}  // namespace epoch
