// SPDX-License-Identifier: Apache-2.0
#include "loaders/elf.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "errors.h"
#include "files/input_file.h"

namespace epoch {
namespace {

// ELF-32 Object File Format (TIS 1.2) and the RISC-V ELF psABI.
constexpr std::uint32_t kHeaderBytes = 52;
constexpr std::uint32_t kProgramHeaderBytes = 32;
constexpr std::uint32_t kSectionHeaderBytes = 40;
constexpr std::uint32_t kSymbolBytes = 16;
constexpr std::uint16_t kMachineRiscV = 243;
constexpr std::uint16_t kTypeExecutable = 2;
constexpr std::uint32_t kSegmentLoad = 1;
constexpr std::uint32_t kSegmentInterpreter = 3;
constexpr std::uint32_t kSectionSymbols = 2;
constexpr std::uint16_t kSectionAbsolute = 0xFFF1;
constexpr unsigned kSymbolNone = 0;
constexpr unsigned kSymbolObject = 1;
constexpr unsigned kSymbolFunction = 2;
constexpr std::uint32_t kFlagRve = 0x8;
constexpr std::uint32_t kFlagDoubleAbi = 0x4;  // double or quad precision
// Symbols may share the tail of a name, so their names together can be longer than the file.
constexpr std::uint64_t kMaxNameBytes = 64u << 20;

}  // namespace

// Bounds-checked reading of one file's bytes.
class ElfReader {
 public:
  ElfReader(const std::string& name, const std::vector<std::uint8_t>& bytes)
      : name_(name), bytes_(bytes) {}

  ElfFile read() {
    check_header();
    ElfFile elf;
    elf.entry_ = word(24);
    read_segments(elf);
    read_symbols(elf);
    return elf;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const { throw InputError(name_, why); }

  void need(std::uint64_t offset, std::uint64_t size, const char* what) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      refuse(std::string("truncated: ") + what + " ends at byte " + std::to_string(offset + size) +
             ", the file at " + std::to_string(bytes_.size()));
    }
  }
  std::uint32_t word(std::uint64_t offset) const {
    return static_cast<std::uint32_t>(bytes_[offset]) |
           static_cast<std::uint32_t>(bytes_[offset + 1]) << 8 |
           static_cast<std::uint32_t>(bytes_[offset + 2]) << 16 |
           static_cast<std::uint32_t>(bytes_[offset + 3]) << 24;
  }
  std::uint16_t half(std::uint64_t offset) const {
    return static_cast<std::uint16_t>(bytes_[offset] | bytes_[offset + 1] << 8);
  }

  void check_header() const {
    if (bytes_.size() < 4 || std::memcmp(bytes_.data(),
                                         "\x7f"
                                         "ELF",
                                         4) != 0) {
      refuse("not an ELF file");
    }
    need(0, kHeaderBytes, "the ELF header");
    if (bytes_[4] != 1) refuse("a 64-bit ELF; the hart is RV32 (compile with -march=rv32imafc)");
    if (bytes_[5] != 1) refuse("a big-endian ELF; the hart is little endian");
    if (half(18) != kMachineRiscV) {
      refuse("made for machine " + std::to_string(half(18)) + ", not for RISC-V (243)");
    }
    if (half(16) != kTypeExecutable) {
      refuse("not an executable (ELF type " + std::to_string(half(16)) +
             "; link statically, without -pie)");
    }
    const std::uint32_t flags = word(36);
    if ((flags & kFlagRve) != 0) refuse("made for RV32E; the hart is RV32IMAFC (-mabi=ilp32)");
    if ((flags & kFlagDoubleAbi) != 0) {
      refuse("passes doubles in registers; the hart has no D (-mabi=ilp32 or ilp32f)");
    }
  }

  void read_segments(ElfFile& elf) const {
    const std::uint32_t table = word(28);
    const std::uint16_t entry_bytes = half(42);
    const std::uint16_t count = half(44);
    if (count == 0) refuse("has no program headers: nothing to load");
    if (entry_bytes != kProgramHeaderBytes) {
      refuse("program headers of " + std::to_string(entry_bytes) + " bytes; ELF32 has 32");
    }
    need(table, std::uint64_t{count} * kProgramHeaderBytes, "the program header table");
    std::uint64_t held = 0;  // file bytes of all segments
    for (unsigned i = 0; i < count; ++i) {
      const std::uint64_t at = table + std::uint64_t{i} * kProgramHeaderBytes;
      if (word(at) == kSegmentInterpreter) refuse("dynamically linked; link statically");
      if (word(at) == kSegmentLoad && word(at + 20) != 0) {
        held += word(at + 16);
        if (held > bytes_.size()) refuse("its segments hold more bytes than the file");
        elf.segments_.push_back(read_segment(at));
      }
    }
    if (elf.segments_.empty()) refuse("has no loadable segment");
    check_entry(elf);
  }

  ElfSegment read_segment(std::uint64_t at) const {
    const std::uint32_t offset = word(at + 4);
    const std::uint32_t file_bytes = word(at + 16);
    ElfSegment segment;
    segment.address = word(at + 12);
    segment.memory_bytes = word(at + 20);
    need(offset, file_bytes, "a segment");
    if (file_bytes > segment.memory_bytes) refuse("a segment is larger in the file than in memory");
    if (std::uint64_t{segment.address} + segment.memory_bytes > (std::uint64_t{1} << 32)) {
      refuse("a segment reaches past 4 GiB");
    }
    const auto first = bytes_.begin() + offset;
    segment.bytes.assign(first, first + file_bytes);
    return segment;
  }

