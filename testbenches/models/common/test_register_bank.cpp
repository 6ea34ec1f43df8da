// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <stdexcept>
#include <utility>

#include "common/register_bank.h"

using epoch::Access;
using epoch::Register;
using epoch::RegisterBank;

namespace {

constexpr std::uint32_t window = 0x100;

// One register of each access right, a field mask, an array and a latched pair.
std::vector<Register> one_of_each() {
  return {
      {"RO", 0x00, 1, Access::ro, 0x11, "", {}},
      {"RW", 0x04, 1, Access::rw, 0x22, "", {}},
      {"W1C", 0x08, 1, Access::w1c, 0x0F, "", {}},
      {"CFG", 0x0C, 1, Access::cfg, 0x44, "", {}},
      {"LOW", 0x10, 1, Access::latch, 0x55, "", {}},
      {"HIGH", 0x14, 1, Access::ro, 0x66, "", {}},
      {"FIELDS", 0x18, 1, Access::rw, 0, "", {{"A", 0, 4, ""}, {"B", 28, 4, ""}}},
      {"ARRAY", 0x40, 3, Access::rw, 0x77, "", {}},
  };
}

std::string refusal(std::vector<Register> table) {
  try {
    RegisterBank bank(window, std::move(table));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("registers start at their reset values") {
  RegisterBank bank(window, one_of_each());
  for (const Register& reg : one_of_each())
    for (unsigned i = 0; i < reg.count; ++i) {
      INFO(reg.name << " " << i);
      CHECK(bank.get(reg.offset + 4 * i) == reg.reset);
      CHECK(bank.peek(reg.offset + 4 * i) == reg.reset);
      CHECK(bank.read(reg.offset + 4 * i) == reg.reset);
    }
}

TEST_CASE("a bus write changes what the access right allows") {
  RegisterBank bank(window, one_of_each());
  const std::map<std::uint32_t, std::uint32_t> after_writing_a_pattern = {
      {0x00, 0x11}, {0x04, 0xFFFFFFF5}, {0x08, 0x0A}, {0x0C, 0x44},       {0x10, 0x55},
      {0x14, 0x66}, {0x18, 0xF0000005}, {0x40, 0x77}, {0x44, 0xFFFFFFF5}, {0x48, 0x77},
  };
  for (std::uint32_t offset : {0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x44})
    bank.write(offset, 0xFFFFFFF5);
  for (const auto& [offset, value] : after_writing_a_pattern) {
    INFO("offset " << offset);
    CHECK(bank.get(offset) == value);
  }
}

TEST_CASE("the model sets any register, whatever the access right") {
  RegisterBank bank(window, one_of_each());
  for (const Register& reg : one_of_each()) {
    bank.set(reg.offset, 0xABCD0123);
    CHECK(bank.get(reg.offset) == 0xABCD0123);
  }
}

TEST_CASE("reserved offsets read 0, ignore writes, and are no register to the model") {
  RegisterBank bank(window, one_of_each());
  for (std::uint32_t offset : {0x1Cu, 0x3Cu, 0x4Cu, 0xFCu}) {
    bank.write(offset, 0xFFFFFFFF);
    CHECK(bank.read(offset) == 0);
    CHECK(bank.peek(offset) == 0);
    CHECK(bank.find(offset) == nullptr);
    CHECK_THROWS_AS(bank.get(offset), std::out_of_range);
    CHECK_THROWS_AS(bank.set(offset, 1), std::out_of_range);
  }
  CHECK(bank.find(0x48)->name == "ARRAY");
}

TEST_CASE("reset restores all but the configuration") {
  RegisterBank bank(window, one_of_each());
  for (const Register& reg : one_of_each())
    for (unsigned i = 0; i < reg.count; ++i) bank.set(reg.offset + 4 * i, 0x99);
  bank.read(0x10);  // latches 0x99 from the high word
  bank.reset();
  CHECK(bank.read(0x14) == 0x66);  // before the low word latches it again
  for (const Register& reg : one_of_each())
    for (unsigned i = 0; i < reg.count; ++i) {
      INFO(reg.name << " " << i);
      CHECK(bank.read(reg.offset + 4 * i) == (reg.name == "CFG" ? 0x99 : reg.reset));
    }
}

TEST_CASE("reading the low word latches the high word") {
  RegisterBank bank(window, one_of_each());
  std::uint64_t counter = 0x1'FFFFFFFF;
  bank.on_read(0x10, [&](unsigned) { return static_cast<std::uint32_t>(counter); });
  bank.on_read(0x14, [&](unsigned) { return static_cast<std::uint32_t>(counter >> 32); });
  CHECK(bank.read(0x10) == 0xFFFFFFFF);
  counter = 0x2'00000000;
  CHECK(bank.peek(0x10) == 0);  // debug sees the counter now, and latches nothing
  CHECK(bank.peek(0x14) == 1);
  CHECK(bank.read(0x14) == 1);
  CHECK(bank.read(0x14) == 1);
  CHECK(bank.read(0x10) == 0);
  CHECK(bank.read(0x14) == 2);
}

TEST_CASE("hooks get the element index, and a write only the fields' bits") {
  RegisterBank bank(window, one_of_each());
  std::vector<std::pair<unsigned, std::uint32_t>> written, read;
  bank.on_read(0x40, [](unsigned index) { return 100 + index; });
  bank.after_read(0x40, [&](unsigned i, std::uint32_t v) { read.emplace_back(i, v); });
  bank.on_write(0x40, [&](unsigned i, std::uint32_t v) { written.emplace_back(i, v); });
  bank.on_write(0x18, [&](unsigned i, std::uint32_t v) { written.emplace_back(i, v); });
  bank.write(0x48, 5);
  bank.write(0x18, 0xFFFFFFFF);
  CHECK(written == decltype(written){{2, 5}, {0, 0xF000000F}});
  CHECK(bank.get(0x48) == 0x77);  // the hook replaces storing
  CHECK(bank.peek(0x44) == 101);
  CHECK(read.empty());
  CHECK(bank.read(0x48) == 102);
  CHECK(read == decltype(read){{2, 102}});
}

TEST_CASE("a W1C hook sees the ones that the bus wrote") {
  RegisterBank bank(window, one_of_each());
  std::uint32_t cleared = 0;
  bank.on_write(0x08, [&](unsigned, std::uint32_t ones) {
    cleared = ones;
    bank.set(0x08, bank.get(0x08) & ~ones);
  });
  bank.write(0x08, 0x03);
  CHECK(cleared == 0x03);
  CHECK(bank.read(0x08) == 0x0C);
}

TEST_CASE("hooks are refused where they cannot work") {
  RegisterBank bank(window, one_of_each());
  const auto ignore = [](unsigned, std::uint32_t) {};
  CHECK_THROWS_AS(bank.on_write(0x00, ignore), std::invalid_argument);
  CHECK_THROWS_AS(bank.on_write(0x0C, ignore), std::invalid_argument);
  CHECK_THROWS_AS(bank.on_write(0x44, ignore), std::out_of_range);
  CHECK_THROWS_AS(bank.on_read(0xF0, [](unsigned) { return 0u; }), std::out_of_range);
}

TEST_CASE("a table that cannot be right is refused by name") {
  CHECK(refusal({{"A", 0x0, 2, Access::rw, 0, "", {}}, {"B", 0x4, 1, Access::rw, 0, "", {}}}) ==
        "register B at 0x4: overlaps A at 0x0");
  CHECK(refusal({{"A", 0xFC, 2, Access::rw, 0, "", {}}}) ==
        "register A at 0xfc: outside the window of 0x100 bytes");
  CHECK(refusal({{"A", 0x2, 1, Access::rw, 0, "", {}}}) ==
        "register A at 0x2: not a multiple of 4");
  CHECK(refusal({{"A", 0x0, 0, Access::rw, 0, "", {}}}) == "register A at 0x0: has no words");
  CHECK(refusal({{"A", 0x0, 1, Access::rw, 0, "", {{"F", 30, 3, ""}}}}) ==
        "register A at 0x0: field F leaves the word");
  const std::string latch =
      "register A at 0x0: a latch register is one word with one read-only word behind";
  CHECK(refusal({{"A", 0x0, 1, Access::latch, 0, "", {}}}) == latch);
  CHECK(refusal({{"A", 0x0, 1, Access::latch, 0, "", {}}, {"B", 0x4, 1, Access::rw, 0, "", {}}}) ==
        latch);
  CHECK(refusal({{"A", 0x0, 1, Access::latch, 0, "", {}}, {"B", 0x8, 1, Access::ro, 0, "", {}}}) ==
        latch);
}

// Random tables and random accesses against a plain map of words.
TEST_CASE("random accesses do what a map of words does") {
  const unsigned seed = GENERATE(1u, 2u, 3u, 4u, 5u);
  CAPTURE(seed);
  std::mt19937 generator(seed);
  const auto random = [&] { return static_cast<std::uint32_t>(generator()); };
  std::vector<Register> table;
  std::map<std::uint32_t, std::pair<Access, std::uint32_t>> model;
  const Access rights[] = {Access::ro, Access::rw, Access::w1c, Access::cfg};
  for (std::uint32_t offset = 0; offset < 0x400;) {
    const unsigned count = 1 + random() % 3;
    const Register reg{"R", offset, count, rights[random() % 4], random(), "", {}};
    for (unsigned i = 0; i < count; ++i) model[offset + 4 * i] = {reg.access, reg.reset};
    table.push_back(reg);
    offset += 4 * (count + random() % 3);
  }
  std::shuffle(table.begin(), table.end(), generator);
  RegisterBank bank(0x500, table);
  for (int i = 0; i < 20000; ++i) {
    const std::uint32_t offset = random() % 0x500 & ~3u;
    const std::uint32_t value = random();
    bank.write(offset, value);
    const auto word = model.find(offset);
    if (word != model.end()) {
      auto& [access, stored] = word->second;
      if (access == Access::rw) stored = value;
      if (access == Access::w1c) stored &= ~value;
    }
    REQUIRE(bank.read(offset) == (word == model.end() ? 0 : word->second.second));
  }
}
