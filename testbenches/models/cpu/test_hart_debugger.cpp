// SPDX-License-Identifier: Apache-2.0
//
// A debugger's hold on a hart: where it stops, and that it leaves no trace.
#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <random>
#include <tuple>
#include <vector>

#include "cpu/csr_names.h"
#include "cpu/hart_debugger.h"
#include "plain_board.h"
#include "rv_encode.h"

namespace epoch {
namespace {

using u32 = std::uint32_t;
using Reason = HartStop::Reason;
constexpr u32 kBase = PlainBoard::kBase, kHandler = kBase + 0x8000, kData = kBase + 0x4000;
using rv::s0, rv::s1, rv::t1;
constexpr u32 kLoop = kBase + 8, kLoad = kLoop + 8, kEnd = kLoop + 36;

// Memory, a device, an atomic, a sleep and interrupts, over and over; the handler counts in t0 and
// ends the program at EBREAK.
void put_program(PlainBoard& board) {
  board.bus.hart = &board.hart;
  board.bus.stall = 3;
  board.put(kBase, {rv::csrrsi(0, csr::mstatus, 8), rv::csrrs(0, csr::mie, rv::a5),
                    rv::addi(rv::a0, rv::a0, 1),                 // kLoop
                    rv::sw(rv::a0, s0, 0),                       //
                    rv::lw(rv::a1, s0, 0),                       // kLoad
                    rv::lw(rv::a2, s1, 4),                       // of the device
                    rv::amo(0, rv::a3, s0, rv::a0),              //
                    rv::csrr(rv::a1, csr::mcycle),               //
                    rv::sw(rv::a1, s1, 8),                       //
                    rv::wfi,                                     //
                    rv::bne(rv::a0, rv::a4, -32), rv::ebreak});  // kEnd at EBREAK - 4
  board.put(kHandler,
            {rv::csrr(t1, csr::mcause), rv::branch(4, t1, rv::zero, 12),
             rv::csrw(csr::mtvec, rv::zero), rv::ebreak, rv::addi(rv::t0, rv::t0, 1), rv::mret});
  board.write_csr(csr::mtvec, kHandler);
  board.hart.set_x(s0, kData);
  board.hart.set_x(s1, PlainBus::kDevice);
  board.hart.set_x(rv::a4, 200);
  board.hart.set_x(rv::a5, 1u << kTimerInterrupt);
  board.hart.set_pc(kBase);
  board.bus.log.clear();
}

// Quanta of changing length; the timer interrupt comes and goes with the cycles.
void run_to_end(PlainBoard& board) {
  for (unsigned n = 0; n < 100000 && !board.hart.halted(); ++n) {
    board.hart.set_interrupts((board.hart.cycles() / 64) % 3 == 0 ? 1u << kTimerInterrupt : 0);
    if (board.hart.run(20 + n % 50) == Hart::Exit::wait_for_interrupt) {
      board.hart.sleep_until(board.hart.cycles() + 17);
    }
  }
}

using Seen = std::tuple<std::vector<u32>, std::vector<std::uint64_t>,
                        std::vector<std::tuple<bool, u32, std::uint64_t, u32>>>;
Seen seen(const PlainBoard& board) {
  std::vector<u32> registers;
  for (unsigned n = 0; n < 32; ++n) registers.push_back(board.hart.x(n));
  registers.push_back(board.hart.last_trap().pc);
  const HartCounts& counts = board.hart.counts();
  std::vector<std::tuple<bool, u32, std::uint64_t, u32>> log;
  for (const auto& a : board.bus.log) log.emplace_back(a.is_write, a.address, a.cycle, a.pc);
  return {registers,
          {board.hart.cycles(), board.hart.instructions(), counts.bus_accesses, counts.direct_bytes,
           counts.traps, counts.interrupts},
          log};
}

Seen undisturbed() {
  PlainBoard board;
  put_program(board);
  run_to_end(board);
  CHECK(board.hart.halted());
  CHECK(board.hart.x(rv::a0) == 200);
  CHECK(board.hart.counts().interrupts > 20);
  return seen(board);
}

TEST_CASE("a hart that is stepped through a program ends as one that is not") {
  PlainBoard board;
  put_program(board);
  HartDebugger debugger(board.hart);
  unsigned stops = 0;
  debugger.on_stop = [&](const HartStop& stop) {
    CHECK((stop.reason == Reason::step || stops == 0));
    ++stops;
    debugger.step();
  };
  debugger.request_halt();
  run_to_end(board);
  CHECK(stops > 1500);
  CHECK(seen(board) == undisturbed());
}

TEST_CASE("random orders, breakpoints and watchpoints change nothing either") {
  const auto seed = GENERATE(range(1u, 20u));
  CAPTURE(seed);
  std::mt19937 generator(seed);
  const auto random = [&] { return static_cast<u32>(generator()); };
  PlainBoard board;
  put_program(board);
  HartDebugger debugger(board.hart);
  debugger.catch_ebreak(true);
  std::vector<Watchpoint> watchpoints;
  unsigned stops = 0;
  debugger.on_stop = [&](const HartStop&) {
    ++stops;
    const u32 somewhere = (random() % 2 != 0 ? kBase : kHandler) + 4 * (random() % 13);
    switch (random() % 6) {
      case 0:
        debugger.insert_breakpoint(somewhere);
        break;
      case 1:
        debugger.remove_breakpoint(somewhere);
        break;
      case 2:
        watchpoints.push_back({static_cast<Watchpoint::Kind>(random() % 3),
                               random() % 2 != 0 ? kData + 1 : PlainBus::kDevice + 8,
                               random() % 2 != 0 ? kData + 2 : PlainBus::kDevice + 9});
        if (watchpoints.back().first <= watchpoints.back().last) {
          debugger.insert_watchpoint(watchpoints.back());
        }
        break;
      case 3:
        if (!watchpoints.empty()) debugger.remove_watchpoint(watchpoints[0]);
        break;
      default:
        break;
    }
    const u32 way = random() % 4;
    if (way == 0) debugger.insert_breakpoint(kLoop), debugger.go_on();
    if (way == 1) debugger.step(kLoop, kLoop + 12);
    if (way > 1) debugger.step();
    if (random() % 8 == 0) debugger.request_halt();
  };
  debugger.request_halt();
  run_to_end(board);
  CHECK(stops > 10);
  CHECK(seen(board) == undisturbed());
}

TEST_CASE("a breakpoint stops before its instruction, each time, wherever the hart comes from") {
  PlainBoard board;
  put_program(board);
  HartDebugger debugger(board.hart);
  std::vector<u32> values;
  debugger.on_stop = [&](const HartStop& stop) {
    CHECK(stop.reason == Reason::breakpoint);
    CHECK(board.hart.pc() == kLoad);
    values.push_back(board.hart.x(rv::a0));
    debugger.go_on();
  };
  debugger.insert_breakpoint(kLoad);
  run_to_end(board);
  REQUIRE(values.size() == 200);
  for (u32 n = 0; n < 200; ++n) CHECK(values[n] == n + 1);
}

TEST_CASE("a watchpoint stops before the instruction that touches it") {
  PlainBoard board;
  put_program(board);
  HartDebugger debugger(board.hart);
  std::vector<u32> places;
  debugger.on_stop = [&](const HartStop& stop) {
    REQUIRE(stop.reason == Reason::watchpoint);
    CHECK(stop.hit.address == kData + 2);
    places.push_back(board.hart.pc() - kLoop);
    debugger.go_on();
  };
  debugger.insert_watchpoint({Watchpoint::Kind::write, kData + 2, kData + 2});
  run_to_end(board);
  REQUIRE(places.size() == 400);  // SW and AMO
  CHECK(places[0] == 4);
  CHECK(places[1] == 16);

  PlainBoard reads;
  put_program(reads);
  HartDebugger reader(reads.hart);
  unsigned hits = 0;
  reader.on_stop = [&](const HartStop&) { ++hits, reader.go_on(); };
  reader.insert_watchpoint({Watchpoint::Kind::read, kData, kData + 3});
  run_to_end(reads);
  CHECK(hits == 400);  // LW and AMO
}

TEST_CASE("an EBREAK of the program stops before it, and is executed when the hart goes on") {
  PlainBoard board;
  put_program(board);
  HartDebugger debugger(board.hart);
  debugger.catch_ebreak(true);
  std::vector<u32> places;
  debugger.on_stop = [&](const HartStop& stop) {
    CHECK(stop.reason == Reason::ebreak);
    places.push_back(board.hart.pc());
    debugger.go_on();
  };
  run_to_end(board);
  CHECK(places == std::vector<u32>{kEnd, kHandler + 12});
  CHECK(seen(board) == undisturbed());
}

TEST_CASE("a step does not stop in the handler of an interrupt, but a breakpoint there does") {
  PlainBoard board;
  put_program(board);
  HartDebugger debugger(board.hart);
  unsigned stops = 0;
  std::vector<Reason> in_handler;
  debugger.on_stop = [&](const HartStop& stop) {
    if (board.hart.pc() >= kHandler && board.hart.x(rv::a0) < 200)
      in_handler.push_back(stop.reason);
    if (++stops == 600) {
      CHECK(in_handler.empty());
      CHECK(board.hart.counts().interrupts > 10);
      debugger.insert_breakpoint(kHandler);
    }
    debugger.step();
  };
  debugger.request_halt();
  run_to_end(board);
  // Then step by step to MRET.
  REQUIRE(in_handler.size() > 4);
  CHECK(in_handler[0] == Reason::breakpoint);
  CHECK(in_handler[1] == Reason::step);
}

TEST_CASE("a range step stops where the range is left") {
  PlainBoard board;
  put_program(board);
  HartDebugger debugger(board.hart);
  std::vector<u32> places;
  debugger.on_stop = [&](const HartStop&) {
    places.push_back(board.hart.pc());
    debugger.step(kLoop, kEnd - 4);
  };
  debugger.request_halt();
  run_to_end(board);
  REQUIRE(places.size() > 4);
  CHECK(places[0] == kBase);
  CHECK(places[1] == kBase + 4);
  CHECK(places[2] == kEnd - 4);  // BNE, reached after the whole body
  CHECK(places[3] == kEnd - 4);  // and after it once more: BNE leads into the range
}

TEST_CASE("registers and CSRs as a debugger writes them") {
  PlainBoard board;
  board.put(kBase, {rv::csrr(rv::a0, csr::mcycle), rv::csrr(rv::a1, csr::minstret)});
  HartDebugger debugger(board.hart);
  debugger.on_stop = [&](const HartStop&) {
    debugger.write_csr(csr::mcycle, 1000);
    debugger.write_csr(csr::minstret, 2000);
    debugger.write_csr(csr::mscratch, 77);
    debugger.set_x(5, 9);
    debugger.set_x(0, 9);
    debugger.go_on();
  };
  debugger.request_halt();
  board.steps(3);
  CHECK(board.hart.x(rv::a0) >= 1000);
  CHECK(board.hart.x(rv::a0) <= 1000 + board.hart.cycles());
  CHECK(board.hart.x(rv::a1) == 2001);
  CHECK(board.hart.x(5) == 9);
  CHECK(board.hart.x(0) == 0);
  CHECK(debugger.read_csr(csr::mscratch) == 77u);
  CHECK(!debugger.read_csr(0x7c0));
}

TEST_CASE("every CSR that the hart has is named, once") {
  PlainBoard board;
  HartDebugger debugger(board.hart);
  std::vector<std::string> names(4096);
  for (const CsrName& csr : csr_names()) {
    REQUIRE(csr.number < 4096);
    CHECK(names[csr.number].empty());
    names[csr.number] = csr.name;
  }
  for (u32 number = 0; number < 4096; ++number) {
    CAPTURE(number);
    if (debugger.read_csr(number)) CHECK(!names[number].empty());
  }
}

}  // namespace
}  // namespace epoch
