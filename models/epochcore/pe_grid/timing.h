// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "epochcore/pe_grid/array.h"
#include "epochcore/pe_grid/placement.h"
#include "epochcore/pe_grid/schedule.h"

namespace epoch {

// What a command asks of the array's ports, its layout, and the closed forms of its cycles
// (array specification "Time"). `cycle` takes the first three from here and counts the rest.

// Operand and result bytes a step moves through the read and write ports.
struct StepTraffic {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
};
StepTraffic step_traffic(const CoefficientBlock& block, const ArrayCommand& command);

// The layout of the command's steps: modulo II_eff, ports included; and what it would be if ports
// were unlimited.
StepLayout command_layout(const ArrayConfig& config, const CoefficientBlock& block,
                          const ArrayCommand& command);
StepLayout own_layout(const ArrayConfig& config, const CoefficientBlock& block);

// Cycles by which a chained segment lags the one above: its words pass P rows and a register.
unsigned fold_delay(const ArrayConfig& config, const Placement& place);

// Latency of the drain pipeline: from y entering a lane to the result written. Stage counts are
// this model's reconstruction: a stage an operation, a divider of 8 (README.md).
unsigned drain_latency(const CoefficientBlock& block, const ArrayCommand& command);
// Elements of a step that enter the drain.
unsigned drained_elements(const CoefficientBlock& block);

// Everything about a command in closed form.
ArrayTiming command_timing(const ArrayConfig& config, const CoefficientBlock& block,
                           const ArrayCommand& command);

// PEs that hold a mode or a weight (edge: cells).
std::uint64_t occupied_pes(const Placement& place);

// ceil(bytes / port); a port of 0 is unlimited and takes no time.
std::uint64_t port_cycles(std::uint64_t bytes, unsigned port);

}  // namespace epoch
