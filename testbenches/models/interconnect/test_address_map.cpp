// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <stdexcept>

#include "interconnect/address_map.h"

using epoch::AddressMap;
using epoch::AddressRange;

namespace {

constexpr std::uint64_t last_address = std::numeric_limits<std::uint64_t>::max();

std::string refusal(AddressMap& map, const std::string& name, std::uint64_t base,
                    std::uint64_t size) {
  try {
    map.add(name, base, size);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("ranges are kept sorted, and know the order of adding") {
  AddressMap map;
  map.add("dram", 0x80000000, 0x20000000);
  map.add("rom", 0x1000, 0x1000);
  map.add("high", 0x1'00000000, 0x1000);
  CHECK(map.ranges()[0].name == "rom");
  CHECK(map.ranges()[0].port == 1);
  CHECK(map.ranges()[1].name == "dram");
  CHECK(map.ranges()[1].port == 0);
  CHECK(map.ranges()[2].name == "high");
}

TEST_CASE("an overlap is refused with both ranges named") {
  AddressMap map;
  map.add("sram", 0x40000000, 0x10000);
  const std::string other = " and sram [0x40000000, 0x4000ffff]";
  CHECK(refusal(map, "a", 0x4000FFFF, 1) ==
        "address ranges overlap: a [0x4000ffff, 0x4000ffff]" + other);
  CHECK(refusal(map, "b", 0x3FFFFFFF, 2) ==
        "address ranges overlap: b [0x3fffffff, 0x40000000]" + other);
  CHECK(refusal(map, "c", 0, last_address) ==
        "address ranges overlap: c [0x00000000, 0xfffffffffffffffe]" + other);
  CHECK(refusal(map, "d", 0x40000100, 4) ==
        "address ranges overlap: d [0x40000100, 0x40000103]" + other);
  CHECK(refusal(map, "below", 0x3FFFF000, 0x1000) == "accepted");
  CHECK(refusal(map, "above", 0x40010000, 0x1000) == "accepted");
  CHECK(map.ranges().size() == 3);
}

TEST_CASE("empty ranges and ranges beyond 64 bits are refused") {
  AddressMap map;
  CHECK(refusal(map, "none", 0x1000, 0) == "address range none is empty");
  CHECK(refusal(map, "far", last_address - 0xFFF, 0x1001) ==
        "address range far at 0xfffffffffffff000 with 4097 B leaves the 64-bit address space");
  CHECK(refusal(map, "top", last_address - 0xFFF, 0x1000) == "accepted");
  CHECK(map.find(last_address, 1)->name == "top");
  CHECK(map.find(last_address, 2) == nullptr);
}

TEST_CASE("an access belongs to a range only if all of it does") {
  AddressMap map;
  map.add("a", 0x1000, 0x1000);
  map.add("b", 0x2000, 0x1000);
  map.add("c", 0x4000, 0x1000);
  CHECK(map.find(0xFFF, 1) == nullptr);
  CHECK(map.find(0x1000, 0x1000)->name == "a");
  CHECK(map.find(0x1FFF, 1)->name == "a");
  CHECK(map.find(0x1FFC, 8) == nullptr);  // straddles into b
  CHECK(map.find(0x2FFF, 2) == nullptr);  // straddles into nothing
  CHECK(map.find(0x3000, 1) == nullptr);
  CHECK(map.find(0x5000, 1) == nullptr);
  CHECK(map.find(0x4000, last_address) == nullptr);
}

TEST_CASE("the gap around an unmapped address reaches to its neighbours") {
  AddressMap map;
  CHECK(map.gap(5).first == 0);
  CHECK(map.gap(5).last == last_address);
  map.add("a", 0x1000, 0x1000);
  map.add("b", 0x4000, 0x1000);
  CHECK(map.gap(0).last == 0xFFF);
  CHECK(map.gap(0x3000).first == 0x2000);
  CHECK(map.gap(0x3000).last == 0x3FFF);
  CHECK(map.gap(0x5000).first == 0x5000);
}

TEST_CASE("the map prints one line a range") {
  AddressMap map;
  map.add("dram", 0x80000000, 512u << 20);
  map.add("boot rom", 0x1000, 0x1000);
  map.add("csr", 0x20000000, 4095);
  CHECK(map.to_string() ==
        "0x00001000  0x00001fff      4 KiB  boot rom\n"
        "0x20000000  0x20000ffe     4095 B  csr\n"
        "0x80000000  0x9fffffff    512 MiB  dram\n");
}

// Random maps against a search through a plain list.
TEST_CASE("random maps are searched like lists") {
  const unsigned seed = GENERATE(11u, 12u, 13u, 14u);
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  AddressMap map;
  std::vector<AddressRange> list;
  for (int i = 0; i < 40; ++i) {
    const std::uint64_t base = random() % 0x4000;
    const std::uint64_t size = 1 + random() % 0x300;
    bool free = true;
    for (const AddressRange& r : list) free = free && (base + size <= r.base || base > r.last());
    CHECK((refusal(map, "r", base, size) == "accepted") == free);
    if (free) list.push_back({"r", base, size, list.size()});
  }
  for (std::size_t i = 1; i < map.ranges().size(); ++i)
    REQUIRE(map.ranges()[i - 1].last() < map.ranges()[i].base);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t address = random() % 0x4800;
    const std::uint64_t length = 1 + random() % 64;
    const AddressRange* expected = nullptr;
    for (const AddressRange& r : list)
      if (address >= r.base && address + length <= r.base + r.size) expected = &r;
    const AddressRange* found = map.find(address, length);
    REQUIRE((found == nullptr) == (expected == nullptr));
    if (found != nullptr) REQUIRE(found->port == expected->port);
  }
}
