// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/timing.h"

#include <algorithm>

#include "epochcore/pe_grid/operands.h"

namespace epoch {

namespace {

constexpr unsigned kSumBytes = 4;  // accumulators, d, a_k, v, x' of edge: whatever the type

// Drain stages, in cycles.
constexpr unsigned kMultiply = 1;      // D*u, y*scale of int8
constexpr unsigned kAdd = 1;           // bias, + D*u, + stored
constexpr unsigned kConvert = 1;       // to the output type, and written
constexpr unsigned kExponential = 13;  // exp_pe: t, f, five multiplies and adds, scale
constexpr unsigned kDivide = 8;
constexpr unsigned kSigmoid = kExponential + 1 + kDivide;  // exp; 1+e; divide
constexpr unsigned kGelu = 2 + kExponential + 4;           // x*x*-0.5; exp; *density, *p, 1-q, x*

unsigned activation_latency(Activation activation) {
  switch (activation) {
    case Activation::none:
      return 0;
    case Activation::relu:
      return 1;
    case Activation::gelu:
      return kGelu;
    case Activation::sigmoid:
      return kSigmoid;
    case Activation::glu:
    case Activation::silu:
      return kSigmoid + 1;  // * value
    case Activation::tanh:
      return 1 + kExponential + 1 + kDivide;  // -2|x|; exp; 1-e beside 1+e; divide
    case Activation::gelu_tanh:
      break;
  }
  return 4 + kSigmoid + 1;  // x*x, *c, +1, *x*c'; sigmoid; * x
}

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

StepLayout layout_of(const ArrayConfig& config, const CoefficientBlock& block,
                     std::uint64_t port_interval) {
  const Placement place(config, block);
  const unsigned link = config.segment_io == SegmentIo::chained ? place.folds_used : 1;
  return lay_out_step(config, {block.mode, block.type, place.segment_height},
                      std::max(link, static_cast<unsigned>(port_interval)));
}

// North and west words of a step.
std::uint64_t streamed_bytes(const CoefficientBlock& block, const ArrayCommand& command) {
  const std::uint64_t width = type_bytes(block.type), lanes = block.lanes();
  switch (block.mode) {
    case ArrayMode::selective:
    case ArrayMode::ssd: {
      const std::uint64_t u = command.use_extra && !command.partial ? lanes * width : 0;
      return lanes * (kSumBytes + width) + 2 * block.modes * width + u;
    }
    case ArrayMode::edge:
      return 2 * lanes * kSumBytes;
    case ArrayMode::mac:
      return block.modes * width;
    default:
      return lanes * width;
  }
}

}  // namespace

std::uint64_t port_cycles(std::uint64_t bytes, unsigned port) {
  return port == 0 ? 0 : (bytes + port - 1) / port;
}

StepTraffic step_traffic(const CoefficientBlock& block, const ArrayCommand& command) {
  const Activation activation = command.drained();
  const std::uint64_t results = PeArray::outputs(block, activation);
  const bool raw = command.partial || block.mode == ArrayMode::edge;
  StepTraffic traffic;
  traffic.in = streamed_bytes(block, command);
  if (command.accumulator != nullptr) traffic.in += std::uint64_t{block.lanes()} * kSumBytes;
  if (command.stored != nullptr && !command.partial)
    traffic.in += results * type_bytes(command.stored_type);
  traffic.out = results * (raw ? kSumBytes : type_bytes(command.output));
  return traffic;
}

StepLayout command_layout(const ArrayConfig& config, const CoefficientBlock& block,
                          const ArrayCommand& command) {
  const StepTraffic traffic = step_traffic(block, command);
  return layout_of(config, block,
                   std::max(port_cycles(traffic.in, config.ports.read),
                            port_cycles(traffic.out, config.ports.write)));
}

StepLayout own_layout(const ArrayConfig& config, const CoefficientBlock& block) {
  return layout_of(config, block, 1);
}

unsigned fold_delay(const ArrayConfig& config, const Placement& place) {
  return config.segment_io == SegmentIo::chained ? place.segment_height * config.hop + 1 : 0;
}

unsigned drain_latency(const CoefficientBlock& block, const ArrayCommand& command) {
  unsigned cycles = kConvert;
  if (command.partial || block.mode == ArrayMode::edge) return cycles;
  if (block.type == NumberType::int8) cycles += kMultiply;  // y * scale
  if (command.use_extra) cycles += block.mode == ArrayMode::mac ? kAdd : kMultiply + kAdd;
  if (command.stored != nullptr) cycles += kAdd;
  return cycles + activation_latency(command.activation);
}

unsigned drained_elements(const CoefficientBlock& block) {
  return block.mode == ArrayMode::edge ? 2 * block.channels : block.lanes();
}

std::uint64_t occupied_pes(const Placement& place) {
  // Lanes of other slots sit in the same PEs.
  const std::uint64_t lanes = std::min(place.channels, place.folds * place.columns);
  return lanes * place.rows_used;
}

ArrayTiming command_timing(const ArrayConfig& config, const CoefficientBlock& block,
                           const ArrayCommand& command) {
  const StepLayout layout = command_layout(config, block, command);
  const StepTraffic traffic = step_traffic(block, command);
  const Placement place(config, block);
  const std::uint64_t columns = std::min(place.columns, place.channels);
  const std::uint64_t west = streams_west(block.mode) ? (columns - 1) * config.hop : 0;
  const std::uint64_t first_y = std::uint64_t{place.segment_height - 1} * layout.row_delay + west +
                                layout.depth +
                                std::uint64_t{place.folds_used - 1} * fold_delay(config, place);
  const std::uint64_t later_steps = command.steps - 1;

  ArrayTiming timing;
  timing.interval = layout.interval;
  timing.stream = std::uint64_t{command.steps} * layout.interval;
  timing.array = later_steps * layout.interval + first_y;
  // A step takes `drain` cycles through the pipeline: the slower of array and drain paces.
  const std::uint64_t drain =
      (drained_elements(block) + config.drain_lanes - 1) / config.drain_lanes;
  timing.total = first_y + later_steps * std::max<std::uint64_t>(layout.interval, drain) +
                 (drain - 1) + drain_latency(block, command);
  split(layout, own_layout(config, block).interval, command.steps, timing);
  timing.pes = occupied_pes(place);
  timing.bytes_in = traffic.in;
  timing.bytes_out = traffic.out;
  return timing;
}

}  // namespace epoch
