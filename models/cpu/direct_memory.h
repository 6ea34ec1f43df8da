// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "cpu/hart_bus.h"

namespace epoch {

constexpr unsigned kPageBits = 12;
constexpr std::uint32_t kPageBytes = 1u << kPageBits;
constexpr std::uint32_t kPageMask = ~(kPageBytes - 1);

// The direct regions granted so far, and in front of them a small table of whole pages that makes a
// hit one compare. The compare includes the low address bits, so that a misaligned access misses.
class DirectMemory {
 public:
  DirectMemory() { forget_pages(); }

  void add(const DirectRegion& region);  // adding it twice is harmless
  // Drops every region that overlaps the range.
  void remove(std::uint32_t first, std::uint32_t last);

  // Host pointer to `bytes` at the address if one region holds them all with that right.
  std::uint8_t* find(std::uint32_t address, unsigned bytes, bool write) const;

  // Puts the page into the table, if its region covers all of it.
  void remember_load_page(std::uint32_t address) { remember(loads_, address, false); }
  void remember_store_page(std::uint32_t address) { remember(stores_, address, true); }
  // Every access misses the table until its page is put there again (rights or watches changed).
  void forget_pages();
  // Stores to this page miss the table from now on (it holds predecoded code).
  void forget_store_page(std::uint32_t address);

  template <typename T>
  bool load(std::uint32_t address, T& value) const {
    const Entry& entry = loads_[index(address)];
    if (entry.tag != (address & (kPageMask | (sizeof(T) - 1)))) return false;
    std::memcpy(&value, pointer(entry, address), sizeof(T));
    return true;
  }
  template <typename T>
  bool store(std::uint32_t address, T value) {
    const Entry& entry = stores_[index(address)];
    if (entry.tag != (address & (kPageMask | (sizeof(T) - 1)))) return false;
    std::memcpy(pointer(entry, address), &value, sizeof(T));
    return true;
  }

 private:
  struct Entry {
    std::uint32_t tag;  // page address, or kNoPage
    std::uint8_t* host;
  };
  static constexpr unsigned kEntries = 256;
  static constexpr std::uint32_t kNoPage = kPageBytes - 1;  // unequal to any masked address
  using Table = std::array<Entry, kEntries>;

  static unsigned index(std::uint32_t address) { return (address >> kPageBits) % kEntries; }
  static std::uint8_t* pointer(const Entry& entry, std::uint32_t address) {
    return entry.host + (address & ~kPageMask);
  }
  void remember(Table& table, std::uint32_t address, bool write);

  std::vector<DirectRegion> regions_;
  Table loads_;
  Table stores_;
};

}  // namespace epoch
