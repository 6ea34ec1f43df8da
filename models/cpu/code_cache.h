// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "cpu/direct_memory.h"
#include "cpu/instruction.h"

namespace epoch {

// The predecoded instructions of one page of target memory: a slot for every halfword, then two
// slots that catch execution running past the end (after a 16- or a 32-bit instruction).
class CodePage {
 public:
  static constexpr unsigned kSlots = kPageBytes / 2;

  explicit CodePage(std::uint32_t address);

  std::uint32_t address() const { return address_; }
  Instruction* slot(std::uint32_t pc) { return &slots_[(pc % kPageBytes) / 2]; }
  std::uint32_t pc_of(const Instruction* slot) const {
    return address_ + 2 * static_cast<std::uint32_t>(slot - slots_.data());
  }
  void clear();

 private:
  std::uint32_t address_;
  std::array<Instruction, kSlots + 2> slots_;
};

// Code pages by address. Invalidation leaves pages where they are, so that pointers into them stay
// good: slots become `undecoded` and are decoded anew when reached. Only trim() frees pages.
class CodeCache {
 public:
  // Finds or makes the page that holds pc.
  CodePage& page(std::uint32_t pc) {
    Recent& recent = recent_[(pc >> kPageBits) % kRecent];
    if (recent.page != nullptr && recent.page->address() == (pc & kPageMask)) return *recent.page;
    return *(recent.page = &look_up(pc & kPageMask));
  }
  bool holds(std::uint32_t address) const { return pages_.count(address & kPageMask) != 0; }

  // Stores a decoded instruction, adapted to its place.
  void fill(std::uint32_t pc, const Instruction& decoded);
  // Forgets every instruction that has a byte in the range.
  void invalidate(std::uint32_t first, std::uint32_t last);
  void clear();
  // Frees everything if it has grown beyond all reason: a program may jump through all addresses.
  void trim();

 private:
  struct Recent {
    CodePage* page = nullptr;
  };
  static constexpr unsigned kRecent = 256;
  static constexpr std::size_t kMostPages = 4096;  // 16 MiB of code, 128 MiB of the host's memory

  CodePage& look_up(std::uint32_t page_address);
  void invalidate_slot(std::uint32_t pc);

  std::unordered_map<std::uint32_t, std::unique_ptr<CodePage>> pages_;
  std::array<Recent, kRecent> recent_{};
};

}  // namespace epoch
