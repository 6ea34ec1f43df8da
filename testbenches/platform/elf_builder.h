// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace epoch::test {

// Builds ELF32 files byte by byte from the specification, right ones and wrong ones.
class ElfBuilder {
 public:
  struct Segment {
    std::uint32_t address;
    std::vector<std::uint8_t> bytes;
    std::uint32_t memory_bytes;
  };
  struct Symbol {
    std::string name;
    std::uint32_t address;
    std::uint32_t size;
    std::uint8_t type;  // 1 object, 2 function
  };

  std::uint32_t entry = 0x80000000;
  std::uint32_t flags = 1;  // RVC, soft float
  std::vector<Segment> segments = {{0x80000000, {1, 2, 3, 4}, 16}};
  std::vector<Symbol> symbols;

  std::vector<std::uint8_t> build() const {
    std::vector<std::uint8_t> f(52, 0);
    const std::uint8_t ident[] = {0x7f, 'E', 'L', 'F', 1, 1, 1};
    std::copy(std::begin(ident), std::end(ident), f.begin());
    put16(f, 16, 2);
    put16(f, 18, 243);
    put32(f, 20, 1);
    put32(f, 24, entry);
    put32(f, 28, 52);
    put32(f, 36, flags);
    put16(f, 40, 52);
    put16(f, 42, 32);
    put16(f, 44, static_cast<std::uint16_t>(segments.size()));
    put16(f, 46, 40);
    f.resize(52 + 32 * segments.size());
    for (std::size_t i = 0; i < segments.size(); ++i) add_segment(f, i);
    if (!symbols.empty()) add_symbols(f);
    return f;
  }

  static void put16(std::vector<std::uint8_t>& f, std::size_t at, std::uint16_t value) {
    f[at] = static_cast<std::uint8_t>(value);
    f[at + 1] = static_cast<std::uint8_t>(value >> 8);
  }
  static void put32(std::vector<std::uint8_t>& f, std::size_t at, std::uint32_t value) {
    put16(f, at, static_cast<std::uint16_t>(value));
    put16(f, at + 2, static_cast<std::uint16_t>(value >> 16));
  }

 private:
  void add_segment(std::vector<std::uint8_t>& f, std::size_t index) const {
    const Segment& segment = segments[index];
    const std::size_t at = 52 + 32 * index;
    put32(f, at, 1);
    put32(f, at + 4, static_cast<std::uint32_t>(f.size()));
    put32(f, at + 8, segment.address);
    put32(f, at + 12, segment.address);
    put32(f, at + 16, static_cast<std::uint32_t>(segment.bytes.size()));
    put32(f, at + 20, segment.memory_bytes);
    f.insert(f.end(), segment.bytes.begin(), segment.bytes.end());
  }

  // Sections: null, .symtab, .strtab.
  void add_symbols(std::vector<std::uint8_t>& f) const {
    const auto table = static_cast<std::uint32_t>(f.size());
    std::string names(1, '\0');
    f.resize(f.size() + 16 * (symbols.size() + 1));
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const std::size_t at = table + 16 * (i + 1);
      put32(f, at, static_cast<std::uint32_t>(names.size()));
      put32(f, at + 4, symbols[i].address);
      put32(f, at + 8, symbols[i].size);
      f[at + 12] = static_cast<std::uint8_t>(0x10 | symbols[i].type);
      put16(f, at + 14, 1);
      names += symbols[i].name + '\0';
    }
    const auto strings = static_cast<std::uint32_t>(f.size());
    f.insert(f.end(), names.begin(), names.end());
    const auto sections = static_cast<std::uint32_t>(f.size());
    f.resize(f.size() + 3 * 40);
    put32(f, sections + 40 + 4, 2);
    put32(f, sections + 40 + 16, table);
    put32(f, sections + 40 + 20, strings - table);
    put32(f, sections + 40 + 24, 2);
    put32(f, sections + 80 + 4, 3);
    put32(f, sections + 80 + 16, strings);
    put32(f, sections + 80 + 20, static_cast<std::uint32_t>(names.size()));
    put32(f, 32, sections);
    put16(f, 48, 3);
  }
};

}  // namespace epoch::test
