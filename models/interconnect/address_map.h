// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace epoch {

// `size` bytes from `base` on, served by a target. The last byte may be the last of 64 bits.
struct AddressRange {
  std::string name;
  std::uint64_t base;
  std::uint64_t size;
  std::size_t port = 0;  // position in the order of adding

  std::uint64_t last() const { return base + (size - 1); }
};

std::string to_string(const AddressRange& range);  // "dram [0x80000000, 0x9fffffff]"

// Which target answers which address: sorted, without overlaps.
class AddressMap {
 public:
  // Throws std::invalid_argument for an empty range, one that leaves 64 bits, or one that overlaps
  // an earlier one: both are named.
  const AddressRange& add(const std::string& name, std::uint64_t base, std::uint64_t size);

  const std::vector<AddressRange>& ranges() const { return ranges_; }

  // The range that holds all `length` bytes from `address` on, or nullptr.
  const AddressRange* find(std::uint64_t address, std::uint64_t length = 1) const;

  // First and last address around `address` that no range holds; `address` must be unmapped.
  struct Gap {
    std::uint64_t first, last;
  };
  Gap gap(std::uint64_t address) const;

  // One line a range: first address, last address, size, name.
  std::string to_string() const;

 private:
  std::vector<AddressRange> ranges_;
};

}  // namespace epoch
