// SPDX-License-Identifier: Apache-2.0
#include "memory_map.h"

#include <epochcore.h>

#include <algorithm>

#include "config/key_value.h"

namespace epoch {

std::string epochcore_name(unsigned instance) {
  return instance == 0 ? "epochcore" : "epochcore" + std::to_string(instance);
}

std::vector<Region> platform_regions(const ScenarioConfig& config) {
  const MemoryMapConfig& map = config.memory_map;
  std::vector<Region> regions = {
      {"boot_rom", map.boot_rom, kBootRomBytes},
      {"clint", map.clint, kClintBytes},
      {"plic", map.plic, kPlicBytes},
      {"uart", map.uart, kUartBytes},
      {"simctl", map.simctl, kSimctlBytes},
      {"sram", map.sram, config.sram.size},
      {"dram", map.dram, config.dram.size_bytes},
  };
  for (unsigned i = 0; i < config.epochcore_instances; ++i) {
    const std::uint64_t behind = i * kInstanceStride;
    regions.push_back({epochcore_name(i), map.epochcore + behind, EPOCH_WINDOW_BYTES});
    regions.push_back({i == 0 ? "scratchpad" : "scratchpad" + std::to_string(i),
                       map.scratchpad + behind, kScratchpadBytes});
  }
  std::stable_sort(regions.begin(), regions.end(),
                   [](const Region& a, const Region& b) { return a.base < b.base; });
  return regions;
}

std::string range_text(const Region& region) {
  return hex_address(region.base) + ".." + hex_address(region.end() - 1);
}

}  // namespace epoch
