// SPDX-License-Identifier: Apache-2.0
#include "report/map_report.h"

#include <algorithm>
#include <filesystem>

#include "config/key_value.h"

namespace epoch {

namespace {

std::string line(const Region& region, const std::string& indent) {
  std::string size = std::to_string(region.size) + " B";
  if (region.size % (1 << 20) == 0) {
    size = std::to_string(region.size >> 20) + " MiB";
  } else if (region.size % (1 << 10) == 0) {
    size = std::to_string(region.size >> 10) + " KiB";
  }
  const std::string padding(size.size() < 10 ? 10 - size.size() : 0, ' ');
  return hex_address(region.base) + "  " + hex_address(region.end() - 1) + "  " + padding + size +
         "  " + indent + region.name + "\n";
}

}  // namespace

std::vector<Region> loaded_regions(const Workload& workload) {
  std::vector<Region> regions;
  for (const ElfSegment& segment : workload.elf.segments()) {
    regions.push_back({"program " + std::filesystem::path(workload.elf_name).filename().string(),
                       segment.address, segment.memory_bytes});
  }
  for (const Blob& blob : workload.blobs) regions.push_back(blob.region());
  std::stable_sort(regions.begin(), regions.end(),
                   [](const Region& a, const Region& b) { return a.base < b.base; });
  return regions;
}

std::string memory_map_text(const std::vector<Region>& regions, const std::vector<Region>& loaded) {
  std::string text = "first       last              size  name\n";
  for (const Region& region : regions) {
    text += line(region, "");
    for (const Region& part : loaded) {
      if (region.contains(part.base, part.size)) text += line(part, "  ");
    }
  }
  return text;
}

}  // namespace epoch
