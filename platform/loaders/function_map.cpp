// SPDX-License-Identifier: Apache-2.0
#include "loaders/function_map.h"

#include <algorithm>

namespace epoch {

FunctionMap::FunctionMap(const ElfFile& elf) : symbols_(elf.code_symbols()) {
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    const ElfSymbol& symbol = symbols_[i];
    if (i + 1 < symbols_.size() && symbols_[i + 1].address == symbol.address) continue;  // an alias
    const bool sized_function = symbol.is_function && symbol.size != 0;
    if (!functions_.empty() && functions_.back().range.contains(symbol.address)) {
      if (!sized_function) continue;
      functions_.back().range.last = symbol.address - 1;
    }
    functions_.push_back({range_of(i), symbol.name});
  }
}

AddressRange32 FunctionMap::range_of(std::size_t symbol) const {
  constexpr std::uint32_t kMostWithoutSize = 4096;
  const std::uint32_t first = symbols_[symbol].address;
  std::uint32_t bytes = symbols_[symbol].size;
  if (bytes == 0) {
    bytes = kMostWithoutSize;
    for (std::size_t i = symbol + 1; i < symbols_.size(); ++i) {
      if (symbols_[i].address == first) continue;
      bytes = std::min(bytes, symbols_[i].address - first);
      break;
    }
  }
  return {first, first + std::min(bytes - 1, ~first)};
}

std::optional<std::size_t> FunctionMap::at(std::uint32_t address) const {
  const auto after = std::upper_bound(
      functions_.begin(), functions_.end(), address,
      [](std::uint32_t a, const Function& function) { return a < function.range.first; });
  if (after == functions_.begin() || !std::prev(after)->range.contains(address)) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(std::prev(after) - functions_.begin());
}

std::optional<AddressRange32> FunctionMap::named(const std::string& name) const {
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    if (symbols_[i].name == name) return range_of(i);
  }
  return std::nullopt;
}

}  // namespace epoch
