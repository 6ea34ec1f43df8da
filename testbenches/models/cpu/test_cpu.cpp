// SPDX-License-Identifier: Apache-2.0
//
// The hart in simulated time and on a bus: when accesses happen, interrupts, sleep, traces.
#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "common/find_statistic.h"
#include "common/trace_recorder.h"
#include "cpu/csr_file.h"
#include "cpu_board.h"
#include "integer_loop.h"
#include "integer_loop_mailbox.h"
#include "rv_encode.h"

namespace epoch {
namespace {

using u32 = std::uint32_t;
using Program = std::vector<u32>;
using sc_core::SC_NS;
using sc_core::sc_time;
using sc_core::SC_US;

constexpr u32 kMie = 1u << 3, kTimer = 1u << 7;
constexpr u32 kDevice20 = CpuBoard::kDevice >> 12;

CpuConfig config_with(std::uint64_t quantum_ns) {
  CpuConfig config;
  config.reset_pc = 0;
  config.quantum_ns = quantum_ns;
  return config;  // 500 MHz: a cycle is 2 ns
}

Program operator+(Program a, const Program& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Lets a test act at given times while the program runs.
void at(const sc_time& when, const std::function<void()>& action) {
  sc_core::sc_spawn([when, action] {
    sc_core::wait(when);
    action();
  });
}

TEST_CASE("compiled C gives the host's result, with and without a quantum") {
  CpuBoard decoupled("decoupled", config_with(10'000));
  CpuBoard exact("exact", config_with(0));
  for (CpuBoard* board : {&decoupled, &exact}) {
    board->load_file(INTEGER_LOOP_BINARY);
    board->load(INTEGER_LOOP_MAILBOX, {20});
  }
  decoupled.run_to_end();
  exact.run_to_end();
  CHECK(decoupled.word(INTEGER_LOOP_MAILBOX + 4) == integer_loop(20));
  CHECK(exact.memory.memory == decoupled.memory.memory);
  CHECK(exact.trap.x == decoupled.trap.x);
  CHECK(exact.cpu.hart().instructions() == decoupled.cpu.hart().instructions());
  CHECK(exact.cpu.hart().cycles() == decoupled.cpu.hart().cycles());
  CHECK(exact.end_time == decoupled.end_time);
  CHECK(exact.end_time == sc_time(2.0 * static_cast<double>(exact.cpu.hart().cycles()), SC_NS));
  CHECK(decoupled.trap.cause == 3);
}

TEST_CASE("device accesses happen at the hart's time, and their delay stalls it") {
  CpuBoard board("board", config_with(10'000));
  board.device.latency = sc_time(25, SC_NS);
  Program program(100, rv::nop);
  board.load(
      0, program + Program{rv::lui(rv::a1, kDevice20), rv::sw(rv::a0, rv::a1, 4),
                           rv::lw(rv::a2, rv::a1, 8), rv::csrr(rv::a3, csr::mcycle), rv::ebreak});
  board.run_to_end();
  REQUIRE(board.device.log.size() == 2);
  // 101 instructions before it, 2 ns each; then 25 ns up to the next edge, and the instruction.
  CHECK(board.device.log[0].arrival == sc_time(202, SC_NS));
  CHECK(board.device.log[0].command == tlm::TLM_WRITE_COMMAND);
  CHECK(board.device.log[0].address == 4);
  CHECK(board.device.log[0].length == 4);
  CHECK(board.device.log[1].arrival == sc_time(202 + 26 + 2, SC_NS));
  CHECK(board.trap.x[rv::a3] == (202 + 2 * 28) / 2);
  CHECK(board.cpu.hart().instructions() == 104);
  CHECK(board.end_time == sc_time(202 + 2 * 28 + 2 + 2, SC_NS));
}

TEST_CASE("a target that waits instead of annotating its delay costs the same") {
  CpuBoard board("board", config_with(10'000));
  board.device.before_access = [](tlm::tlm_generic_payload&) { sc_core::wait(25, SC_NS); };
  board.load(0, {rv::lui(rv::a1, kDevice20), rv::lw(rv::a2, rv::a1, 8), rv::nop, rv::ebreak});
  board.run_to_end();
  CHECK(board.end_time == sc_time(2 + 26 + 2 + 2 + 2, SC_NS));
}

TEST_CASE("bus errors become precise access faults") {
  struct Case {
    u32 instruction, address20, cause;
    tlm::tlm_response_status response;
  };
  const Case cases[] = {
      {rv::lw(rv::a0, rv::a1, 8), 0x20000, 5, tlm::TLM_OK_RESPONSE},  // nobody there
      {rv::sw(rv::a0, rv::a1, 8), 0x20000, 7, tlm::TLM_OK_RESPONSE},
      {rv::lw(rv::a0, rv::a1, 8), kDevice20, 5, tlm::TLM_GENERIC_ERROR_RESPONSE},
      {rv::sw(rv::a0, rv::a1, 8), kDevice20, 7, tlm::TLM_BURST_ERROR_RESPONSE},
      {rv::jalr(0, rv::a1, 8), 0x20000, 1, tlm::TLM_OK_RESPONSE},
  };
  std::vector<std::unique_ptr<CpuBoard>> boards;
  for (const Case& c : cases) {
    const std::string name = "board" + std::to_string(boards.size());
    boards.push_back(std::make_unique<CpuBoard>(name.c_str(), config_with(10'000)));
    boards.back()->device.response = c.response;
    boards.back()->load(0, {rv::lui(rv::a1, c.address20), rv::addi(rv::a0, 0, 7), c.instruction});
  }
  for (unsigned n = 0; n < boards.size(); ++n) {
    CAPTURE(n);
    boards[n]->run_to_end();
    CHECK(boards[n]->trap.cause == cases[n].cause);
    const u32 address = (cases[n].address20 << 12) + 8;
    CHECK(boards[n]->trap.tval == address);
    CHECK(boards[n]->trap.pc == (cases[n].cause == 1 ? address : 8));
    CHECK(boards[n]->trap.x[rv::a0] == 7);
  }
}

// Enables the timer interrupt, then counts in a0 for ever; the handler keeps mcycle and mcause in
// s0 and s1 and ends the program by an exception that finds no handler.
const Program kInterruptible = {rv::addi(rv::t0, 0, 0x100),
                                rv::csrw(csr::mtvec, rv::t0),
                                rv::addi(rv::t0, 0, kTimer),
                                rv::csrw(csr::mie, rv::t0),
                                rv::csrrsi(0, csr::mstatus, kMie),
                                rv::addi(rv::a0, rv::a0, 1),
                                rv::jal(0, -4)};
const Program kHandler = {rv::csrr(rv::s0, csr::mcycle), rv::csrr(rv::s1, csr::mcause),
                          rv::csrw(csr::mtvec, rv::zero), rv::ebreak};

TEST_CASE("an interrupt is taken at once without a quantum, within one quantum otherwise") {
  CpuBoard exact("exact", config_with(0));
  CpuBoard decoupled("decoupled", config_with(10'000));
  for (CpuBoard* board : {&exact, &decoupled}) {
    board->load(0, kInterruptible);
    board->load(0x100, kHandler);
  }
  const sc_time raised(25'001, SC_NS);
  at(raised, [&] {
    exact.timer.write(true);
    decoupled.timer.write(true);
  });
  exact.run_to_end();
  decoupled.run_to_end();
  for (CpuBoard* board : {&exact, &decoupled}) {
    CHECK(board->trap.x[rv::s1] == 0x80000007);
    CHECK(board->cpu.hart().counts().interrupts == 1);
    CHECK(board->trap.x[rv::a0] == (board->trap.x[rv::s0] - 5 + 1) / 2);  // two instructions a turn
  }
  CHECK(exact.trap.x[rv::s0] == 12'501);  // the first edge after 25 001 ns
  for (CpuBoard* board : {&exact, &decoupled}) {
    Statistics statistics;
    board->cpu.statistics(statistics);
    const std::string scope = std::string(board->cpu.name()) + ".interrupt_latency.";
    const double waited = 2.0 * board->trap.x[rv::s0] - 25'001;
    CHECK(find_statistic(statistics, scope + "max") == waited);
    CHECK(find_statistic(statistics, scope + "mean") == waited);
    CHECK(waited <= find_statistic(statistics, scope + "bound"));
  }
  CHECK(decoupled.trap.x[rv::s0] >= 12'501);
  CHECK(decoupled.trap.x[rv::s0] <= 12'501 + 5000);
}

TEST_CASE("an interrupt that was pending is taken right after the enabling instruction") {
  CpuBoard board("board", config_with(10'000));
  board.load(0, kInterruptible);
  board.load(0x100, kHandler);
  board.timer.write(true);
  board.run_to_end();
  CHECK(board.trap.x[rv::s1] == 0x80000007);
  CHECK(board.trap.x[rv::s0] == 5);
  CHECK(board.trap.x[rv::a0] == 0);
  Statistics statistics;
  board.cpu.statistics(statistics);
  CHECK(find_statistic(statistics, "board.cpu.interrupt_latency.max") == 0);  // firmware's own
}

TEST_CASE("WFI skips time until an enabled interrupt is pending") {
  CpuBoard board("board", config_with(10'000));
  TraceRecorder trace;
  board.cpu.attach_trace(trace);
  board.load(0, {rv::addi(rv::t0, 0, kTimer), rv::csrw(csr::mie, rv::t0), rv::wfi,
                 rv::csrr(rv::a0, csr::time), rv::csrr(rv::a1, csr::mcycle),
                 rv::csrr(rv::a2, csr::mip), rv::wfi, rv::ebreak});
  at(sc_time(300, SC_US), [&] { board.external.write(true); });  // not enabled: sleeps on
  at(sc_time(700'001, SC_NS), [&] { board.timer.write(true); });
  board.run_to_end();
  CHECK(board.trap.x[rv::a0] == 7000);  // 10 MHz
  CHECK(board.trap.x[rv::a1] == 350'001 + 1);
  CHECK(board.trap.x[rv::a2] == (kTimer | 1u << 11));
  CHECK(board.cpu.hart().instructions() == 7);
  Statistics statistics;
  board.cpu.statistics(statistics);
  CHECK(find_statistic(statistics, "board.cpu.wfi_time") == 700'001.0 - 6.0);
  using Change = TraceRecorder::Change;
  CHECK(trace.changes("board.cpu.sleeping") ==
        std::vector<Change>{{0, 0}, {6'000, 1}, {700'001'000, 0}});
  CHECK(trace.changes("board.cpu.timer_interrupt") ==
        std::vector<Change>{{0, 0}, {700'001'000, 1}});
  CHECK(trace.changes("board.cpu.external_interrupt") ==
        std::vector<Change>{{0, 0}, {300'000'000, 1}});
}

TEST_CASE("a sleeping hart's statistics include the sleep under way") {
  CpuBoard board("board", config_with(10'000));
  board.load(0, {rv::wfi});
  sc_core::sc_start(1, SC_US);
  Statistics statistics;
  board.cpu.statistics(statistics);
  CHECK(find_statistic(statistics, "board.cpu.wfi_time") == 998.0);
  CHECK(find_statistic(statistics, "board.cpu.instructions") == 1.0);
}

TEST_CASE("the pc is traced at the start of each block, at the hart's time") {
  CpuBoard board("board", config_with(10'000));
  TraceRecorder trace;
  board.cpu.attach_trace(trace);
  // A countdown from 3, then the end.
  board.load(0, {rv::addi(rv::a0, 0, 3), rv::addi(rv::a0, rv::a0, -1), rv::bne(rv::a0, 0, -4),
                 rv::jal(0, 0x40)});
  board.load(0x4c, {rv::nop, rv::ebreak});
  board.run_to_end();
  using Change = TraceRecorder::Change;
  // The second jump to 4 is no change.
  CHECK(trace.changes("board.cpu.pc") ==
        std::vector<Change>{{0, 0}, {6'000, 4}, {16'000, 0x4c}, {20'000, 0}});
}

TEST_CASE("mip is read at the hart's time, and time is computed from it") {
  CpuBoard board("board", config_with(10'000));
  Program program(600, rv::nop);
  board.load(0, program + Program{rv::csrr(rv::a0, csr::mip), rv::csrr(rv::a1, csr::time),
                                  rv::csrr(rv::a2, csr::timeh), rv::ebreak});
  at(sc_time(1'199, SC_NS), [&] { board.software.write(true); });
  board.run_to_end();
  CHECK(board.trap.x[rv::a0] == 1u << 3);
  CHECK(board.trap.x[rv::a1] == 12);  // 1202 ns at 10 MHz
  CHECK(board.trap.x[rv::a2] == 0);
}

TEST_CASE("revoked direct access is obeyed, and asked for again when offered") {
  CpuBoard board("board", config_with(1'000));
  board.load(0, {rv::lw(rv::a0, rv::a1, 0x400), rv::add(rv::a2, rv::a2, rv::a0), rv::jal(0, -8)});
  board.load(0x400, {1});
  sc_core::sc_start(10, SC_US);
  CHECK(board.memory.log.size() == 1);  // the first fetch
  const std::size_t before = board.memory.log.size();

  board.memory.grants_dmi = false;
  board.memory.invalidate_dmi(0x400, 0x4ff);
  sc_core::sc_start(10, SC_US);
  // 2 transactions a fetch and one a load: 7 for three cycles of 2 ns.
  const std::size_t after = board.memory.log.size();
  CHECK(after - before > 10'000 / 6 * 7 - 600 * 7);
  board.memory.grants_dmi = true;
  sc_core::sc_start(10, SC_US);
  CHECK(board.memory.log.size() <= after + 1);
}

TEST_CASE("statistics carry the counts, each with unit and description") {
  CpuBoard board("board", config_with(10'000));
  board.load(0, {rv::lui(rv::a1, kDevice20), rv::sw(rv::a0, rv::a1, 0), rv::sw(rv::a0, 0, 0x400),
                 rv::load(0, rv::a0, 0, 0x400), rv::ebreak});
  board.run_to_end();
  Statistics statistics;
  board.cpu.statistics(statistics);
  CHECK(find_statistic(statistics, "board.cpu.instructions") == 4);
  CHECK(find_statistic(statistics, "board.cpu.cycles") == 5);
  CHECK(find_statistic(statistics, "board.cpu.bus_accesses") == 2);  // the device; one fetch
  CHECK(find_statistic(statistics, "board.cpu.direct_bytes") == 5);
  CHECK(find_statistic(statistics, "board.cpu.traps") == 1);
  CHECK(find_statistic(statistics, "board.cpu.interrupts") == 0);
  for (const Statistic& s : statistics) {
    INFO(s.name);
    CHECK_FALSE(s.unit.empty());
    CHECK_FALSE(s.description.empty());
  }
}

// Straight-line programs of random arithmetic, loads, stores and forward branches.
Program random_program(u32 seed, unsigned count) {
  std::mt19937 engine(seed);
  const auto random = [&] { return static_cast<u32>(engine()); };
  Program program = {rv::lui(rv::gp, 0x8), rv::lui(rv::tp, kDevice20)};  // x3, x4 stay
  const auto reg = [&] { return 5 + random() % 20; };
  for (unsigned n = 0; n < count; ++n) {
    const int imm = static_cast<int>(random() % 4096) - 2048;
    switch (random() % 8) {
      case 0:
        program.push_back(rv::op(random() % 8, random() % 2, reg(), reg(), reg()));
        break;
      case 1:
        program.push_back(rv::op_imm(random() % 4 * 2, reg(), reg(), imm));
        break;
      case 2:
        program.push_back(rv::lui(reg(), random() % 0x100000));
        break;
      case 3:
        program.push_back(rv::lw(reg(), rv::gp, imm & ~3));
        break;
      case 4:
        program.push_back(rv::store(random() % 3, reg(), rv::gp, imm & ~3));
        break;
      case 5:
        program.push_back(rv::branch(random() % 2, reg(), reg(), 8));
        break;
      case 6:
        program.push_back(rv::sw(reg(), rv::tp, imm & 0x7fc));
        break;
      default:
        program.push_back(rv::amo(4 * (random() % 8), reg(), rv::gp, reg()));
        break;
    }
  }
  return program + Program(2, rv::ebreak);  // the last branch may skip one
}

TEST_CASE("random programs end in the same state whatever the quantum and the memory's path") {
  constexpr unsigned kSeed = 4711;
  CAPTURE(kSeed);
  CpuBoard decoupled("decoupled", config_with(10'000));
  CpuBoard exact("exact", config_with(0));
  CpuBoard undirected("undirected", config_with(333));
  undirected.memory.grants_dmi = false;
  const Program program = random_program(kSeed, 4000);
  for (CpuBoard* board : {&decoupled, &exact, &undirected}) {
    board->load(0, program);
    board->device.latency = sc_time(11, SC_NS);
  }
  decoupled.run_to_end();
  exact.run_to_end();
  undirected.run_to_end();
  CHECK(decoupled.trap.cause == 3);
  for (CpuBoard* board : {&exact, &undirected}) {
    CHECK(board->trap.x == decoupled.trap.x);
    CHECK(board->trap.pc == decoupled.trap.pc);
    CHECK(board->memory.memory == decoupled.memory.memory);
    CHECK(board->device.memory == decoupled.device.memory);
    CHECK(board->cpu.hart().cycles() == decoupled.cpu.hart().cycles());
    CHECK(board->end_time == decoupled.end_time);
    REQUIRE(board->device.log.size() == decoupled.device.log.size());
    for (std::size_t n = 0; n < board->device.log.size(); ++n) {
      CHECK(board->device.log[n].arrival == decoupled.device.log[n].arrival);
    }
  }
}

CpuConfig at_config(std::uint64_t quantum_ns, u32 cache_kib) {
  CpuConfig config = config_with(quantum_ns);
  config.transport = Transport::at;
  config.icache.size_kib = config.dcache.size_kib = cache_kib;
  return config;
}

TEST_CASE("random programs end in the same state in transport at, with and without caches") {
  constexpr unsigned kSeed = 815;
  CAPTURE(kSeed);
  CpuBoard lt("lt", config_with(10'000));
  CpuBoard cached("cached", at_config(10'000, 1));
  CpuBoard exact("exact", at_config(0, 1));
  CpuBoard uncached("uncached", at_config(10'000, 0));
  const Program program = random_program(kSeed, 4000);
  for (CpuBoard* board : {&lt, &cached, &exact, &uncached}) {
    board->load(0, program);
    board->memory.latency = board->device.latency = sc_time(11, SC_NS);
  }
  for (CpuBoard* board : {&lt, &cached, &exact, &uncached}) {
    board->run_to_end();
    CHECK(board->trap.x == lt.trap.x);
    CHECK(board->trap.pc == lt.trap.pc);
    CHECK(board->memory.memory == lt.memory.memory);
    CHECK(board->device.memory == lt.device.memory);
    CHECK(board->cpu.hart().instructions() == lt.cpu.hart().instructions());
  }
  CHECK(cached.end_time == exact.end_time);
  CHECK(uncached.cpu.hart().counts().direct_bytes == 0);
  CHECK(uncached.end_time > cached.end_time);
  for (CpuBoard* board : {&cached, &exact, &uncached}) {
    const MasterTotals& totals = board->cpu.at_master().totals();
    CHECK(totals.sent == totals.answered);
    CHECK(totals.sent == board->memory.log.size() + board->device.log.size());
    CHECK(totals.sent == board->cpu.hart().counts().bus_accesses);
  }
}

TEST_CASE("in transport at an access stalls the hart until its answer") {
  CpuBoard board("board", at_config(10'000, 0));
  board.memory.latency = sc_core::SC_ZERO_TIME;
  board.device.latency = sc_time(25, SC_NS);
  board.load(0, {rv::lui(rv::a1, kDevice20), rv::lw(rv::a2, rv::a1, 8), rv::nop, rv::ebreak});
  board.run_to_end();
  CHECK(board.end_time == sc_time(2 + 26 + 2 + 2 + 2, SC_NS));
  CHECK(board.device.log.at(0).arrival == sc_time(2, SC_NS));
}

// As if DMA had written into the line between the hart's request and its arrival.
TEST_CASE("a written-back line is what memory holds when it arrives") {
  CpuConfig config = at_config(10'000, 1);
  config.dcache.ways = 1;  // lines 0x400 apart collide
  CpuConfig lt_config = config;
  lt_config.transport = Transport::lt;
  CpuBoard at("at", config);
  CpuBoard lt("lt", lt_config);
  unsigned written_back = 0;
  for (CpuBoard* board : {&at, &lt}) {
    board->memory.before_access = [&written_back, board](tlm::tlm_generic_payload& payload) {
      if (!payload.is_write() || payload.get_data_length() != 64) return;
      CHECK(payload.get_address() == 0x2000);
      board->memory.memory[0x2004] = 99;
      ++written_back;
    };
    // The first store asks for direct access, the second one is cached.
    board->load(0, {rv::lui(rv::a1, 2), rv::addi(rv::a0, 0, 7), rv::sw(rv::a0, rv::a1, 0),
                    rv::sw(rv::a0, rv::a1, 0), rv::lw(rv::a2, rv::a1, 0x400), rv::ebreak});
  }
  for (CpuBoard* board : {&at, &lt}) {
    board->run_to_end();
    CHECK(board->word(0x2000) == 7);
    CHECK(board->word(0x2004) == 99);
  }
  CHECK(written_back == 2);
}

}  // namespace
}  // namespace epoch
