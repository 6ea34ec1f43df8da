// SPDX-License-Identifier: Apache-2.0
//
// Backtraces of ELFs whose debug information is spoiled, and the child process that reads them.
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "errors.h"
#include "files/input_file.h"
#include "run/backtrace.h"
#include "split_mix.h"

namespace epoch::test {
namespace {

StoppedHart stopped_at(std::uint32_t pc) {
  StoppedHart hart;
  hart.pc = pc;
  hart.x[1] = pc + 4;
  hart.x[2] = 0x80100000;
  hart.read = [](std::uint32_t address) -> std::optional<std::uint32_t> {
    if (address % 4 != 0 || address < 0x80000000) return std::nullopt;
    return 0x80000000 + (address & 0xfff);
  };
  return hart;
}

TEST_CASE("a child answers, or its death, its silence and its flood are told") {
  CHECK(made_in_child([] { return std::string("text"); }, 10, "none") == "text");
  CHECK(made_in_child([] { return std::string(); }, 10, "none").empty());
  CHECK(made_in_child([]() -> std::string { throw std::runtime_error("x"); }, 10, "none") ==
        "none: the reader failed");
  CHECK(made_in_child(
            []() -> std::string {
              std::raise(SIGKILL);
              return "";
            },
            10, "none") == "none: the reader was ended by signal 9");
  CHECK(made_in_child([] { return std::string(1u << 20, 'x'); }, 10, "none").rfind("none: ", 0) ==
        0);
  const auto for_ever = []() -> std::string {
    for (volatile unsigned i = 0;; i = i + 1) {
    }
  };
  CHECK(made_in_child(for_ever, 1, "none").rfind("none: the reader was ended by signal ", 0) == 0);
}

TEST_CASE("a spoiled ELF costs the backtrace at most") {
  const std::vector<std::uint8_t> good = read_file(EPOCH_CALLS_ELF, 1u << 24);
  const ElfFile elf = ElfFile::parse("calls.elf", good);
  const std::uint32_t pc = *elf.symbol("innermost") + 20;
  const std::string right = backtrace(good, elf, stopped_at(pc));
  CHECK(right.find("innermost (") != std::string::npos);
  // Behind the program headers and the code, a few of them: where the debug information lies.
  SplitMix64 random(1);
  const std::size_t first = 0x100;
  for (int i = 0; i < 300; ++i) {
    std::vector<std::uint8_t> bad = good;
    const unsigned spoils = 1u << (i % 8);
    for (unsigned n = 0; n < spoils; ++n) {
      bad[first + random.next() % (bad.size() - first)] = static_cast<std::uint8_t>(random.next());
    }
    if (i % 5 == 0) bad.resize(first + random.next() % (bad.size() - first));
    const std::string text = backtrace(bad, elf, stopped_at(pc));
    CHECK(text.rfind("\n  ", 0) == 0);
    CHECK(text.size() < 65536);
    for (const char c : text) REQUIRE((c == '\n' || (c >= ' ' && c != 0x7f)));
  }
}

TEST_CASE("a backtrace without any debug information, and of no code at all") {
  const std::vector<std::uint8_t> good = read_file(EPOCH_CALLS_ELF, 1u << 24);
  const ElfFile elf = ElfFile::parse("calls.elf", good);
  CHECK(backtrace({}, elf, stopped_at(0x80000000)).find("#0  0x80000000 _start") !=
        std::string::npos);
  for (const std::uint32_t pc : {0u, 1u, 0xffffffffu, 0x70000000u}) {
    const std::string text = backtrace(good, elf, stopped_at(pc));
    CHECK(text.find("an address without a symbol") != std::string::npos);
    CHECK(text.find("no call frame information") != std::string::npos);
  }
}

}  // namespace
}  // namespace epoch::test
