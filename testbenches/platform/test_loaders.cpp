// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <random>

#include "errors.h"
#include "loaders/elf.h"
#include "loaders/placement.h"
#include "platform/elf_builder.h"
#include "platform/scratch_folder.h"

using namespace epoch;
using Catch::Matchers::Contains;
using test::ElfBuilder;
using test::message_of;
using test::ScratchFolder;

namespace {

std::string refusal(const std::vector<std::uint8_t>& bytes) {
  return message_of<InputError>([&] { ElfFile::parse("t.elf", bytes); });
}

std::string refusal_with(std::size_t at, std::uint16_t value) {
  std::vector<std::uint8_t> bytes = ElfBuilder().build();
  ElfBuilder::put16(bytes, at, value);
  return refusal(bytes);
}

Blob blob(const std::string& name, std::size_t bytes, OptionalAddress wanted = std::nullopt) {
  return {name, "epochcore,data", "data.0.address", wanted, std::vector<std::uint8_t>(bytes, 1)};
}

}  // namespace

TEST_CASE("an ELF gives segments, entry and symbols") {
  ElfBuilder builder;
  builder.entry = 0x80000002;
  builder.segments.push_back({0x40000000, {9}, 1});
  builder.symbols = {
      {"main", 0x80000000, 6, 2}, {"tail", 0x80000008, 0, 2}, {"tohost", 0x8000000c, 4, 1}};
  const ElfFile elf = ElfFile::parse("t.elf", builder.build());
  CHECK(elf.entry() == 0x80000002);
  REQUIRE(elf.segments().size() == 2);
  CHECK(elf.segments()[0].address == 0x80000000);
  CHECK(elf.segments()[0].memory_bytes == 16);
  CHECK(elf.segments()[0].bytes == std::vector<std::uint8_t>{1, 2, 3, 4});
  CHECK(elf.segments()[1].bytes == std::vector<std::uint8_t>{9});
  CHECK(elf.symbol("tohost") == 0x8000000cu);
  CHECK_FALSE(elf.symbol("nothing").has_value());
  CHECK(elf.symbolize(0x80000000) == "main");
  CHECK(elf.symbolize(0x80000004) == "main+0x4");
  CHECK(elf.symbolize(0x80000006) == "");
  CHECK(elf.symbolize(0x80000010) == "tail+0x8");
  CHECK(elf.symbolize(0x7fffffff) == "");
}

TEST_CASE("a foreign ELF is refused with the reason") {
  CHECK_THAT(refusal({}), Contains("t.elf: not an ELF"));
  CHECK_THAT(refusal({'#', '!', '/', 'b'}), Contains("not an ELF"));
  CHECK_THAT(refusal_with(4, 0x0102), Contains("64-bit"));
  CHECK_THAT(refusal_with(4, 0x0201), Contains("big-endian"));
  CHECK_THAT(refusal_with(18, 62), Contains("machine 62"));
  CHECK_THAT(refusal_with(16, 1), Contains("not an executable"));
  CHECK_THAT(refusal_with(16, 3), Contains("not an executable"));
  CHECK_THAT(refusal_with(36, 0x5), Contains("the hart has no D"));
  CHECK_THAT(refusal_with(36, 0x8), Contains("RV32E"));
  CHECK_THAT(refusal_with(44, 0), Contains("nothing to load"));
  CHECK_THAT(refusal_with(42, 56), Contains("56 bytes"));
  CHECK_THAT(refusal_with(24, 0x1000), Contains("entry point"));
}

TEST_CASE("every truncation of an ELF is refused") {
  ElfBuilder builder;
  builder.symbols = {{"main", 0x80000000, 4, 2}};
  const std::vector<std::uint8_t> whole = builder.build();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO("first " << size << " of " << whole.size() << " bytes");
    CHECK_FALSE(
        refusal({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}).empty());
  }
}

