// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/timing.h"

#include <algorithm>

#include "epochcore/pe_grid/placement.h"

namespace epoch {

namespace {

constexpr unsigned kWordBytes = 4;

// Drain stages, in cycles.
constexpr unsigned kMultiply = 1;      // D*u
constexpr unsigned kAdd = 1;           // bias, + D*u, + stored
constexpr unsigned kConvert = 1;       // to the output type, and written
constexpr unsigned kExponential = 13;  // exp_pe: t, f, five multiplies and adds, scale
constexpr unsigned kDivide = 8;
constexpr unsigned kGelu = 2 + kExponential + 4;           // x*x*-0.5; exp; *density, *p, 1-q, x*
constexpr unsigned kGlu = kExponential + 1 + kDivide + 1;  // exp; 1+e; divide; a*

// Splits `total` by cause: the steps' own pace, what ports add to it, the rest. A command too short
// to use up its last interval is cut there.
void split(const StepLayout& layout, unsigned own_interval, unsigned steps, ArrayTiming& timing) {
  const std::uint64_t before_last = std::uint64_t{steps - 1} * layout.interval;
  const std::uint64_t last = std::min<std::uint64_t>(timing.total - before_last, layout.interval);
  const std::uint64_t last_useful = std::min<std::uint64_t>(last, own_interval);
  timing.useful = std::uint64_t{steps - 1} * own_interval + last_useful;
  timing.port_limited = before_last + last - timing.useful;
  timing.fill_drain = timing.total - timing.useful - timing.port_limited;
}

}  // namespace

std::uint64_t port_cycles(std::uint64_t bytes, unsigned port) {
  return port == 0 ? 0 : (bytes + port - 1) / port;
}

StepTraffic step_traffic(const CoefficientBlock& block, const ArrayCommand& command) {
  const Activation activation = command.partial ? Activation::none : command.activation;
  const std::uint64_t results = PeArray::outputs(block, activation);
  const bool combines = command.stored != nullptr && !command.partial;
  StepTraffic traffic;
  traffic.in = block.mode == ArrayMode::mac ? block.modes : block.channels;
  if (command.accumulator != nullptr) traffic.in += block.channels;
  if (combines) traffic.in += results;
  traffic.in *= kWordBytes;
  traffic.out = results * kWordBytes;
  return traffic;
}

StepLayout command_layout(const ArrayConfig& config, const CoefficientBlock& block,
                          const ArrayCommand& command) {
  const StepTraffic traffic = step_traffic(block, command);
  const std::uint64_t ports = std::max(port_cycles(traffic.in, config.ports.read),
                                       port_cycles(traffic.out, config.ports.write));
  return lay_out_step(config, block.mode, static_cast<unsigned>(ports));
}

unsigned drain_latency(ArrayMode mode, const ArrayCommand& command) {
  unsigned cycles = kConvert;
  if (command.partial) return cycles;
  if (command.use_extra) cycles += mode == ArrayMode::mac ? kAdd : kMultiply + kAdd;
  if (command.stored != nullptr) cycles += kAdd;
  if (command.activation == Activation::gelu) cycles += kGelu;
  if (command.activation == Activation::glu) cycles += kGlu;
  return cycles;
}

ArrayTiming command_timing(const ArrayConfig& config, const CoefficientBlock& block,
                           const ArrayCommand& command) {
  const StepLayout layout = command_layout(config, block, command);
  const StepTraffic traffic = step_traffic(block, command);
  const std::uint64_t rows = segment_height(config, block.modes);  // P, R'
  const std::uint64_t west = block.mode == ArrayMode::mac ? block.channels - 1 : 0;
  const std::uint64_t first_y = (rows - 1) * layout.row_delay + west * config.hop + layout.depth;
  const std::uint64_t later_steps = command.steps - 1;

  ArrayTiming timing;
  timing.interval = layout.interval;
  timing.stream = std::uint64_t{command.steps} * layout.interval;
  timing.array = later_steps * layout.interval + first_y;
  // A step's channels take `drain` cycles through the lanes: the slower of array and drain paces.
  const std::uint64_t drain = (block.channels + config.drain_lanes - 1) / config.drain_lanes;
  timing.total = first_y + later_steps * std::max<std::uint64_t>(layout.interval, drain) +
                 (drain - 1) + drain_latency(block.mode, command);
  split(layout, lay_out_step(config, block.mode, 1).interval, command.steps, timing);
  timing.pes = std::uint64_t{block.channels} * block.modes;
  timing.bytes_in = traffic.in;
  timing.bytes_out = traffic.out;
  return timing;
}

}  // namespace epoch
