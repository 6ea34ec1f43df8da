// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "memory_map.h"
#include "run/workload.h"

namespace epoch {

// What a workload loads, sorted by address.
std::vector<Region> loaded_regions(const Workload& workload);

// A line a region, with what is loaded there below it.
std::string memory_map_text(const std::vector<Region>& regions, const std::vector<Region>& loaded);

}  // namespace epoch
