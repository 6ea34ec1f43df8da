// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace epoch {

// A whole file. Throws InputError if it cannot be read or is larger than `limit`.
std::vector<std::uint8_t> read_file_bytes(const std::filesystem::path& file, std::uint64_t limit);

}  // namespace epoch
