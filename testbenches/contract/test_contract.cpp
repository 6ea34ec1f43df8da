// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "epochcore.h"

namespace {

struct FieldRow {
  std::string reg, name;
  unsigned lsb, width;
};
struct RegisterRow {
  std::string name;
  std::uint32_t offset, count;
  std::string access;
  std::uint32_t reset;
  std::vector<FieldRow> fields;
};

const std::vector<RegisterRow>& registers() {
#define FIELD(reg, name, lsb, width, description) FieldRow{#reg, #name, lsb, width},
#define REGISTER(name, offset, count, access, reset, description, fields) \
  RegisterRow{#name, offset, count, #access, reset, {fields}},
  static const std::vector<RegisterRow> rows = {EPOCH_REGISTERS(REGISTER, FIELD)};
#undef REGISTER
#undef FIELD
  return rows;
}

}  // namespace

TEST_CASE("registers are aligned, inside the window and disjoint") {
  std::set<std::uint32_t> taken;
  for (const auto& row : registers()) {
    CAPTURE(row.name);
    CHECK(row.offset % 4 == 0);
    CHECK(row.count >= 1);
    for (std::uint32_t i = 0; i < row.count; ++i) {
      CHECK(row.offset + 4 * i < EPOCH_WINDOW_BYTES);
      CHECK(taken.insert(row.offset + 4 * i).second);
    }
  }
}

TEST_CASE("fields stay inside their register, below bit 31, and do not overlap") {
  for (const auto& row : registers()) {
    std::uint64_t used = 0;
    for (const auto& field : row.fields) {
      CAPTURE(row.name, field.name);
      CHECK(field.reg == row.name);
      CHECK(field.width >= 1);
      CHECK(field.lsb + field.width <= 31);  // masks are C enumerators: ints
      const std::uint64_t mask = ((std::uint64_t{1} << field.width) - 1) << field.lsb;
      CHECK((used & mask) == 0);
      used |= mask;
    }
  }
}

TEST_CASE("access kinds are the documented ones and latching words are followed by theirs") {
  std::map<std::uint32_t, const RegisterRow*> by_offset;
  for (const auto& row : registers()) by_offset[row.offset] = &row;
  const std::set<std::string> kinds = {"RO", "RW", "W1C", "CFG", "LATCH"};
  for (const auto& row : registers()) {
    CAPTURE(row.name);
    CHECK(kinds.count(row.access) == 1);
    if (row.access != "LATCH") continue;
    const auto high = by_offset.find(row.offset + 4);
    REQUIRE(high != by_offset.end());
    CHECK(high->second->access == "RO");
    CHECK(high->second->name == row.name.substr(0, row.name.size() - 2) + "HI");
  }
}

TEST_CASE("error codes are unique and in the group of their kind") {
  std::set<unsigned> values;
  const std::map<unsigned, std::set<std::string>> groups = {
      {0x2, {"BUS_READ", "BUS_WRITE", "BUS_FETCH", "GATHER_INDEX"}},
      {0x3, {"SEMAPHORE_OVERFLOW"}},
      {0x5, {"WATCHDOG"}},
      {0x6, {"NUMERIC_OVERFLOW", "NUMERIC_NAN", "NUMERIC_SATURATED"}}};
  const auto check = [&](const std::string& name, unsigned value) {
    CAPTURE(name, value);
    CHECK(values.insert(value).second);
    const auto group = groups.find(value >> 8);
    if (group != groups.end())
      CHECK(group->second.count(name) == 1);
    else
      CHECK((value == 0 || value >> 8 == 1));
  };
#define ERROR_ROW(name, value, description) check(#name, value);
  EPOCH_ERRORS(ERROR_ROW)
#undef ERROR_ROW
}

TEST_CASE("opcodes are unique, never 0, and grouped by engine") {
  std::set<unsigned> values;
  const auto check = [&](unsigned opcode, unsigned engine) {
    CAPTURE(opcode);
    CHECK(opcode != 0);
    CHECK(values.insert(opcode).second);
    const unsigned group = engine == EPOCH_ENGINE_CONTROL ? 0 : engine + 1;
    CHECK(opcode >> 4 == group);
  };
#define OPCODE_ROW(name, opcode, engine, description) check(opcode, EPOCH_ENGINE_##engine);
  EPOCH_OPCODES(OPCODE_ROW)
#undef OPCODE_ROW
}
