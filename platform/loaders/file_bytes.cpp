// SPDX-License-Identifier: Apache-2.0
#include "loaders/file_bytes.h"

#include <fstream>

#include "errors.h"

namespace epoch {

std::vector<std::uint8_t> read_file_bytes(const std::filesystem::path& file, std::uint64_t limit) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    throw InputError(file.string(),
                     std::filesystem::exists(file, error) ? "not a file" : "no such file");
  }
  const std::uint64_t size = std::filesystem::file_size(file, error);
  if (size > limit) {
    throw InputError(file.string(), std::to_string(size) + " bytes, larger than the " +
                                        std::to_string(limit) + " allowed here");
  }
  std::ifstream stream(file, std::ios::binary);
  std::vector<std::uint8_t> bytes(size);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (!stream) throw InputError(file.string(), "cannot be read");
  return bytes;
}

}  // namespace epoch
