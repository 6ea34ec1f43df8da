// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "loaders/elf.h"

namespace epoch {

struct AddressRange32 {
  std::uint32_t first = 0;
  std::uint32_t last = 0;  // inclusive

  bool contains(std::uint32_t address) const { return first <= address && address <= last; }
};

// The functions of a program as ranges of addresses that do not overlap. A symbol without a size
// reaches to the next one, at most 4 KiB; a label inside a function is none.
class FunctionMap {
 public:
  struct Function {
    AddressRange32 range;
    std::string name;
  };

  explicit FunctionMap(const ElfFile& elf);

  const std::vector<Function>& functions() const { return functions_; }  // by address
  // The number of the function that the address belongs to.
  std::optional<std::size_t> at(std::uint32_t address) const;
  // The range of a symbol of any kind that is code; of several the one at the lowest address.
  std::optional<AddressRange32> named(const std::string& name) const;

 private:
  AddressRange32 range_of(std::size_t symbol) const;

  const std::vector<ElfSymbol>& symbols_;
  std::vector<Function> functions_;
};

}  // namespace epoch
