// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "memory/dram_controller/device.h"

namespace epoch {

// Reads and checks a DRAM device file (scenarios/memory/README.md). Throws InputError that names
// file, field, value and what would do.
DramDevice read_dram_device(const std::filesystem::path& file);

}  // namespace epoch
