// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "loaders/elf.h"

namespace epoch {

// What a conformance test leaves in memory, between two symbols, for comparison with another
// hart's.
struct SignatureRange {
  std::uint32_t first = 0;
  std::uint32_t bytes = 0;
};

// Throws InputError if the program does not have begin_signature and, in whole words,
// end_signature.
SignatureRange signature_range(const std::string& elf_name, const ElfFile& elf);

// A little-endian word a line, as eight hexadecimal digits.
std::string signature_text(const std::uint8_t* memory, std::uint32_t bytes);

}  // namespace epoch
