// SPDX-License-Identifier: Apache-2.0
#include "loaders/placement.h"

#include <algorithm>

#include "errors.h"

namespace epoch {
namespace {

constexpr std::uint64_t kPage = 4096;

std::vector<Region> memories(const ScenarioConfig& config) {
  std::vector<Region> regions;
  for (const Region& region : platform_regions(config)) {
    if (region.name == "sram" || region.name == "dram") regions.push_back(region);
  }
  return regions;
}

bool in_memory(const std::vector<Region>& regions, const Region& range) {
  return std::any_of(regions.begin(), regions.end(),
                     [&](const Region& r) { return r.contains(range.base, range.size); });
}

std::string named(const Region& region) {
  return region.name + " " + range_text(region);
}

std::string list_text(const std::vector<Region>& regions) {
  std::string text;
  for (const Region& region : regions) text += (text.empty() ? "" : ", ") + named(region);
  return text;
}

// The first range that `range` overlaps, or nullptr.
const Region* clash(const std::vector<Region>& taken, const Region& range) {
  for (const Region& other : taken) {
    if (range.overlaps(other)) return &other;
  }
  return nullptr;
}

std::vector<Region> elf_regions(const std::vector<Region>& memory, const std::string& elf_name,
                                const ElfFile& elf) {
  std::vector<Region> taken;
  for (const ElfSegment& segment : elf.segments()) {
    const Region range{"ELF segment", segment.address, segment.memory_bytes};
    if (!in_memory(memory, range)) {
      throw InputError(elf_name, "its segment " + range_text(range) + " lies outside memory (" +
                                     list_text(memory) + ")");
    }
    if (const Region* other = clash(taken, range)) {
      throw InputError(elf_name, "its segments " + range_text(*other) + " and " +
                                     range_text(range) + " overlap");
    }
    taken.push_back(range);
  }
  return taken;
}

void place_wanted(const Configuration& configuration, const std::vector<Region>& memory,
                  std::vector<Region>& taken, Blob& blob) {
  blob.address = *blob.wanted;
  const Region range = blob.region();
  if (!in_memory(memory, range)) {
    configuration.refuse(blob.key,
                         named(range) + " lies outside memory (" + list_text(memory) + ")");
  }
  if (const Region* other = clash(taken, range)) {
    configuration.refuse(blob.key, named(range) + " overlaps " + named(*other));
  }
  taken.push_back(range);
}

// The highest free page-aligned place in dram.
void place_automatically(const Region& dram, std::vector<Region>& taken, Blob& blob) {
  std::uint64_t top = dram.end();
  while (top - dram.base >= blob.bytes.size()) {
    blob.address = (top - blob.bytes.size()) / kPage * kPage;
    if (blob.address < dram.base) break;
    const Region* other = clash(taken, blob.region());
    if (other == nullptr) {
      taken.push_back(blob.region());
      return;
    }
    top = other->base;
    if (top <= dram.base) break;
  }
  throw InputError(blob.name, std::to_string(blob.bytes.size()) +
                                  " bytes find no free place in dram " + range_text(dram) +
                                  "; a larger dram.size_mib helps");
}

}  // namespace

void place(const Configuration& configuration, const std::string& elf_name, const ElfFile& elf,
           std::vector<Blob>& blobs) {
  const std::vector<Region> memory = memories(configuration.values);
  std::vector<Region> taken = elf_regions(memory, elf_name, elf);
  for (Blob& blob : blobs) {
    if (blob.wanted) place_wanted(configuration, memory, taken, blob);
  }
  const auto dram =
      std::find_if(memory.begin(), memory.end(), [](const Region& r) { return r.name == "dram"; });
  for (Blob& blob : blobs) {
    if (!blob.wanted) place_automatically(*dram, taken, blob);
  }
}

}  // namespace epoch
