// SPDX-License-Identifier: Apache-2.0
#include "fuzz/entry.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

namespace epoch::fuzz {

namespace fs = std::filesystem;

std::uint64_t accepted_inputs = 0;

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "FOUND: expected: %s\n", what);
  std::abort();
}

void must_be_one_line(const char* message) {
  constexpr std::size_t longest = 1000;
  must(message[0] != 0 && std::strlen(message) <= longest, "a refusal of at most 1000 characters");
  for (const char* c = message; *c != 0; ++c)
    must(static_cast<unsigned char>(*c) >= ' ' && static_cast<unsigned char>(*c) <= '~',
         "a refusal that is one printable line");
}

const fs::path& input_file(const std::uint8_t* data, std::size_t size) {
  static fs::path file;
  if (file.empty()) {
    const fs::path memory = "/dev/shm";
    const fs::path folder = fs::is_directory(memory) ? memory : fs::temp_directory_path();
    file = folder / ("epoch-fuzz-" + std::to_string(::getpid()) + ".json");
    std::atexit([] {
      std::error_code ignored;
      fs::remove(file, ignored);
    });
  }
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  return file;
}

}  // namespace epoch::fuzz
