// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "loaders/elf.h"

namespace epoch {

// A hart that stands still in a program: what a backtrace starts from.
struct StoppedHart {
  std::uint32_t pc = 0;
  std::array<std::uint32_t, 32> x{};
  // The word at an address; nothing where no memory answers.
  std::function<std::optional<std::uint32_t>(std::uint32_t)> read;
};

// The calls that led to the pc, innermost first, a line each and each line begun by "\n  ":
//
//   #0  0x80000464 store_all (fill.c:12)
//   #1  0x80000464 fill, inlined (fill.c:20)
//   #2  0x800004a0 main (main.c:9)
//
// Functions, files, lines and inlined calls come from the ELF's DWARF (without it, functions from
// its symbols); callers are found by its call frame information and by nothing else: where a
// function has none, a last line says so. Debug information is read in a child process, so whatever
// a corrupt file does to the reader costs the backtrace only.
std::string backtrace(const std::vector<std::uint8_t>& elf_bytes, const ElfFile& elf,
                      const StoppedHart& hart);

// What `make` returns, made in a child process of its own. If that dies, takes more than
// `cpu_seconds`, or returns more than 64 KiB, `otherwise` and why.
std::string made_in_child(const std::function<std::string()>& make, unsigned cpu_seconds,
                          const std::string& otherwise);

}  // namespace epoch
