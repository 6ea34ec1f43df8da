// SPDX-License-Identifier: Apache-2.0
#include "memory_map.h"

#include <epochcore.h>

#include <algorithm>

#include "config/key_value.h"

namespace epoch {

std::vector<Region> platform_regions(const ScenarioConfig& config) {
  const MemoryMapConfig& map = config.memory_map;
  std::vector<Region> regions = {
      {"boot_rom", map.boot_rom, kBootRomBytes},
      {"clint", map.clint, kClintBytes},
      {"plic", map.plic, kPlicBytes},
      {"uart", map.uart, kUartBytes},
      {"simctl", map.simctl, kSimctlBytes},
      {"epochcore", map.epochcore, EPOCH_WINDOW_BYTES},
      {"scratchpad", map.scratchpad, kScratchpadBytes},
      {"sram", map.sram, config.sram.size},
      {"dram", map.dram, config.dram.size_bytes},
  };
  std::stable_sort(regions.begin(), regions.end(),
                   [](const Region& a, const Region& b) { return a.base < b.base; });
  return regions;
}

std::string range_text(const Region& region) {
  return hex_address(region.base) + ".." + hex_address(region.end() - 1);
}

}  // namespace epoch
