// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include <epochcore.h>
#include "common/transport.h"
#include "epochcore/pe_grid/array.h"

namespace epoch {

// One on-chip buffer: peak bandwidth = banks * width_bytes a cycle of the array clock.
struct BufferConfig {
  std::uint32_t size_kib;
  std::uint32_t banks;
  std::uint32_t width_bytes;
  bool bank_conflicts = false;  // strided tiles wait for their busiest bank

  std::uint64_t size_bytes() const { return std::uint64_t{size_kib} * 1024; }
  std::uint64_t peak_bytes() const { return std::uint64_t{banks} * width_bytes; }
};

struct EpochCoreConfig {
  Transport transport = Transport::lt;
  double clock_mhz = 1000;  // the array clock; everything inside EpochCore runs on it
  ArrayConfig pe_grid;
  Fidelity fidelity = Fidelity::fast;
  bool state_shadow = false;  // STATE works on shadow registers, beside array commands
  BufferConfig activations{512, 8, 64};
  BufferConfig coefficients{256, 4, 64};
  BufferConfig accumulators{256, 4, 64};
  unsigned dma_burst_bytes = 256;
  unsigned dma_outstanding = 8;  // bursts in flight, each direction
  unsigned vector_lanes = 32;
  unsigned fifo_depth = 16;  // each engine's command FIFO

  const BufferConfig& buffer(unsigned number) const {
    return number == EPOCH_BUFFER_ACTIVATIONS    ? activations
           : number == EPOCH_BUFFER_COEFFICIENTS ? coefficients
                                                 : accumulators;
  }
};

// Throws std::invalid_argument, naming the parameter, for what hardware or the CAPS block cannot
// express.
void check_config(const EpochCoreConfig& config);

// Bytes between two buffers in the scratchpad debug window; no buffer may be larger.
constexpr std::uint64_t scratchpad_window_stride = 0x0040'0000;

// What an instance implements: the CAPS block says it, the command decoder enforces it.
struct Limits {
  std::array<std::uint64_t, EPOCH_BUFFERS> buffer_bytes{};
  ArrayConfig array;
  std::uint32_t modes = 0;        // bit EPOCH_MODE_*
  std::uint32_t types = 0;        // bit EPOCH_TYPE_*
  std::uint32_t activations = 0;  // bit EPOCH_ACTIVATION_*
  std::uint32_t vector_ops = 0;   // bit n: vector opcode 0x40 + n
};

Limits limits_of(const EpochCoreConfig& config);

}  // namespace epoch
