// SPDX-License-Identifier: Apache-2.0
//
// The tags of the L1 caches against a list of lines in order of use, and the hart's traffic with
// them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <list>
#include <map>
#include <random>
#include <utility>

#include "cpu/csr_file.h"
#include "cpu/l1_cache.h"
#include "plain_board.h"
#include "rv_encode.h"

namespace epoch {
namespace {

using u32 = std::uint32_t;
constexpr u32 kBase = PlainBoard::kBase;

TEST_CASE("a cache holds the lines used last in each set, and writes back what was written") {
  for (const CacheConfig& config : {CacheConfig{1, 1, 32, 0}, CacheConfig{1, 2, 16, 0},
                                    CacheConfig{2, 4, 64, 0}, CacheConfig{1, 16, 64, 0}}) {
    CAPTURE(config.ways, config.line_bytes);
    const u32 sets = config.size_kib * 1024 / config.line_bytes / config.ways;
    L1Cache cache(config);
    std::map<u32, std::list<std::pair<u32, bool>>> model;  // by set: line, dirty; last used first
    std::mt19937 random(20250701);
    for (unsigned n = 0; n < 20'000; ++n) {
      const u32 address = static_cast<u32>(random()) % 4096 + 0x80000000u;
      const bool write = random() % 3 == 0;
      const u32 line = address - address % config.line_bytes;
      auto& set = model[line / config.line_bytes % sets];
      const auto found = std::find_if(set.begin(), set.end(),
                                      [=](const auto& entry) { return entry.first == line; });
      const bool hit = cache.hit(address, write);
      REQUIRE(hit == (found != set.end()));
      bool dirty = write;
      if (hit) {
        dirty = dirty || found->second;
        set.erase(found);
      } else {
        const auto written_back = cache.fill(address, write);
        const bool expected = set.size() == config.ways && set.back().second;
        REQUIRE(written_back.has_value() == expected);
        if (expected) REQUIRE(*written_back == set.back().first);
        if (set.size() == config.ways) set.pop_back();
      }
      set.emplace_front(line, dirty);
    }
    cache.clear();
    CHECK_FALSE(cache.hit(0x80000000u, false));
  }
  CHECK_THROWS(L1Cache(CacheConfig{1, 3, 64, 0}));
  CHECK_THROWS(L1Cache(CacheConfig{1, 1, 128, 0}));
}

TEST_CASE("a data miss is a line over the bus, a dirty victim another, and a hit is neither") {
  CpuConfig config = config_from(kBase);
  config.dcache = {1, 1, 32, 5};
  PlainBoard board(config);
  board.step(rv::nop);  // its fetch obtains direct access
  board.bus.stall = 7;
  board.hart.set_x(rv::a1, kBase + 0x3000);
  board.hart.set_x(rv::a2, kBase + 0x3400);  // the same set
  board.hart.set_x(rv::a3, PlainBus::kDevice);
  const auto cycles = [&](u32 instruction) {
    const std::uint64_t before = board.hart.cycles();
    board.step(instruction);
    return board.hart.cycles() - before;
  };
  CHECK(cycles(rv::lw(rv::a0, rv::a1, 4)) == 1 + 7 + 5);
  REQUIRE(board.bus.lines.size() == 1);
  CHECK(board.bus.lines[0].address == kBase + 0x3000);
  CHECK(board.bus.lines[0].bytes == 32);
  CHECK_FALSE(board.bus.lines[0].is_write);
  CHECK(board.bus.lines[0].pc == kBase);
  CHECK(cycles(rv::lw(rv::a0, rv::a1, 28)) == 1);
  CHECK(cycles(rv::sw(rv::a0, rv::a1, 0)) == 1);  // dirty now
  CHECK(cycles(rv::lw(rv::a0, rv::a2, 0)) == 1 + 2 * 7 + 5);
  REQUIRE(board.bus.lines.size() == 3);
  CHECK(board.bus.lines[1].is_write);
  CHECK(board.bus.lines[1].address == kBase + 0x3000);
  CHECK(board.bus.lines[2].address == kBase + 0x3400);
  CHECK(cycles(rv::lw(rv::a0, rv::a1, 0)) == 1 + 7 + 5);  // its victim is clean
  CHECK(cycles(rv::lw(rv::a0, rv::a3, 0)) == 1 + 7);      // devices are not cached
  CHECK(board.bus.lines.size() == 4);
  CHECK(board.hart.counts().dcache_misses == 3);
  CHECK(board.hart.counts().dcache_write_backs == 1);
  CHECK(board.hart.counts().icache_misses == 0);
}

TEST_CASE("a store that traps leaves its line clean") {
  CpuConfig config = config_from(kBase);
  config.dcache = {1, 1, 32, 5};
  PlainBoard board(config);
  board.write_csr(csr::mtvec, PlainBoard::kHandler);
  board.step(rv::nop);
  board.hart.set_x(rv::a1, kBase + 0x3000);
  board.hart.set_x(rv::a2, kBase + 0x3400);  // the same set
  board.step(rv::lw(rv::a0, rv::a1, 0));
  board.step(rv::sw(rv::a0, rv::a1, 1));
  CHECK(board.hart.last_trap().cause == 6);
  board.step(rv::lw(rv::a0, rv::a2, 0));
  CHECK(board.hart.counts().dcache_misses == 2);
  CHECK(board.hart.counts().dcache_write_backs == 0);
}

TEST_CASE("an instruction miss is a line over the bus, for each line that an instruction touches") {
  CpuConfig config = config_from(kBase);
  config.icache = {1, 2, 16, 5};
  PlainBoard board(config);
  board.step(rv::nop);  // its fetch obtains direct access
  const u32 code = kBase + 0x200;
  board.put(code, {rv::nop, rv::nop, rv::nop, rv::nop, rv::nop, rv::jal(0, -20)});
  board.hart.set_pc(code);
  const std::uint64_t before = board.hart.cycles(), retired = board.hart.instructions();
  while (board.hart.instructions() < retired + 60) board.hart.run(1);
  CHECK(board.hart.counts().icache_misses == 2);
  CHECK(board.hart.cycles() - before == 60 + 2 * 5);
  REQUIRE(board.bus.lines.size() == 2);
  CHECK(board.bus.lines[1].address == code + 16);
  CHECK(board.bus.lines[1].pc == code + 16);
  CHECK(board.hart.counts().dcache_misses == 0);

  board.step(rv::fence_i, kBase + 0x400);  // a third line, and all are forgotten
  CHECK(board.hart.counts().icache_misses == 3);
  board.put_half(code + 14, 0x0013);  // a nop across two lines
  board.put_half(code + 16, 0x0000);
  board.hart.set_pc(code + 14);
  board.hart.run(1);
  CHECK(board.hart.pc() == code + 18);
  CHECK(board.hart.counts().icache_misses == 5);
}

}  // namespace
}  // namespace epoch
