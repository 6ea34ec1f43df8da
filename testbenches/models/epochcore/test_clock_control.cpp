// SPDX-License-Identifier: Apache-2.0
// Phases of the clocks: cases counted by hand, and random lives against a counter that looks at
// every cycle.
#include <epochcore.h>

#include <array>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "common/find_statistic.h"
#include "epochcore/clock_control.h"

using namespace epoch;

namespace {

using Cells = std::array<std::uint64_t, 4>;  // active, clock_idle, gated, sleep
using Wanted = std::array<bool, 5>;

const char* const clock_names[] = {"preload", "compute", "vector_unit", "dma_in", "dma_out"};
const char* const phase_names[] = {"active", "clock_idle", "gated", "sleep"};
enum Clock { preload, compute, vector_unit, dma_in, dma_out };

Cells phases(const ClockControl& clocks, unsigned clock, std::uint64_t cycle) {
  Statistics all;
  clocks.statistics("x", cycle, all);
  Cells cells{};
  for (unsigned p = 0; p < cells.size(); ++p)
    cells[p] = static_cast<std::uint64_t>(
        find_statistic(all, std::string("x.clock.") + clock_names[clock] + "." + phase_names[p]));
  return cells;
}

// The device has work, and the head of a queue waits for these clocks.
void observe(ClockControl& clocks, std::uint64_t cycle, std::vector<Clock> heads = {}) {
  Wanted wanted{};
  for (const Clock clock : heads) wanted[clock] = true;
  clocks.observe(cycle, wanted, true);
}
void sleep(ClockControl& clocks, std::uint64_t cycle) {
  clocks.observe(cycle, {}, false);
}
void start(ClockControl& clocks, std::uint64_t cycle, unsigned opcode) {
  clocks.command_started(opcode);
  observe(clocks, cycle);
}
void end(ClockControl& clocks, std::uint64_t cycle, unsigned opcode) {
  clocks.command_ended(opcode);
  observe(clocks, cycle);
}

// README.md, "Clock phases": which clock a command runs on.
const std::map<std::string, Clock> clock_of_command = {
    {"LOAD", dma_in},           {"GATHER", dma_in},       {"STORE", dma_out},
    {"COEFF", preload},         {"STATE", preload},       {"SSM", compute},
    {"GEMM", compute},          {"STREAMS", compute},     {"AFFINE", vector_unit},
    {"LAYERNORM", vector_unit}, {"POOL", vector_unit},    {"RMSNORM", vector_unit},
    {"MAP", vector_unit},       {"COMBINE", vector_unit}, {"CONV1D", vector_unit},
    {"ARGMAX", vector_unit}};

struct CommandRow {
  const char* name;
  unsigned opcode;
  unsigned engine;
};
#define EPOCH_X_COMMAND_ROW(name, value, engine, text) {#name, value, EPOCH_ENGINE_##engine},
const CommandRow command_rows[] = {EPOCH_OPCODES(EPOCH_X_COMMAND_ROW)};

// What the device does, and what each clock did, cycle by cycle.
struct EveryCycle {
  std::vector<CommandRow> running;
  Wanted wanted{};
  bool awake = false;
  std::array<Cells, 5> cells{};

  // The cycle is over: what holds now is its phase.
  void tick() {
    for (unsigned clock = 0; clock < 5; ++clock) ++cells[clock][phase(clock)];
  }

  unsigned phase(unsigned clock) const {
    for (const CommandRow& row : running)
      if (clock_of_command.at(row.name) == static_cast<Clock>(clock)) return 0;
    if (wanted[clock]) return 1;
    return awake ? 2 : 3;
  }

  void clear(unsigned engine) {
    for (std::size_t i = running.size(); i-- > 0;)
      if (running[i].engine == engine) running.erase(running.begin() + static_cast<long>(i));
  }
};

}  // namespace

TEST_CASE("every command of the contract has its clock") {
  unsigned commands = 0;
  for (const CommandRow& row : command_rows) {
    if (row.engine == EPOCH_ENGINE_CONTROL) continue;
    CAPTURE(row.name);
    REQUIRE(clock_of_command.count(row.name) == 1);
    CHECK(ClockControl::module_of(row.opcode) ==
          static_cast<ClockControl::Module>(clock_of_command.at(row.name)));
    ++commands;
  }
  CHECK(commands == clock_of_command.size());
}

