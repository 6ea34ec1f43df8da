// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace epoch {

// The bytes of a file; InputError if there is no such file, it is larger than `limit` bytes, or it
// cannot be read.
std::vector<std::uint8_t> read_file(const std::filesystem::path& file, std::uint64_t limit);

}  // namespace epoch