TEST_CASE("segments that lie about their size are refused") {
  std::vector<std::uint8_t> bytes = ElfBuilder().build();
  ElfBuilder::put32(bytes, 52 + 20, 2);  // memory size < file size
  CHECK_THAT(refusal(bytes), Contains("larger in the file"));
  bytes = ElfBuilder().build();
  ElfBuilder::put32(bytes, 52 + 20, 0xffffffff);
  CHECK_THAT(refusal(bytes), Contains("past 4 GiB"));
  bytes = ElfBuilder().build();
  ElfBuilder::put32(bytes, 52 + 4, 0xfffffff0);
  CHECK_THAT(refusal(bytes), Contains("truncated: a segment"));
}

TEST_CASE("spoiled ELFs are read or refused, never worse") {
  const unsigned seed = 20251;
  CAPTURE(seed);
  std::mt19937 random(seed);
  ElfBuilder builder;
  builder.symbols = {{"main", 0x80000000, 4, 2}, {"tohost", 0x80000004, 4, 1}};
  const std::vector<std::uint8_t> whole = builder.build();
  unsigned refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::uint8_t> bytes = whole;
    for (int n = 0; n < 3; ++n) {
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    }
    try {
      ElfFile::parse("t.elf", bytes).symbolize(0x80000002);
    } catch (const InputError&) {
      ++refused;
    }
  }
  CHECK(refused > 1000);
}

TEST_CASE("blobs are placed downwards from the top of dram on page boundaries") {
  const Configuration c = load_configuration(std::nullopt, {"dram.size_mib=1"});
  const ElfFile elf = ElfFile::parse("t.elf", ElfBuilder().build());
  std::vector<Blob> blobs = {blob("a", 5000), blob("fixed", 100, 0x800fe000), blob("b", 4096)};
  place(c, "t.elf", elf, blobs);
  CHECK(blobs[1].address == 0x800fe000);
  CHECK(blobs[0].address == 0x800fc000);  // 5000 bytes do not fit above the fixed one
  CHECK(blobs[2].address == 0x800ff000);
}

TEST_CASE("what does not fit or overlaps is refused with both ranges") {
  const Configuration c = load_configuration(std::nullopt, {"dram.size_mib=1"});
  const ElfFile elf = ElfFile::parse("t.elf", ElfBuilder().build());
  const auto refusal_of = [&](std::vector<Blob> blobs) {
    return message_of<InputError>([&] { place(c, "t.elf", elf, blobs); });
  };
  CHECK_THAT(refusal_of({blob("big", 2 << 20)}), Contains("big") && Contains("no free place"));
  CHECK_THAT(refusal_of({blob("a", 600 << 10), blob("b", 600 << 10)}), Contains("b: 614400 bytes"));
  CHECK_THAT(refusal_of({blob("on", 64, 0x80000000)}),
             Contains("0x80000000..0x8000003f") && Contains("ELF segment 0x80000000..0x8000000f"));
  CHECK_THAT(refusal_of({blob("a", 8192, 0x80010000), blob("b", 1, 0x80011000)}),
             Contains("b 0x80011000..0x80011000 overlaps a 0x80010000..0x80011fff"));
  CHECK_THAT(refusal_of({blob("out", 64, 0x10000000)}), Contains("outside memory"));
  CHECK_THAT(refusal_of({blob("end", 8192, 0x800ff000)}), Contains("outside memory"));

  ElfBuilder outside;
  outside.entry = 0x1000;
  outside.segments = {{0x1000, {1}, 4}};
  std::vector<Blob> none;
  CHECK_THAT(message_of<InputError>(
                 [&] { place(c, "t.elf", ElfFile::parse("t.elf", outside.build()), none); }),
             Contains("0x00001000..0x00001003 lies outside memory") && Contains("sram") &&
                 Contains("dram 0x80000000..0x800fffff"));
  ElfBuilder twice;
  twice.segments.push_back({0x80000008, {1}, 4});
  CHECK_THAT(message_of<InputError>(
                 [&] { place(c, "t.elf", ElfFile::parse("t.elf", twice.build()), none); }),
             Contains("overlap"));
}
