// SPDX-License-Identifier: Apache-2.0
//
// Observing each instruction: what an observer is shown, and that it changes nothing.
#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "cpu/hart_debugger.h"
#include "plain_board.h"
#include "rv_encode.h"

namespace epoch {
namespace {

using u32 = std::uint32_t;
constexpr u32 kBase = PlainBoard::kBase;
constexpr u32 kHandler = PlainBoard::kHandler;

struct Recorder : InstructionObserver {
  void on_instruction(const ExecutedInstruction& executed) override { seen.push_back(executed); }
  void on_interrupt(std::uint64_t cycle, const TrapInfo& trap, u32 handler) override {
    interrupts.push_back({cycle, trap.pc, trap.cause, handler});
  }
  struct Interrupt {
    std::uint64_t cycle;
    u32 pc, cause, handler;
  };
  std::vector<ExecutedInstruction> seen;
  std::vector<Interrupt> interrupts;
};

// A loop over memory, a device and a trap: stores into its own code, calls and an ecall each round.
void load_program(PlainBoard& board) {
  board.write_csr(0x305, kHandler);
  board.put(kHandler, {rv::csrrs(rv::t0, 0x341, rv::zero), rv::addi(rv::t0, rv::t0, 4),
                       rv::csrrw(rv::zero, 0x341, rv::t0), rv::mret});
  board.put(kBase,
            {rv::addi(rv::a0, rv::a0, 1), rv::sw(rv::a0, rv::a3, 0x400), rv::lw(rv::a1, rv::a2, 0),
             rv::add(rv::a4, rv::a1, rv::a0), rv::sw(rv::a5, rv::a3, 0x1c), rv::jal(rv::ra, 8),
             rv::jal(rv::zero, -24), rv::nop, rv::ecall, rv::jalr(rv::zero, rv::ra, 0)});
  board.bus.stall = 3;
  board.hart.set_x(rv::a2, PlainBus::kDevice);
  board.hart.set_x(rv::a3, kBase);
  board.hart.set_x(rv::a5, rv::addi(rv::a6, rv::a6, 2));
  board.hart.set_pc(kBase);
}

// The default hart; one that is slow in every way; one that steps under a debugger.
enum class Kind { plain, timed, debugged };

CpuConfig config_of(Kind kind) {
  CpuConfig config = config_from(kBase);
  if (kind != Kind::timed) return config;
  config.timing.load = 3;
  config.timing.branch_taken = 2;
  config.timing.jump = 4;
  config.icache.size_kib = config.dcache.size_kib = 1;
  config.icache.line_bytes = config.dcache.line_bytes = 16;
  return config;
}

TEST_CASE("a hart that is watched at every instruction does the same at the same cycles") {
  const Kind kind = GENERATE(Kind::plain, Kind::timed, Kind::debugged);
  for (const std::uint64_t quantum : {1u, 2u, 7u, 1000u}) {
    PlainBoard plain(config_of(kind)), watched(config_of(kind));
    std::optional<HartDebugger> plain_debugger, watched_debugger;
    unsigned stops = 0, watched_stops = 0;
    if (kind == Kind::debugged) {
      const auto hold = [](std::optional<HartDebugger>& debugger, Hart& hart, unsigned& count) {
        debugger.emplace(hart);
        debugger->insert_breakpoint(kBase + 12);
        debugger->on_stop = [&](const HartStop&) {
          if (++count % 3 == 0) {
            debugger->go_on();
          } else {
            debugger->step();
          }
        };
      };
      hold(plain_debugger, plain.hart, stops);
      hold(watched_debugger, watched.hart, watched_stops);
    }
    Recorder recorder;
    load_program(plain);
    load_program(watched);
    const std::uint64_t before = watched.hart.instructions();
    watched.hart.observe_instructions(recorder);
    for (int i = 0; i < 100; ++i) {
      CHECK(plain.hart.run(quantum) == watched.hart.run(quantum));
      REQUIRE(plain.hart.pc() == watched.hart.pc());
      REQUIRE(plain.hart.cycles() == watched.hart.cycles());
    }
    CHECK(plain.hart.instructions() == watched.hart.instructions());
    CHECK(plain.hart.counts().traps == watched.hart.counts().traps);
    CHECK(plain.hart.counts().direct_bytes == watched.hart.counts().direct_bytes);
    CHECK(plain.bus.fetches == watched.bus.fetches);
    CHECK(plain.bus.memory == watched.bus.memory);
    for (unsigned i = 1; i < 32; ++i) CHECK(plain.hart.x(i) == watched.hart.x(i));
    REQUIRE(plain.bus.log.size() == watched.bus.log.size());
    for (std::size_t i = 0; i < plain.bus.log.size(); ++i) {
      CHECK(plain.bus.log[i].cycle == watched.bus.log[i].cycle);
      CHECK(plain.bus.log[i].pc == watched.bus.log[i].pc);
    }
    CHECK(stops == watched_stops);
    CHECK((stops != 0) == (kind == Kind::debugged));
    std::uint64_t retired = 0;
    for (const ExecutedInstruction& executed : recorder.seen) retired += executed.retired;
    CHECK(retired == watched.hart.instructions() - before);
  }
}

TEST_CASE("an instruction is shown with its operands, result, and where execution goes on") {
  PlainBoard board;
  Recorder recorder;
  board.write_csr(0x305, kHandler);
  board.put(kBase, {rv::addi(rv::a0, rv::a1, 5), rv::jal(rv::ra, 8), rv::nop, rv::ecall});
  board.hart.set_x(rv::a1, 7);
  board.hart.set_pc(kBase);
  board.hart.run(1);  // the first fetch asks for direct access and ends the quantum
  board.hart.set_pc(kBase);
  board.hart.observe_instructions(recorder);
  const std::uint64_t start = board.hart.cycles();
  board.hart.run(3);
  REQUIRE(recorder.seen.size() == 3);
  const ExecutedInstruction& sum = recorder.seen[0];
  CHECK(sum.cycle == start);
  CHECK(sum.pc == kBase);
  CHECK(sum.decoded.op == Op::addi);
  CHECK(sum.rs1 == 7);
  CHECK(sum.result == 12);
  CHECK(sum.next_pc == kBase + 4);
  CHECK(sum.retired);
  const ExecutedInstruction& jump = recorder.seen[1];
  CHECK(jump.cycle == start + 1);
  CHECK(jump.result == kBase + 8);
  CHECK(jump.next_pc == kBase + 12);
  const ExecutedInstruction& trap = recorder.seen[2];
  CHECK(trap.decoded.op == Op::ecall);
  CHECK(trap.next_pc == kHandler);
  CHECK_FALSE(trap.retired);
}

TEST_CASE("an instruction that cannot be fetched is shown as such") {
  PlainBoard board;
  Recorder recorder;
  board.write_csr(0x305, kHandler);
  board.hart.observe_instructions(recorder);
  board.hart.set_pc(0x40000000);
  board.hart.run(1);
  REQUIRE(recorder.seen.size() == 1);
  CHECK(recorder.seen[0].pc == 0x40000000);
  CHECK(recorder.seen[0].decoded.op == Op::undecoded);
  CHECK_FALSE(recorder.seen[0].retired);
  CHECK(recorder.seen[0].next_pc == kHandler);
}

TEST_CASE("an interrupt is shown before its handler's first instruction") {
  PlainBoard board;
  Recorder recorder;
  board.write_csr(0x305, kHandler);
  board.write_csr(0x304, 1u << 7);
  board.write_csr(0x300, 1u << 3);
  board.put(kHandler, {rv::nop});
  board.hart.observe_instructions(recorder);
  board.hart.set_pc(kBase + 0x10);
  board.hart.set_interrupts(1u << 7);
  const std::uint64_t cycle = board.hart.cycles();
  board.hart.run(1);
  REQUIRE(recorder.interrupts.size() == 1);
  CHECK(recorder.interrupts[0].cycle == cycle);
  CHECK(recorder.interrupts[0].pc == kBase + 0x10);
  CHECK(recorder.interrupts[0].cause == 0x80000007);
  CHECK(recorder.interrupts[0].handler == kHandler);
  REQUIRE(recorder.seen.size() == 1);
  CHECK(recorder.seen[0].pc == kHandler);
}

}  // namespace
}  // namespace epoch
