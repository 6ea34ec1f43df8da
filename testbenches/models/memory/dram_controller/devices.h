// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/dram_device_file.h"
#include "memory/dram_controller/device.h"

namespace epoch::test {

inline const std::vector<std::string>& device_names() {
  static const std::vector<std::string> names = {"ddr4-3200", "lpddr4-4266", "lpddr5-6400", "hbm2"};
  return names;
}

// A device that is shipped.
inline DramDevice shipped_device(const std::string& name) {
  return read_dram_device(std::filesystem::path(EPOCH_SCENARIOS) / "memory" / (name + ".json"));
}

}  // namespace epoch::test
