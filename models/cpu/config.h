// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace epoch {

// What becomes of a load or store whose address is no multiple of its size.
enum class Misaligned { trap, hardware };

struct CpuConfig {
  double clock_mhz = 500;
  std::uint64_t quantum_ns = 10'000;  // how far the hart may run ahead; 0: not at all
  std::uint32_t reset_pc = 0x1000;
  std::uint32_t hart_id = 0;
  std::uint32_t vendor_id = 0;  // mvendorid, marchid, mimpid
  std::uint32_t architecture_id = 0;
  std::uint32_t implementation_id = 0;
  Misaligned misaligned = Misaligned::trap;
  std::uint64_t timebase_hz = 10'000'000;  // of the time CSR
};

}  // namespace epoch
