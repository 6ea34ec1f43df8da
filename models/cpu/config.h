// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace epoch {

struct CpuConfig {
  double clock_mhz = 500;
  std::uint64_t quantum_ns = 10'000;  // how far the hart may run ahead; 0: not at all
  std::uint32_t reset_pc = 0x1000;
  std::uint32_t hart_id = 0;
  bool dma_coherent = true;                // for the device tree and the checks: there is no cache
  std::uint64_t timebase_hz = 10'000'000;  // of the time CSR
};

}  // namespace epoch
