// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <elfutils/libdw.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "run/backtrace.h"

namespace epoch {

// The DWARF of one ELF in memory, read by libdw.
class DebugInfo {
 public:
  explicit DebugInfo(const std::vector<std::uint8_t>& elf_bytes);
  ~DebugInfo();
  DebugInfo(const DebugInfo&) = delete;
  DebugInfo& operator=(const DebugInfo&) = delete;

  struct Place {
    std::string function;  // "": as the symbol table says
    std::string file;      // "": unknown
    int line = 0;
  };
  // The function at an address and those that it is inlined into, innermost first. Empty without
  // DWARF for the address.
  std::vector<Place> places(std::uint32_t address);

  // The call frame information of an address, by .debug_frame before .eh_frame; nullptr: none. The
  // caller frees it.
  Dwarf_Frame* frame(std::uint32_t address);

 private:
  bool find_unit(std::uint32_t address, Dwarf_Die& unit);

  Elf* elf_ = nullptr;
  Dwarf* dwarf_ = nullptr;
};

// Goes from a frame to its caller.
class Unwinder {
 public:
  Unwinder(DebugInfo& info, const StoppedHart& hart);

  std::uint32_t pc() const { return pc_; }
  // An address inside the instruction that is being executed: a return address is behind the call.
  std::uint32_t executing() const { return exact_ ? pc_ : pc_ - 1; }

  enum class Step { caller, outermost, lost };
  // On `lost`, why() tells.
  Step step();
  const std::string& why() const { return why_; }

 private:
  using Word = std::optional<std::uint32_t>;

  Step lose(const std::string& why);
  bool step_registers(Dwarf_Frame* frame, std::uint32_t cfa, int return_register);
  Word evaluate(const Dwarf_Op* ops, std::size_t count, Word cfa, bool is_location);
  Word caller_value(Dwarf_Frame* frame, int number, std::uint32_t cfa);

  DebugInfo& info_;
  const StoppedHart& hart_;
  std::uint32_t pc_;
  std::array<Word, 32> x_;
  bool exact_ = true;
  bool outermost_ = false;
  std::string why_;
};

}  // namespace epoch
