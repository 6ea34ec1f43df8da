// SPDX-License-Identifier: Apache-2.0
#include "epochcore/config.h"

#include <cmath>
#include <stdexcept>
#include <string>

#include "epochcore/pe_grid/operands.h"

namespace epoch {

namespace {

void require(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument("epochcore: " + what);
}

void check_range(const char* name, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  require(value >= low && value <= high, std::string(name) + " is " + std::to_string(value) +
                                             ", must be " + std::to_string(low) + " to " +
                                             std::to_string(high));
}

void check_buffer(const std::string& name, const BufferConfig& buffer) {
  const std::string path = "buffers." + name;
  check_range((path + ".size_kib").c_str(), buffer.size_kib, 1, scratchpad_window_stride / 1024);
  check_range((path + ".banks").c_str(), buffer.banks, 1, 0x7FFF);
  check_range((path + ".width_bytes").c_str(), buffer.width_bytes, 4, 0xFFFF);
  require(buffer.width_bytes % 4 == 0, path + ".width_bytes is not a multiple of 4");
}

void check_array(const ArrayConfig& array) {
  check_range("pe_grid.rows", array.rows, 1, 0xFFFF);
  check_range("pe_grid.cols", array.cols, 1, 0xFFFF);
  check_range("pe_grid.segment_rows", array.segment_rows, 1, array.rows);
  require(array.rows % array.segment_rows == 0, "pe_grid.segment_rows does not divide rows");
  check_range("pe_grid.multipliers", array.multipliers, 1, 15);
  check_range("pe_grid.mul_latency", array.mul_latency, 1, 15);
  check_range("pe_grid.add_latency", array.add_latency, 0, 15);
  check_range("pe_grid.state_slots", array.state_slots, 1, 255);
  check_range("pe_grid.hop", array.hop, 1, 15);
  check_range("pe_grid.drain_lanes", array.drain_lanes, 1, 0x7FFF);
  check_range("pe_grid.ports.read", array.ports.read, 0, 0xFFFF);
  check_range("pe_grid.ports.write", array.ports.write, 0, 0x7FFF);
  check_range("pe_grid.ports.coefficient", array.ports.coefficient, 0, 0xFFFF);
  check_range("pe_grid.ports.state", array.ports.state, 0, 0x7FFF);
}

}  // namespace

void check_config(const EpochCoreConfig& config) {
  require(config.clock_mhz > 0 && std::llround(1e6 / config.clock_mhz) >= 1,
          "clock_mhz must be above 0 and at most 1e6");
  check_array(config.pe_grid);
  check_buffer("activations", config.activations);
  check_buffer("coefficients", config.coefficients);
  check_buffer("accumulators", config.accumulators);
  check_range("dma.burst_bytes", config.dma_burst_bytes, 4, 4096);
  require((config.dma_burst_bytes & (config.dma_burst_bytes - 1)) == 0,
          "dma.burst_bytes is not a power of two");
  check_range("dma.outstanding", config.dma_outstanding, 1, 255);
  check_range("vector_unit.lanes", config.vector_lanes, 1, 0xFFFF);
  check_range("fifo_depth", config.fifo_depth, 1, 127);
}

Limits limits_of(const EpochCoreConfig& config) {
  Limits limits;
  for (unsigned i = 0; i < EPOCH_BUFFERS; ++i)
    limits.buffer_bytes[i] = config.buffer(i).size_bytes();
  const ArrayConfig& array = config.pe_grid;
  limits.array = array;
  limits.modes = 1u << EPOCH_MODE_MAC;
  if (array.lima) limits.modes |= (1u << EPOCH_MODE_MAC) - 1;
  if (array.multipliers > kMostDplrMultipliers) limits.modes &= ~(1u << EPOCH_MODE_DPLR);
  if (array.cols < 2) limits.modes &= ~(1u << EPOCH_MODE_EDGE);
  if (array.slots_kind == SlotsKind::batch && array.state_slots > 1)
    limits.modes &= ~(1u << EPOCH_MODE_SELECTIVE | 1u << EPOCH_MODE_SSD);
  limits.types = 1u << EPOCH_TYPE_FP32 | 1u << EPOCH_TYPE_BF16 | 1u << EPOCH_TYPE_BF16D |
                 1u << EPOCH_TYPE_INT8;
  limits.activations = (1u << (EPOCH_ACTIVATION_TANH + 1)) - 1;
  limits.vector_ops = (1u << (EPOCH_OP_ARGMAX - EPOCH_OP_AFFINE + 1)) - 1;
  return limits;
}

}  // namespace epoch
