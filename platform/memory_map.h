// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/scenario.h"

namespace epoch {

struct Region {
  std::string name;
  std::uint64_t base = 0;
  std::uint64_t size = 0;

  std::uint64_t end() const { return base + size; }
  bool contains(std::uint64_t address, std::uint64_t bytes) const {
    return address >= base && bytes <= size && address - base <= size - bytes;
  }
  bool overlaps(const Region& other) const { return base < other.end() && other.base < end(); }
};

constexpr std::uint64_t kBootRomBytes = 0x8000;
constexpr std::uint64_t kClintBytes = 0x1'0000;
constexpr std::uint64_t kPlicBytes = 0x400'0000;
constexpr std::uint64_t kUartBytes = 8;
constexpr std::uint64_t kSimctlBytes = 0x1000;
constexpr std::uint64_t kScratchpadStride = 0x40'0000;  // from buffer to buffer in the debug window
constexpr std::uint64_t kScratchpadBytes = 3 * kScratchpadStride;

// A further EpochCore's windows lie this far behind those of the one before
// (firmware/include/README.md).
constexpr std::uint64_t kInstanceStride = 0x200'0000;

// "epochcore", "epochcore1": on the bus, in statistics, waveforms and traces.
std::string epochcore_name(unsigned instance);

// What the hart and the bus masters see, sorted by base. Names are the keys of `memory_map`,
// with the number of a further EpochCore.
std::vector<Region> platform_regions(const ScenarioConfig& config);

// "0x80000000..0x9fffffff".
std::string range_text(const Region& region);

}  // namespace epoch
