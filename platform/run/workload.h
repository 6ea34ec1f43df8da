// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/configuration.h"
#include "config/search.h"
#include "loaders/elf.h"
#include "loaders/placement.h"

namespace epoch {

class NativeProgram;

// What a scenario runs, read, compiled and placed: all that can be wrong with files is found here,
// before a simulation exists.
struct Workload {
  std::string elf_name;
  std::vector<std::uint8_t> elf_bytes;  // the file as it was read: its debug information
  ElfFile elf;
  std::vector<Blob> blobs;
  std::vector<std::uint8_t> boot_rom;
  std::shared_ptr<NativeProgram> native;  // cpu.kind = native
};

// Throws InputError, or UsageError for what the command line named.
Workload load_workload(const Configuration& configuration, const SearchFolders& folders);

// The scenario's network image, for its array and number type; of `model` if that is not empty.
// Says the compiler's warnings on stderr.
std::vector<std::uint8_t> compile_model(const Configuration& configuration,
                                        const SearchFolders& folders,
                                        const std::filesystem::path& model = {});

}  // namespace epoch
