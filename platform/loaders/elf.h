// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace epoch {

struct ElfSegment {
  std::uint32_t address = 0;       // physical
  std::uint32_t memory_bytes = 0;  // >= bytes.size(); the rest is zero
  std::vector<std::uint8_t> bytes;
};

struct ElfSymbol {
  std::string name;
  std::uint32_t address = 0;
  std::uint32_t size = 0;
  bool is_function = false;  // otherwise a label or an object
};

// A statically linked RISC-V program, ELF32 little endian.
//
// A reader of our own rather than libelf: two tables and their bounds are all there is to read, and
// every refusal can say what is wrong with the file in our words.
class ElfFile {
 public:
  static constexpr std::uint64_t kMaxFileBytes = 256u << 20;

  // Throws InputError naming the file and what is wrong.
  static ElfFile read(const std::filesystem::path& file);
  static ElfFile parse(const std::string& name, const std::vector<std::uint8_t>& bytes);
  // True if the file starts like an ELF of any kind.
  static bool has_magic(const std::filesystem::path& file);

  std::uint32_t entry() const { return entry_; }
  const std::vector<ElfSegment>& segments() const { return segments_; }
  std::optional<std::uint32_t> symbol(const std::string& name) const;
  // Functions and labels by address; of several at one address a function comes last.
  const std::vector<ElfSymbol>& code_symbols() const { return code_; }
  // "main+0x12", or "" where no symbol is near.
  std::string symbolize(std::uint32_t address) const;

 private:
  friend class ElfReader;
  std::uint32_t entry_ = 0;
  std::vector<ElfSegment> segments_;
  std::vector<ElfSymbol> symbols_;  // all named ones of the symbol table
  std::vector<ElfSymbol> code_;     // functions and labels, by address
};

}  // namespace epoch
