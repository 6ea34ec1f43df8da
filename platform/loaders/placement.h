// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/configuration.h"
#include "loaders/elf.h"
#include "memory_map.h"

namespace epoch {

// A run of bytes that is in memory before the hart starts.
struct Blob {
  std::string name;        // "digits"; of the network its folder's name
  std::string compatible;  // device-tree binding: epochcore,network-image or epochcore,data
  std::string key;         // key path in the scenario, for messages
  OptionalAddress wanted;
  std::vector<std::uint8_t> bytes;
  std::uint64_t address = 0;  // given by place()

  Region region() const { return {name, address, bytes.size()}; }
};

// Checks that the ELF's segments lie in memory and not on each other, and gives every blob its
// address: the wanted one, or from the top of dram downwards on 4 KiB boundaries. Throws InputError
// naming both ranges of an overlap.
void place(const Configuration& configuration, const std::string& elf_name, const ElfFile& elf,
           std::vector<Blob>& blobs);

}  // namespace epoch
