// SPDX-License-Identifier: Apache-2.0
#include "interconnect/address_map.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <stdexcept>

namespace epoch {

namespace {

std::string hex(std::uint64_t value, int digits) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%0*llx", digits, static_cast<unsigned long long>(value));
  return text;
}

std::string size_text(std::uint64_t size) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (unit + 1 < std::size(units) && size % 1024 == 0) {
    size /= 1024;
    ++unit;
  }
  return std::to_string(size) + " " + units[unit];
}

bool starts_after(std::uint64_t address, const AddressRange& range) {
  return address < range.base;
}

}  // namespace

std::string to_string(const AddressRange& range) {
  return range.name + " [" + hex(range.base, 8) + ", " + hex(range.last(), 8) + "]";
}

const AddressRange& AddressMap::add(const std::string& name, std::uint64_t base,
                                    std::uint64_t size) {
  const AddressRange range{name, base, size, ranges_.size()};
  if (size == 0) throw std::invalid_argument("address range " + name + " is empty");
  if (range.last() < base)
    throw std::invalid_argument("address range " + name + " at " + hex(base, 8) + " with " +
                                size_text(size) + " leaves the 64-bit address space");
  for (const AddressRange& other : ranges_)
    if (other.base <= range.last() && base <= other.last())
      throw std::invalid_argument("address ranges overlap: " + epoch::to_string(range) + " and " +
                                  epoch::to_string(other));
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), base, starts_after);
  return *ranges_.insert(after, range);
}

const AddressRange* AddressMap::find(std::uint64_t address, std::uint64_t length) const {
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address, starts_after);
  if (after == ranges_.begin()) return nullptr;
  const AddressRange& range = *(after - 1);
  if (address > range.last()) return nullptr;
  const std::uint64_t beyond_first = length == 0 ? 0 : length - 1;
  return beyond_first <= range.last() - address ? &range : nullptr;
}

AddressMap::Gap AddressMap::gap(std::uint64_t address) const {
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address, starts_after);
  Gap result{0, std::numeric_limits<std::uint64_t>::max()};
  if (after != ranges_.end()) result.last = after->base - 1;
  if (after != ranges_.begin()) result.first = (after - 1)->last() + 1;
  return result;
}

std::string AddressMap::to_string() const {
  std::uint64_t top = 0;
  for (const AddressRange& range : ranges_) top = std::max(top, range.last());
  const int digits = top > 0xFFFFFFFFu ? 16 : 8;
  std::string text;
  for (const AddressRange& range : ranges_) {
    char size[32];
    std::snprintf(size, sizeof size, "%9s", size_text(range.size).c_str());
    text += hex(range.base, digits) + "  " + hex(range.last(), digits) + "  " + size + "  " +
            range.name + "\n";
  }
  return text;
}

}  // namespace epoch
