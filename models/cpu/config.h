// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "common/transport.h"

namespace epoch {

// What becomes of a load or store whose address is no multiple of its size.
enum class Misaligned { trap, hardware };

// Cycles that an instruction of each class takes when nothing stalls it, at least 1.
struct InstructionTiming {
  std::uint32_t alu = 1;  // everything that has no class of its own
  std::uint32_t multiply = 1;
  std::uint32_t divide = 1;
  std::uint32_t load = 1;  // of a floating-point register too; likewise store
  std::uint32_t store = 1;
  std::uint32_t branch = 1;  // not taken
  std::uint32_t branch_taken = 1;
  std::uint32_t jump = 1;
  std::uint32_t atomic = 1;
  std::uint32_t system = 1;  // CSRs, fence.i, MRET, WFI
  std::uint32_t float_basic = 1;
  std::uint32_t float_fused = 1;
  std::uint32_t float_divide = 1;  // and square root
};

// An L1 cache of which only the timing is modelled; all three figures are powers of two.
struct CacheConfig {
  std::uint32_t size_kib = 0;  // 0: none
  std::uint32_t ways = 2;
  std::uint32_t line_bytes = 64;
  std::uint32_t miss_cycles = 1;  // of a miss, beside its bus transactions
};
constexpr std::uint32_t kLongestLine = 64;

struct CpuConfig {
  Transport transport = Transport::lt;
  double clock_mhz = 500;
  std::uint64_t quantum_ns = 10'000;  // how far the hart may run ahead; 0: not at all
  std::uint32_t reset_pc = 0x1000;
  std::uint32_t hart_id = 0;
  std::uint32_t vendor_id = 0;  // mvendorid, marchid, mimpid
  std::uint32_t architecture_id = 0;
  std::uint32_t implementation_id = 0;
  Misaligned misaligned = Misaligned::trap;
  std::uint32_t pmp_regions = 8;  // at most 16
  InstructionTiming timing;
  CacheConfig icache, dcache;
  std::uint64_t timebase_hz = 10'000'000;  // of the time CSR
};

}  // namespace epoch
