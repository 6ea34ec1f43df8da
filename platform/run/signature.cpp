// SPDX-License-Identifier: Apache-2.0
#include "run/signature.h"

#include <cstdio>
#include <cstring>

#include "errors.h"

namespace epoch {

SignatureRange signature_range(const std::string& elf_name, const ElfFile& elf) {
  const auto begin = elf.symbol("begin_signature");
  const auto end = elf.symbol("end_signature");
  if (!begin || !end) {
    throw InputError(elf_name, "--signature needs its symbols begin_signature and end_signature");
  }
  if (*end < *begin || (*end - *begin) % 4 != 0) {
    throw InputError(elf_name, "end_signature is not whole words behind begin_signature");
  }
  return {*begin, *end - *begin};
}

std::string signature_text(const std::uint8_t* memory, std::uint32_t bytes) {
  std::string text;
  for (std::uint32_t n = 0; n < bytes; n += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, memory + n, sizeof word);
    char line[16];
    std::snprintf(line, sizeof line, "%08x\n", word);
    text += line;
  }
  return text;
}

}  // namespace epoch
