// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/array.h"

#include <algorithm>
#include <stdexcept>

#include "epochcore/pe_grid/cycle_array.h"
#include "epochcore/pe_grid/fast_array.h"
#include "epochcore/pe_grid/operands.h"
#include "epochcore/pe_grid/placement.h"
#include "epochcore/pe_grid/timing.h"

namespace epoch {

namespace {

constexpr std::uint64_t kStateBytes = 4;  // a word, whatever the type

void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

}  // namespace

std::unique_ptr<PeArray> PeArray::make(Fidelity fidelity, const ArrayConfig& config) {
  require(config.rows > 0 && config.cols > 0, "an array has rows and columns");
  require(config.segment_rows > 0 && config.rows % config.segment_rows == 0,
          "segment_rows divides rows");
  require(config.multipliers > 0 && config.mul_latency > 0, "a PE multiplies, in a cycle or more");
  require(config.state_slots > 0, "a PE has a state slot");
  require(config.hop > 0, "a word takes a cycle or more from PE to PE");
  require(config.drain_lanes > 0, "a drain pipeline has lanes");
  if (fidelity == Fidelity::cycle) return std::make_unique<CycleArray>(config);
  return std::make_unique<FastArray>(config);
}

unsigned PeArray::outputs(const CoefficientBlock& block, Activation activation) {
  if (block.mode == ArrayMode::edge) return 2 * block.channels;
  return activation == Activation::glu ? block.channels / 2 : block.lanes();
}

std::uint64_t PeArray::coefficient_cycles(const CoefficientBlock& block) const {
  std::uint64_t beside = 0;  // D or bias, and int8's scales
  if (block.extra != nullptr) beside += block.channels * extra_bytes(block.mode, block.type);
  if (block.scale != nullptr) beside += block.channels * sizeof(float);
  const std::uint64_t width = std::uint64_t{block.channels} * mode_bytes(block.mode, block.type);
  if (block.mode != ArrayMode::mac)
    return port_cycles(width * block.modes + beside, config_.ports.coefficient);
  // Weights shift in row by row from the edge, empty rows of the segments included.
  const std::uint64_t rows = Placement(config_, block).segment_height;
  return std::max(rows, port_cycles(rows * width + beside, config_.ports.coefficient));
}

std::uint64_t PeArray::state_cycles(const CoefficientBlock& block) const {
  const std::uint64_t words = std::uint64_t{block.lanes()} * block.modes * state_words(block.mode);
  return port_cycles(words * kStateBytes, config_.ports.state);
}

void PeArray::check(const CoefficientBlock& block, const ArrayCommand& command) {
  const bool mac = block.mode == ArrayMode::mac, edge = block.mode == ArrayMode::edge;
  const bool streamed = block.mode == ArrayMode::selective || block.mode == ArrayMode::ssd;
  const bool drains = !command.partial;
  require(block.channels > 0, "a command needs a loaded block");
  require(command.steps > 0, "a command has steps");
  require(streamed ? command.decay != nullptr && command.drive != nullptr && command.b != nullptr &&
                         command.c != nullptr && (command.u != nullptr || !command.use_extra)
                   : command.u != nullptr,
          "a command has its mode's operands");
  require(!command.use_extra || block.extra != nullptr, "D and bias come with the block");
  require(!mac || (!command.reverse && !command.zero_state), "a GEMM has no time and no state");
  require(!command.shift || (command.reverse && command.stored != nullptr && drains && !mac),
          "shift goes with reverse and stored");
  require(command.activation != Activation::glu || (mac && block.channels % 2 == 0),
          "GLU pairs the columns of a GEMM");
  require(!edge || (!command.use_extra && !command.partial && command.stored == nullptr &&
                    command.accumulator == nullptr && command.activation == Activation::none),
          "edge gives x' as it is");
  require(block.mode != ArrayMode::dplr || command.accumulator == nullptr,
          "dplr sums in its network, from nothing");
  require(command.output != NumberType::bf16d && command.stored_type != NumberType::bf16d &&
              command.stored_type != NumberType::int8,
          "results are fp32, bf16 or int8, what is stored fp32 or bf16");
  require(block.type != NumberType::int8 || block.scale != nullptr,
          "int8 sums have a scale a channel");
}

}  // namespace epoch
