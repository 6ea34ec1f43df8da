// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/array.h"

#include <algorithm>
#include <stdexcept>

#include "epochcore/pe_grid/cycle_array.h"
#include "epochcore/pe_grid/fast_array.h"
#include "epochcore/pe_grid/placement.h"
#include "epochcore/pe_grid/timing.h"

namespace epoch {

namespace {

constexpr std::uint64_t kWordBytes = 4;

void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(what);
}

}  // namespace

std::unique_ptr<PeArray> PeArray::make(Fidelity fidelity, const ArrayConfig& config) {
  require(config.rows > 0 && config.cols > 0, "an array has rows and columns");
  require(config.segment_rows > 0 && config.rows % config.segment_rows == 0,
          "segment_rows divides rows");
  require(config.multipliers > 0 && config.mul_latency > 0, "a PE multiplies, in a cycle or more");
  require(config.hop > 0, "a word takes a cycle or more from PE to PE");
  require(config.drain_lanes > 0, "a drain pipeline has lanes");
  if (fidelity == Fidelity::cycle) return std::make_unique<CycleArray>(config);
  return std::make_unique<FastArray>(config);
}

unsigned PeArray::outputs(const CoefficientBlock& block, Activation activation) {
  return activation == Activation::glu ? block.channels / 2 : block.channels;
}

std::uint64_t PeArray::coefficient_cycles(const CoefficientBlock& block) const {
  const std::uint64_t extra = block.extra != nullptr ? block.channels * kWordBytes : 0;
  if (block.mode == ArrayMode::mac) {
    // Weights shift in row by row from the edge, empty rows of the segments included.
    const std::uint64_t rows = segment_height(config_, block.modes);
    return std::max(
        rows, port_cycles(rows * block.channels * kWordBytes + extra, config_.ports.coefficient));
  }
  const std::uint64_t words =
      std::uint64_t{block.channels} * block.modes * coefficient_words(block.mode);
  return port_cycles(words * kWordBytes + extra, config_.ports.coefficient);
}

std::uint64_t PeArray::state_cycles(ArrayMode mode, unsigned channels, unsigned modes) const {
  const std::uint64_t words = std::uint64_t{channels} * modes * state_words(mode);
  return port_cycles(words * kWordBytes, config_.ports.state);
}

void PeArray::check(const CoefficientBlock& block, const ArrayCommand& command) {
  const bool mac = block.mode == ArrayMode::mac;
  const bool drains = !command.partial;
  require(block.words != nullptr, "a command needs a loaded block");
  require(command.steps > 0 && command.u != nullptr, "a command has steps and operands");
  require(!command.use_extra || block.extra != nullptr, "D and bias come with the block");
  require(!mac || (!command.reverse && !command.zero_state), "a GEMM has no time and no state");
  require(!command.shift || (command.reverse && command.stored != nullptr && drains && !mac),
          "shift goes with reverse and stored");
  require(command.activation != Activation::glu || (mac && block.channels % 2 == 0),
          "GLU pairs the columns of a GEMM");
}

}  // namespace epoch
