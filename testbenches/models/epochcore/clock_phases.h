// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "device_bench.h"

// What the tests of the device's clocks share.
namespace epoch::clock_phases {

using Cells = std::array<std::uint64_t, 4>;  // active, clock_idle, gated, sleep
using Clocks = std::array<Cells, 5>;
enum Clock { preload, compute, vector_unit, dma_in, dma_out };
constexpr const char* clock_names[] = {"preload", "compute", "vector_unit", "dma_in", "dma_out"};

// As the statistics have them.
Clocks counted(const DeviceBench& bench);
// Cycles of the array clock since the start.
std::uint64_t elapsed(const DeviceBench& bench);
// Each clock's phases are the elapsed cycles, and all sleep together.
void check_sums(const DeviceBench& bench);

// Small commands.
constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);

inline std::uint32_t use(unsigned n) {
  return EPOCH_SEMAPHORE_USE(n);
}
inline Descriptor nop() {
  return control_command(EPOCH_OP_NOP);
}
inline Descriptor load(std::uint32_t bytes = 256) {
  return dma_command(EPOCH_OP_LOAD, 0, activations, bytes);
}
inline Descriptor pool(unsigned rows) {
  return to_words(
      vector_raw(EPOCH_OP_POOL, activations + 0x10000, activations + 0x60000, rows, 32));
}
// Real mode, 16 channels of 8 modes at the defaults: 16 cycles to load, steps + 9 to run.
inline Descriptor coeff() {
  return coeff_command(EPOCH_MODE_REAL, 16, 8, coefficients);
}
inline Descriptor ssm(unsigned steps) {
  return array_command(EPOCH_MODE_REAL, 16, 8, steps, activations, activations + 0x40000);
}

}  // namespace epoch::clock_phases
