// SPDX-License-Identifier: Apache-2.0
// ELF reader and placement: whatever is accepted lies inside the modelled memories.
#include <string>

#include "errors.h"
#include "fuzz/entry.h"
#include "loaders/elf.h"
#include "loaders/placement.h"

using namespace epoch;
using namespace epoch::fuzz;

namespace {

const Configuration& platform() {
  static const Configuration configuration = load_configuration(std::nullopt, {});
  return configuration;
}

bool inside_memory(const ElfSegment& segment) {
  const ScenarioConfig& config = platform().values;
  const Region dram{"dram", config.memory_map.dram, config.dram.size_bytes};
  const Region sram{"sram", config.memory_map.sram, config.sram.size};
  return dram.contains(segment.address, segment.memory_bytes) ||
         sram.contains(segment.address, segment.memory_bytes);
}

void check(const ElfFile& elf, std::size_t file_bytes) {
  std::size_t held = 0;
  for (const ElfSegment& segment : elf.segments()) {
    must(segment.bytes.size() <= segment.memory_bytes, "a segment no larger in the file");
    held += segment.bytes.size();
  }
  must(held <= file_bytes, "segments that hold no more than the file");
  for (const std::uint32_t address : {0u, elf.entry(), elf.entry() + 2, 0x80000000u, 0xFFFFFFFFu})
    must(elf.symbolize(address).size() <= file_bytes + 16, "a symbol out of the file");
  elf.symbol("tohost");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const ElfFile elf = ElfFile::parse("fuzz.elf", {data, data + size});
    check(elf, size);
    std::vector<Blob> blobs = {
        {"data", "epochcore,data", "data.0.address", std::nullopt, std::vector<std::uint8_t>(64)}};
    place(platform(), "fuzz.elf", elf, blobs);
    for (const ElfSegment& segment : elf.segments())
      must(inside_memory(segment), "placed segments inside one memory");
    ++accepted_inputs;
  } catch (const InputError& refusal) {
    must_be_one_line(refusal.what());
  }
  return 0;
}
