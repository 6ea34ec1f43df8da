// SPDX-License-Identifier: Apache-2.0
#include "model/input_file.h"

#include <filesystem>
#include <fstream>

#include "errors.h"

namespace epoch {

std::vector<std::uint8_t> read_file(const std::string& path, std::uint64_t limit) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    throw InputError(path, "no such file");
  }
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = stream ? static_cast<std::streamoff>(stream.tellg()) : -1;
  if (size < 0) {
    throw InputError(path, "cannot be opened");
  }
  if (static_cast<std::uint64_t>(size) > limit) {
    throw InputError(path, std::to_string(size) + " bytes, larger than the " +
                               std::to_string(limit) + " allowed here");
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  stream.seekg(0);
  if (!stream.read(reinterpret_cast<char*>(bytes.data()), size)) {
    throw InputError(path, "cannot be read");
  }
  return bytes;
}

}  // namespace epoch
