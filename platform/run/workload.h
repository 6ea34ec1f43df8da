// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/configuration.h"
#include "config/search.h"
#include "loaders/elf.h"
#include "loaders/placement.h"

namespace epoch {

// What a scenario runs, read, compiled and placed: all that can be wrong with files is found here,
// before a simulation exists.
struct Workload {
  std::string elf_name;
  ElfFile elf;
  std::vector<Blob> blobs;
  std::vector<std::uint8_t> boot_rom;
};

// Throws InputError, or UsageError for what the command line named.
Workload load_workload(const Configuration& configuration, const SearchFolders& folders);

// The network image for a model folder and the scenario's array.
std::vector<std::uint8_t> compile_model(const std::filesystem::path& model,
                                        const EpochCoreConfig& config);

}  // namespace epoch
