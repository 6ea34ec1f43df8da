// SPDX-License-Identifier: Apache-2.0
#include "files/input_file.h"

#include <fstream>

#include "errors.h"

namespace epoch {

std::vector<std::uint8_t> read_file(const std::filesystem::path& file, std::uint64_t limit) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    throw InputError(file.string(),
                     std::filesystem::exists(file, error) ? "not a file" : "no such file");
  }
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  const std::streamoff size = stream ? static_cast<std::streamoff>(stream.tellg()) : -1;
  if (size < 0) throw InputError(file.string(), "cannot be opened");
  if (static_cast<std::uint64_t>(size) > limit) {
    throw InputError(file.string(), std::to_string(size) + " bytes, larger than the " +
                                        std::to_string(limit) + " allowed here");
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  stream.seekg(0);
  if (!stream.read(reinterpret_cast<char*>(bytes.data()), size)) {
    throw InputError(file.string(), "cannot be read");
  }
  return bytes;
}

}  // namespace epoch