TEST_CASE("clocks have five times four statistics, in cycles, with a text each") {
  Statistics all;
  ClockControl().statistics("core7", 9, all);
  REQUIRE(all.size() == 20);
  std::size_t i = 0;
  for (const char* clock : clock_names)
    for (const char* phase : phase_names) {
      CHECK(all[i].name == std::string("core7.clock.") + clock + "." + phase);
      CHECK(all[i].unit == "cycle");
      CHECK(all[i].description.size() > 10);
      ++i;
    }
}

TEST_CASE("clocks sleep until the device has something to do, to the cycle") {
  const std::uint64_t first = 1000;
  ClockControl clocks;
  for (const std::uint64_t cycle : {std::uint64_t{0}, first - 1, first, first + 1})
    CHECK(phases(clocks, compute, cycle) == Cells{0, 0, 0, cycle});
  observe(clocks, first);
  for (const std::uint64_t gated : {0, 1, 2})
    CHECK(phases(clocks, compute, first + gated) == Cells{0, 0, gated, first});
  sleep(clocks, first + 2);
  CHECK(phases(clocks, compute, first + 2) == Cells{0, 0, 2, first});
  CHECK(phases(clocks, compute, first + 3) == Cells{0, 0, 2, first + 1});
}

TEST_CASE("a command counts as active for exactly as long as it runs") {
  for (const std::uint64_t length : {0, 1, 2, 99, 100, 101}) {
    CAPTURE(length);
    ClockControl clocks;
    start(clocks, 10, EPOCH_OP_LOAD);
    CHECK(phases(clocks, dma_in, 10 + length) == Cells{length, 0, 0, 10});  // still running
    end(clocks, 10 + length, EPOCH_OP_LOAD);
    CHECK(phases(clocks, dma_in, 10 + length) == Cells{length, 0, 0, 10});
    CHECK(phases(clocks, dma_in, 10 + length + 7) == Cells{length, 0, 7, 10});
    CHECK(phases(clocks, dma_out, 10 + length + 7) == Cells{0, 0, length + 7, 10});
  }
}

TEST_CASE("commands back to back leave no gap, a cycle apart they leave one") {
  for (const std::uint64_t gap : {0, 1, 2}) {
    CAPTURE(gap);
    ClockControl clocks;
    std::uint64_t cycle = 5;
    for (int i = 0; i < 3; ++i) {
      start(clocks, cycle, EPOCH_OP_STORE);
      end(clocks, cycle + 20, EPOCH_OP_STORE);
      cycle += 20 + gap;
    }
    CHECK(phases(clocks, dma_out, cycle) == Cells{60, 0, 3 * gap, 5});
  }
}

TEST_CASE("commands that overlap on one clock count once, until the last has ended") {
  ClockControl clocks;
  start(clocks, 0, EPOCH_OP_SSM);
  start(clocks, 10, EPOCH_OP_STREAMS);
  end(clocks, 11, EPOCH_OP_STREAMS);
  start(clocks, 30, EPOCH_OP_GEMM);
  end(clocks, 40, EPOCH_OP_SSM);
  end(clocks, 70, EPOCH_OP_GEMM);
  CHECK(phases(clocks, compute, 100) == Cells{70, 0, 30, 0});
  CHECK(phases(clocks, preload, 100) == Cells{0, 0, 100, 0});
}

TEST_CASE("active comes before clock_idle, clock_idle before gated, gated before sleep") {
  ClockControl clocks;
  clocks.command_started(EPOCH_OP_COEFF);
  observe(clocks, 0, {preload, compute});
  clocks.command_ended(EPOCH_OP_COEFF);
  observe(clocks, 10, {preload, compute});
  observe(clocks, 30, {compute});
  // A queue's head keeps its clock whatever the device says of itself.
  Wanted wanted{};
  wanted[compute] = true;
  clocks.observe(60, wanted, false);
  CHECK(phases(clocks, preload, 100) == Cells{10, 20, 30, 40});
  CHECK(phases(clocks, compute, 100) == Cells{0, 100, 0, 0});
  CHECK(phases(clocks, vector_unit, 100) == Cells{0, 0, 60, 40});
}

