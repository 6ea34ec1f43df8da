// SPDX-License-Identifier: Apache-2.0
#include "cpu/direct_memory.h"

#include <algorithm>

namespace epoch {

void DirectMemory::add(const DirectRegion& region) {
  const auto same = [&](const DirectRegion& r) {
    return r.first == region.first && r.last == region.last && r.host == region.host &&
           r.readable == region.readable && r.writable == region.writable;
  };
  if (std::none_of(regions_.begin(), regions_.end(), same)) regions_.push_back(region);
}

void DirectMemory::remove(std::uint32_t first, std::uint32_t last) {
  const auto overlaps = [=](const DirectRegion& r) { return r.first <= last && r.last >= first; };
  regions_.erase(std::remove_if(regions_.begin(), regions_.end(), overlaps), regions_.end());
  forget_pages();
}

std::uint8_t* DirectMemory::find(std::uint32_t address, unsigned bytes, bool write) const {
  for (const DirectRegion& r : regions_) {
    if (!(write ? r.writable : r.readable) || address < r.first || address > r.last) continue;
    if (r.last - address >= bytes - 1) return r.host + (address - r.first);
  }
  return nullptr;
}

void DirectMemory::remember(Table& table, std::uint32_t address, bool write) {
  const std::uint32_t page = address & kPageMask;
  std::uint8_t* const host = find(page, kPageBytes, write);
  if (host == nullptr) return;
  table[index(page)] = {page, host};
}

void DirectMemory::forget_store_page(std::uint32_t address) {
  Entry& entry = stores_[index(address)];
  if (entry.tag == (address & kPageMask)) entry.tag = kNoPage;
}

void DirectMemory::forget_pages() {
  loads_.fill({kNoPage, nullptr});
  stores_.fill({kNoPage, nullptr});
}

}  // namespace epoch