  void check_entry(const ElfFile& elf) const {
    for (const ElfSegment& segment : elf.segments_) {
      if (elf.entry_ >= segment.address && elf.entry_ - segment.address < segment.memory_bytes) {
        return;
      }
    }
    refuse("its entry point lies in no segment");
  }

  void read_symbols(ElfFile& elf) const {
    const std::uint32_t table = word(32);
    const std::uint16_t count = half(48);
    if (table == 0 || count == 0) return;  // stripped
    if (half(46) != kSectionHeaderBytes) {
      refuse("section headers of " + std::to_string(half(46)) + " bytes; ELF32 has 40");
    }
    need(table, std::uint64_t{count} * kSectionHeaderBytes, "the section header table");
    bool found = false;
    for (unsigned i = 0; i < count; ++i) {
      const std::uint64_t section = table + std::uint64_t{i} * kSectionHeaderBytes;
      if (word(section + 4) != kSectionSymbols) continue;
      if (found) refuse("has two symbol tables");
      found = true;
      const std::uint32_t link = word(section + 24);
      if (link >= count) refuse("its symbol table names a string table that does not exist");
      read_symbol_table(elf, section, table + std::uint64_t{link} * kSectionHeaderBytes);
    }
    // Of several at one address a function comes last: it is the name that symbolize() gives.
    std::stable_sort(elf.code_.begin(), elf.code_.end(),
                     [](const ElfSymbol& a, const ElfSymbol& b) {
                       if (a.address != b.address) return a.address < b.address;
                       return a.is_function < b.is_function;
                     });
  }

  void read_symbol_table(ElfFile& elf, std::uint64_t section, std::uint64_t strings) const {
    const std::uint32_t offset = word(section + 16);
    const std::uint32_t size = word(section + 20);
    const std::uint32_t names = word(strings + 16);
    const std::uint32_t names_size = word(strings + 20);
    need(offset, size, "the symbol table");
    need(names, names_size, "the string table");
    std::uint64_t name_bytes = 0;
    for (std::uint32_t i = 0; size - i >= kSymbolBytes; i += kSymbolBytes) {
      const std::uint64_t at = std::uint64_t{offset} + i;
      const unsigned type = bytes_[at + 12] & 15u;
      const bool defined = half(at + 14) != 0;
      if (!defined || (type != kSymbolNone && type != kSymbolObject && type != kSymbolFunction)) {
        continue;
      }
      const ElfSymbol symbol{text(names, names_size, word(at)), word(at + 4), word(at + 8),
                             type == kSymbolFunction};
      name_bytes += symbol.name.size();
      if (name_bytes > kMaxNameBytes) refuse("its symbols' names are longer than 64 MiB together");
      if (symbol.name.empty() || symbol.name[0] == '$' || symbol.name[0] == '.') continue;
      elf.symbols_.push_back(symbol);
      const bool constant = half(at + 14) == kSectionAbsolute && type == kSymbolNone;  // .equ
      if (type != kSymbolObject && !constant) elf.code_.push_back(symbol);
    }
  }

  std::string text(std::uint32_t names, std::uint32_t names_size, std::uint32_t offset) const {
    std::string name;
    for (std::uint64_t i = offset; i < names_size && bytes_[names + i] != 0; ++i) {
      name += static_cast<char>(bytes_[names + i]);
    }
    return name;
  }

  const std::string& name_;
  const std::vector<std::uint8_t>& bytes_;
};

ElfFile ElfFile::read(const std::filesystem::path& file) {
  return parse(file.string(), read_file(file, kMaxFileBytes));
}

ElfFile ElfFile::parse(const std::string& name, const std::vector<std::uint8_t>& bytes) {
  return ElfReader(name, bytes).read();
}

bool ElfFile::has_magic(const std::filesystem::path& file) {
  std::FILE* stream = std::fopen(file.c_str(), "rb");
  if (stream == nullptr) return false;
  char magic[4] = {};
  const std::size_t count = std::fread(magic, 1, sizeof magic, stream);
  std::fclose(stream);
  return count == sizeof magic && std::memcmp(magic,
                                              "\x7f"
                                              "ELF",
                                              4) == 0;
}

std::optional<std::uint32_t> ElfFile::symbol(const std::string& name) const {
  for (const ElfSymbol& symbol : symbols_) {
    if (symbol.name == name) return symbol.address;
  }
  return std::nullopt;
}

std::string ElfFile::symbolize(std::uint32_t address) const {
  const auto after =
      std::upper_bound(code_.begin(), code_.end(), address,
                       [](std::uint32_t a, const ElfSymbol& symbol) { return a < symbol.address; });
  if (after == code_.begin()) return "";
  const ElfSymbol& symbol = *std::prev(after);
  const std::uint32_t offset = address - symbol.address;
  if (symbol.size != 0 ? offset >= symbol.size : offset >= 4096) return "";
  if (offset == 0) return symbol.name;
  char text[16];
  std::snprintf(text, sizeof text, "+0x%x", offset);
  return symbol.name + text;
}

}  // namespace epoch