TEST_CASE("a cycle that saw several phases counts for the last") {
  ClockControl clocks;
  observe(clocks, 10);
  observe(clocks, 10, {dma_in});
  start(clocks, 10, EPOCH_OP_LOAD);
  CHECK(phases(clocks, dma_in, 10) == Cells{0, 0, 0, 10});
  CHECK(phases(clocks, dma_in, 11) == Cells{1, 0, 0, 10});
  end(clocks, 12, EPOCH_OP_LOAD);
  sleep(clocks, 12);
  start(clocks, 12, EPOCH_OP_LOAD);
  CHECK(phases(clocks, dma_in, 13) == Cells{3, 0, 0, 10});
  end(clocks, 14, EPOCH_OP_LOAD);
  observe(clocks, 14, {dma_in});
  sleep(clocks, 14);
  CHECK(phases(clocks, dma_in, 15) == Cells{4, 0, 0, 11});
}

TEST_CASE("an engine that is cleared stops its own clocks, however much ran on them") {
  const std::vector<unsigned> all = {EPOCH_OP_LOAD, EPOCH_OP_STORE, EPOCH_OP_COEFF,
                                     EPOCH_OP_SSM,  EPOCH_OP_SSM,   EPOCH_OP_MAP};
  const std::vector<std::vector<Clock>> stopped = {
      {dma_in}, {dma_out}, {preload, compute}, {vector_unit}};
  for (unsigned engine = 0; engine < EPOCH_ENGINES; ++engine) {
    CAPTURE(engine);
    ClockControl clocks;
    for (const unsigned opcode : all) start(clocks, 0, opcode);
    clocks.engine_cleared(engine);
    observe(clocks, 40);
    std::array<Cells, 5> expected;
    expected.fill({100, 0, 0, 0});
    for (const Clock clock : stopped[engine]) expected[clock] = {40, 0, 60, 0};
    for (unsigned clock = 0; clock < 5; ++clock) {
      CAPTURE(clock);
      CHECK(phases(clocks, clock, 100) == expected[clock]);
    }
    clocks.engine_cleared(engine);  // again, with nothing there
    for (const Clock clock : stopped[engine]) {
      const unsigned opcodes[] = {EPOCH_OP_COEFF, EPOCH_OP_SSM, EPOCH_OP_MAP, EPOCH_OP_LOAD,
                                  EPOCH_OP_STORE};
      start(clocks, 100, opcodes[clock]);
      end(clocks, 103, opcodes[clock]);
      CHECK(phases(clocks, clock, 110) == Cells{43, 0, 67, 0});
    }
  }
}

TEST_CASE("random lives of the clocks, against a look at every cycle") {
  std::array<Cells, 5> reached{};
  for (unsigned seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
    ClockControl clocks;
    EveryCycle each;
    const auto both_observe = [&](std::uint64_t cycle) {
      clocks.observe(cycle, each.wanted, each.awake);
    };
    const unsigned calm = 1 + below(12);  // cycles between events, on average
    const std::uint64_t cycles = 200 + below(800);
    for (std::uint64_t cycle = 0; cycle < cycles; ++cycle) {
      for (unsigned events = below(calm) == 0 ? 1 + below(4) : 0; events > 0; --events) {
        const unsigned what = below(16);
        if (what < 4) {
          const CommandRow& row = command_rows[below(std::size(command_rows))];
          if (row.engine == EPOCH_ENGINE_CONTROL) continue;
          each.running.push_back(row);
          clocks.command_started(row.opcode);
        } else if (what < 9 && !each.running.empty()) {
          const auto which = each.running.begin() + below(unsigned(each.running.size()));
          clocks.command_ended(which->opcode);
          each.running.erase(which);
        } else if (what < 12) {
          for (bool& wanted : each.wanted) wanted = below(3) == 0;
        } else if (what < 14) {
          each.awake = below(3) != 0;
        } else if (what == 14) {
          const unsigned engine = below(EPOCH_ENGINES);
          each.clear(engine);
          clocks.engine_cleared(engine);
        }  // else nothing has changed
        both_observe(cycle);
      }
      each.tick();
      if (below(20) != 0 && cycle + 1 != cycles) continue;
      for (unsigned clock = 0; clock < 5; ++clock) {
        CAPTURE(cycle, clock);
        REQUIRE(phases(clocks, clock, cycle + 1) == each.cells[clock]);
      }
    }
    for (unsigned clock = 0; clock < 5; ++clock) {
      std::uint64_t sum = 0;
      for (unsigned p = 0; p < 4; ++p) {
        sum += phases(clocks, clock, cycles)[p];
        reached[clock][p] += each.cells[clock][p];
      }
      CHECK(sum == cycles);
    }
  }
  for (const Cells& cells : reached)
    for (const std::uint64_t count : cells) CHECK(count > 1000);
}
