// SPDX-License-Identifier: Apache-2.0
//
// Code that changes, memory with and without direct access, and what the hart counts there.
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "plain_board.h"
#include "rv_encode.h"

namespace epoch {
namespace {

using u32 = std::uint32_t;
constexpr u32 kBase = PlainBoard::kBase;

TEST_CASE("a store to the very next instruction takes effect") {
  PlainBoard board;
  board.step(rv::nop);  // its fetch obtains direct access
  board.put(kBase, {rv::sw(rv::a1, rv::a2, 0), rv::addi(rv::a0, rv::zero, 1), rv::jal(0, -8)});
  board.hart.set_x(rv::a2, kBase + 4);
  board.hart.set_x(rv::a1, rv::addi(rv::a0, rv::zero, 1));
  board.hart.set_pc(kBase);
  board.hart.run(6);
  CHECK(board.hart.x(rv::a0) == 1);
  board.hart.set_x(rv::a1, rv::addi(rv::a0, rv::zero, 2));
  board.hart.set_pc(kBase);
  board.hart.run(2);
  CHECK(board.hart.x(rv::a0) == 2);
}

TEST_CASE("stores of every size invalidate what they touch, and only execution is affected") {
  PlainBoard board;
  const u32 code = kBase + 0x2000;
  board.put(code, {rv::addi(rv::a0, rv::zero, 5)});
  board.hart.set_x(rv::a2, code);
  const auto run = [&] {
    board.hart.set_pc(code);
    board.hart.run(1);
    return board.hart.x(rv::a0);
  };
  CHECK(run() == 5);
  board.hart.set_x(rv::a1, 0x07);  // byte 2, bits 23..20: imm[3:0] = 0 above rs1's upper bits
  board.step(rv::store(0, rv::a1, rv::a2, 3));  // imm[11:4] = 7
  CHECK(run() == 5 + 16 * 7);
  board.hart.set_x(rv::a1, 0x0090);
  board.step(rv::store(1, rv::a1, rv::a2, 2));  // the upper half: imm = 9
  CHECK(run() == 9);
}

TEST_CASE("an instruction across a page border follows stores to either page") {
  PlainBoard board;
  const u32 code = kBase + 0x3000 - 2;
  board.put(code, {rv::addi(rv::a0, rv::zero, 1)});
  const auto run = [&] {
    board.hart.set_pc(code);
    board.hart.run(1);
    return board.hart.x(rv::a0);
  };
  CHECK(run() == 1);
  board.hart.set_x(rv::a2, kBase + 0x3000);
  board.hart.set_x(rv::a1, 0x0020);
  board.step(rv::store(1, rv::a1, rv::a2, 0));
  CHECK(run() == 2);
  board.hart.set_x(rv::a1, 0x0013 | rv::a3 << 7);  // the lower half: another destination
  board.step(rv::store(1, rv::a1, rv::a2, -2));
  run();
  CHECK(board.hart.x(rv::a3) == 2);
}

TEST_CASE("a page that took plain stores before it held code follows stores to the code") {
  PlainBoard board;
  for (const u32 offset : {0u, kPageBytes - 2}) {  // within a page, and across two
    CAPTURE(offset);
    const u32 code = kBase + 0x4000 + offset;
    const u32 writer = kBase + 0x100;
    board.hart.set_x(rv::a2, code + 2);  // this half of a JALR holds the immediate
    board.hart.set_x(rv::a3, kBase + 0x200);
    board.put(writer, {rv::store(1, rv::a1, rv::a2, 0x100), rv::store(1, rv::a1, rv::a2, 0)});
    board.put(code, {rv::jalr(0, rv::a3, 0)});
    board.hart.set_pc(writer);
    board.steps(1);
    for (int jump = 0; jump < 40; jump += 8) {
      board.hart.set_x(rv::a1, rv::jalr(0, rv::a3, jump) >> 16);
      board.hart.set_pc(writer);
      board.steps(2);
      board.hart.set_pc(code);
      board.steps(1);
      CHECK(board.hart.pc() == kBase + 0x200 + static_cast<u32>(jump));
    }
  }
}

TEST_CASE("code written from outside is seen after fence.i") {
  PlainBoard board;
  const u32 code = kBase + 0x2000;
  board.put(code, {rv::addi(rv::a0, rv::zero, 1)});
  board.hart.set_pc(code);
  board.hart.run(1);
  const u32 other = rv::addi(rv::a0, rv::zero, 2);
  std::memcpy(board.bus.memory.data() + 0x2000, &other, sizeof other);
  board.step(rv::fence_i);
  board.hart.set_pc(code);
  board.hart.run(1);
  CHECK(board.hart.x(rv::a0) == 2);
}

TEST_CASE("an observer is told of every access, fence and cache block, in order") {
  struct Log : MemoryObserver {
    std::vector<std::string> lines;
    void add(const char* what, std::uint32_t a, unsigned b) {
      lines.push_back(what + std::to_string(a % 0x1000) + "," + std::to_string(b));
    }
    void on_load(std::uint32_t address, unsigned bytes) override { add("load ", address, bytes); }
    void on_store(std::uint32_t address, unsigned bytes) override { add("store ", address, bytes); }
    void on_fence(unsigned before, unsigned after) override { add("fence ", before, after); }
    void on_block(BlockOperation operation, std::uint32_t address) override {
      add("block ", address, static_cast<unsigned>(operation));
    }
  } log;
  PlainBoard board;
  board.hart.observe_memory(log);
  const u32 code = kBase + 0x2000;
  board.put(code, {rv::auipc(rv::a1, 0), rv::sw(rv::a0, rv::a1, 0x100),
                   rv::lw(rv::a0, rv::a1, 0x100), rv::lw(rv::a0, rv::a1, 0x100),
                   0x0140000f /* fence w, o */, rv::amo(0, rv::a0, rv::a1, rv::a0),
                   rv::i_type(0x0f, 2, 0, rv::a1, 1), rv::store(0, rv::a0, rv::a1, 0x107)});
  board.hart.set_pc(code);
  while (board.hart.pc() != code + 32) board.hart.run(1);
  CHECK(log.lines == std::vector<std::string>{"store 256,4", "load 256,4", "load 256,4",
                                              "fence 1,4", "load 0,4", "store 0,4", "block 0,1",
                                              "store 263,1"});
}

TEST_CASE("memory without direct access gives the same results, one transaction an access") {
  PlainBoard direct, bus;
  bus.bus.grants_direct = false;
  for (PlainBoard* board : {&direct, &bus}) {
    // Sums a table of eight words and rewrites an instruction of the loop on the way.
    board->put(kBase, {rv::lw(rv::a3, rv::a1, 0), rv::add(rv::a0, rv::a0, rv::a3),
                       rv::addi(rv::a1, rv::a1, 4), rv::addi(rv::a2, rv::a2, -1),
                       rv::sw(rv::a4, rv::a5, 0), rv::bne(rv::a2, rv::zero, -20), rv::ebreak});
    board->put(kBase + 0x1000, {1, 2, 3, 4, 5, 6, 7, 8});
    board->hart.set_x(rv::a1, kBase + 0x1000);
    board->hart.set_x(rv::a2, 8);
    board->hart.set_x(rv::a4, rv::op(0, 0x20, rv::a0, rv::a0, rv::a3));  // add becomes sub
    board->hart.set_x(rv::a5, kBase + 4);
    while (board->hart.run(100) != Hart::Exit::halted) continue;
    CHECK(board->hart.x(rv::a0) == 1u - (2 + 3 + 4 + 5 + 6 + 7 + 8));
    CHECK(board->hart.instructions() == 8 * 6);
  }
  // 8 loads, 8 stores, and two halves of 48 instructions and the ebreak.
  CHECK(bus.hart.counts().bus_accesses == 16 + 2 * 49);
  CHECK(bus.hart.counts().direct_bytes == 0);
  // One fetch obtains direct access to everything; its other half is direct already.
  CHECK(direct.hart.counts().bus_accesses == 1);
  CHECK(direct.hart.counts().direct_bytes == 16 * 4);
}

TEST_CASE("revoked direct access is not used again") {
  PlainBoard board;
  const u32 data = kBase + 0x3000;
  board.hart.set_x(rv::a1, data);
  board.put(data, {11});
  board.step(rv::nop, kBase + 0x200);
  board.step(rv::lw(rv::a0, rv::a1, 0));
  board.step(rv::sw(rv::a0, rv::a1, 4));
  const std::uint64_t accesses = board.hart.counts().bus_accesses;
  board.step(rv::lw(rv::a0, rv::a1, 0));
  CHECK(board.hart.counts().bus_accesses == accesses);

  board.bus.grants_direct = false;
  board.hart.revoke_direct(data, data);
  board.bus.log.clear();
  board.bus.fetches = 0;
  board.step(rv::lw(rv::a0, rv::a1, 0));
  board.step(rv::sw(rv::a0, rv::a1, 4));
  CHECK(board.bus.log.size() == 2);
  CHECK(board.bus.fetches == 4);
  board.hart.set_pc(kBase + 0x200);  // decoded while access was direct
  board.hart.run(1);
  CHECK(board.bus.fetches == 6);
}

TEST_CASE("revoking a range elsewhere keeps direct access") {
  PlainBoard board;
  board.step(rv::nop);
  board.hart.revoke_direct(0, kBase - 1);
  board.hart.revoke_direct(kBase + PlainBus::kBytes, 0xffffffff);
  const std::uint64_t accesses = board.hart.counts().bus_accesses;
  board.step(rv::nop, kBase + 0x100);
  CHECK(board.hart.counts().bus_accesses == accesses);
}

TEST_CASE("direct regions smaller than a page work") {
  struct SmallRegions : PlainBus {
    std::optional<DirectRegion> direct_region(u32 address, bool) override {
      const u32 first = address & ~0xffu;
      return DirectRegion{first, first + 0xff, memory.data() + (first - kBase), true, true};
    }
  } bus;
  Hart hart(bus, config_from(PlainBus::kBase));
  bus.hart = &hart;
  const u32 code[] = {rv::lw(rv::a0, rv::a1, 0), rv::sw(rv::a0, rv::a1, 4), rv::jal(0, -8)};
  std::memcpy(bus.memory.data(), code, sizeof code);
  bus.memory[0x400] = 42;
  hart.set_x(rv::a1, PlainBus::kBase + 0x400);
  while (hart.instructions() < 30) hart.run(1);
  CHECK(bus.memory[0x404] == 42);
  CHECK(hart.counts().bus_accesses == 2);  // the first fetch and the first load
  CHECK(hart.counts().direct_bytes == 19 * 4);
}

TEST_CASE("a program that jumps through all addresses keeps its results") {
  PlainBoard board;
  board.write_csr(0x305, PlainBoard::kHandler);
  // Jumps to a0, faults there, and the handler goes on with the next page.
  board.put(kBase, {rv::jalr(rv::zero, rv::a0, 0)});
  board.put(PlainBoard::kHandler,
            {rv::add(rv::a0, rv::a0, rv::a1), rv::addi(rv::a2, rv::a2, 1), rv::jalr(0, rv::a3, 0)});
  board.hart.set_x(rv::a1, 0x1000);
  board.hart.set_x(rv::a3, kBase);
  board.hart.set_pc(kBase);
  while (board.hart.x(rv::a2) < 10'000) board.hart.run(1000);
  CHECK(board.hart.x(rv::a0) == 10'000 * 0x1000);
  CHECK(board.hart.counts().traps == 10'001);  // a run ends where a fetch has faulted
}

TEST_CASE("an observer sees every jump with its cycle, and nothing else") {
  struct Jumps : HartObserver {
    void on_jump(std::uint64_t cycle, u32 pc) override { seen.push_back({cycle, pc}); }
    std::vector<std::pair<std::uint64_t, u32>> seen;
  } jumps;
  PlainBoard board;
  board.write_csr(0x305, PlainBoard::kHandler);
  board.put(PlainBoard::kHandler, {rv::mret});
  board.write_csr(0x341, kBase + 12);
  board.put(kBase, {rv::nop, rv::beq(rv::zero, rv::a1, 8), rv::jal(0, 8), rv::nop, rv::ecall});
  board.hart.set_x(rv::a1, 1);
  board.hart.set_pc(kBase);
  board.hart.observe(jumps);
  const std::uint64_t start = board.hart.cycles();
  while (board.hart.cycles() < start + 5) board.hart.run(10);
  const std::vector<std::pair<std::uint64_t, u32>> expected = {
      {start + 3, kBase + 16}, {start + 4, PlainBoard::kHandler}, {start + 5, kBase + 16}};
  CHECK(jumps.seen == expected);
}

}  // namespace
}  // namespace epoch
