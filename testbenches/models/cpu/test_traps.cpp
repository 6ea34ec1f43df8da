// SPDX-License-Identifier: Apache-2.0
//
// Traps, CSRs and interrupts of the plain hart, against the privileged specification v1.12.
#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "cpu/csr_file.h"
#include "plain_board.h"
#include "rv_encode.h"

namespace epoch {
namespace {

using u32 = std::uint32_t;
constexpr u32 kBase = PlainBoard::kBase;
constexpr u32 kHandler = PlainBoard::kHandler;
constexpr u32 kMie = 1u << 3, kMpie = 1u << 7, kMpp = 3u << 11;
constexpr u32 kSoftware = 1u << 3, kTimer = 1u << 7, kExternal = 1u << 11;
constexpr u32 kNowhere = 0x40000000;

struct TrapBoard : PlainBoard {
  TrapBoard() { write_csr(csr::mtvec, kHandler); }

  // Runs one instruction that must trap, and checks what the handler finds.
  void expect_trap(u32 instruction, u32 cause, u32 tval) {
    const u32 pc = kBase + 0x100;
    const std::uint64_t retired = hart.instructions();
    const std::uint64_t traps = hart.counts().traps;
    write_csr(csr::mstatus, kMie);
    step(instruction, pc);
    INFO("instruction " << std::hex << instruction);
    CHECK(hart.pc() == kHandler);
    CHECK(hart.counts().traps == traps + 1);
    CHECK(hart.instructions() == retired + 1);  // write_csr's, not the trapping one
    CHECK(read_csr(csr::mcause) == cause);
    CHECK(read_csr(csr::mepc) == pc);
    CHECK(read_csr(csr::mtval) == tval);
    CHECK(hart.last_trap().cause == cause);
    CHECK(hart.last_trap().pc == pc);
    CHECK(hart.last_trap().tval == tval);
    CHECK_FALSE(hart.halted());
    CHECK(read_csr(csr::mstatus) == (kMpp | kMpie));
  }
};

TEST_CASE("environment call, breakpoint and illegal instructions") {
  TrapBoard board;
  board.expect_trap(rv::ecall, 11, 0);
  board.expect_trap(rv::ebreak, 3, kBase + 0x100);
  board.expect_trap(0xffffffff, 2, 0xffffffff);
  board.expect_trap(0x10200073, 2, 0x10200073);     // sret
  board.expect_trap(0xabcd0000, 2, 0);              // the 16-bit zero instruction: its 16 bits only
  board.expect_trap(0xabcd9002, 3, kBase + 0x100);  // c.ebreak
}

TEST_CASE("CSRs that do not exist, and writes to read-only ones, are illegal instructions") {
  TrapBoard board;
  const u32 absent[] = {0x000, 0x004, 0x100, 0x180, 0x302, 0x303, 0x321, 0x3a4,
                        0x3c0, 0x747, 0x7a6, 0x7b0, 0xb01, 0xc03, 0xfff};
  for (const u32 number : absent) board.expect_trap(rv::csrr(1, number), 2, rv::csrr(1, number));
  const u32 read_only[] = {csr::mvendorid, csr::mhartid, csr::cycle, csr::time, csr::instreth};
  for (const u32 number : read_only) {
    board.expect_trap(rv::csrw(number, 0), 2, rv::csrw(number, 0));
    board.expect_trap(rv::csrrs(1, number, 2), 2, rv::csrrs(1, number, 2));
    board.expect_trap(rv::csrrci(1, number, 1), 2, rv::csrrci(1, number, 1));
    board.step(rv::csrrc(1, number, 0));  // no write: fine
    CHECK(board.hart.pc() == kBase + 4);
  }
}

TEST_CASE("misaligned accesses and bus errors trap with their address") {
  TrapBoard board;
  const u32 data = kBase + 0x3000;
  board.hart.set_x(rv::a0, 77);
  for (int round = 0; round < 2; ++round) {  // the second round finds the page in the table
    board.hart.set_x(rv::a1, data);
    board.expect_trap(rv::lw(rv::a0, rv::a1, 1), 4, data + 1);
    board.expect_trap(rv::lw(rv::a0, rv::a1, 2), 4, data + 2);
    board.expect_trap(rv::load(1, rv::a0, rv::a1, 3), 4, data + 3);
    board.expect_trap(rv::load(5, rv::a0, rv::a1, 1), 4, data + 1);
    board.expect_trap(rv::sw(rv::a0, rv::a1, -2), 6, data - 2);
    board.expect_trap(rv::store(1, rv::a0, rv::a1, 1), 6, data + 1);
    board.hart.set_x(rv::a1, data + 2);
    board.expect_trap(rv::lr(rv::a0, rv::a1), 4, data + 2);
    board.expect_trap(rv::sc(rv::a0, rv::a1, rv::a0), 6, data + 2);
    board.expect_trap(rv::amo(0, rv::a0, rv::a1, rv::a0), 6, data + 2);
    board.hart.set_x(rv::a1, data);
    board.step(rv::sw(rv::a0, rv::a1, 0));
    board.step(rv::lw(rv::a2, rv::a1, 0));
  }
  board.hart.set_x(rv::a1, kNowhere);
  board.expect_trap(rv::load(0, rv::a0, rv::a1, 5), 5, kNowhere + 5);
  board.expect_trap(rv::store(0, rv::a0, rv::a1, 7), 7, kNowhere + 7);
  board.expect_trap(rv::lr(rv::a0, rv::a1), 5, kNowhere);
  board.expect_trap(rv::amo(1, rv::a0, rv::a1, rv::a0), 7, kNowhere);
  CHECK(board.hart.x(rv::a0) == 77);
  CHECK(board.word(data - 4) == 0);
  CHECK(board.bus.log.back().pc == kBase + 0x100);
}

TEST_CASE("a store conditional without reservation reaches no memory") {
  TrapBoard board;
  board.hart.set_x(rv::a1, kNowhere);
  board.step(rv::sc(rv::a0, rv::a1, rv::a2));
  CHECK(board.hart.x(rv::a0) == 1);
  CHECK(board.bus.log.empty());
}

TEST_CASE("a trap gives up the reservation") {
  TrapBoard board;
  board.hart.set_x(rv::a1, kBase + 0x3000);
  board.step(rv::lr(rv::a0, rv::a1));
  board.step(rv::ecall);
  board.step(rv::sc(rv::a0, rv::a1, rv::a2));
  CHECK(board.hart.x(rv::a0) == 1);
}

TEST_CASE("instruction access faults name the part that failed") {
  TrapBoard board;
  board.hart.set_pc(kNowhere);
  board.hart.run(1);
  CHECK(board.hart.pc() == kHandler);
  CHECK(board.read_csr(csr::mcause) == 1);
  CHECK(board.read_csr(csr::mepc) == kNowhere);
  CHECK(board.read_csr(csr::mtval) == kNowhere);

  // A 32-bit instruction whose second half lies beyond the memory.
  const u32 last = kBase + PlainBus::kBytes - 2;
  board.put_half(last, static_cast<std::uint16_t>(rv::nop));
  board.hart.set_pc(last);
  board.hart.run(1);
  CHECK(board.hart.pc() == kHandler);
  CHECK(board.read_csr(csr::mcause) == 1);
  CHECK(board.read_csr(csr::mepc) == last);
  CHECK(board.read_csr(csr::mtval) == last + 2);
}

TEST_CASE("mret returns and restores the interrupt enable") {
  TrapBoard board;
  for (const u32 mpie : {0u, kMpie}) {
    board.write_csr(csr::mepc, kBase + 0x203);  // bit 0 does not exist
    board.write_csr(csr::mstatus, kMpp | mpie);
    board.step(rv::mret);
    CHECK(board.hart.pc() == kBase + 0x202);
    CHECK(board.hart.mode() == Privilege::machine);
    CHECK(board.read_csr(csr::mstatus) == (kMpie | (mpie ? kMie : 0)));  // MPP: user
  }
}

TEST_CASE("fields of CSRs keep what they support and nothing else") {
  struct Row {
    u32 number, reset, ones, zeros;  // value at reset, after writing all ones, all zeros
  };
  const Row rows[] = {
      // SD, TW, MPRV, FS, MPP, MPIE, MIE
      {csr::mstatus, 0, 0x80227888, 0},
      {csr::misa, 0x40101125, 0x40101125, 0x40101125},
      {csr::mcounteren, 0, 7, 0},
      {csr::menvcfg, 0, 0, 0},
      {csr::menvcfgh, 0, 0, 0},
      {csr::tselect, 0, 0, 0},
      {csr::tselect + 1, 0, 0, 0},
      {csr::tselect + 4, 0, 0, 0},
      {csr::tcontrol, 0, 0, 0},
      {csr::mie, 0, kSoftware | kTimer | kExternal, 0},
      {csr::mstatush, 0, 0, 0},
      {csr::mcountinhibit, 0, 5, 0},
      {csr::mhpmevent3, 0, 0, 0},
      {csr::mhpmevent31, 0, 0, 0},
      {csr::mscratch, 0, 0xffffffff, 0},
      {csr::mepc, 0, 0xfffffffe, 0},
      {csr::mcause, 0, 0xffffffff, 0},
      {csr::mtval, 0, 0xffffffff, 0},
      {csr::mip, 0, 0, 0},
      {csr::mhpmcounter3, 0, 0, 0},
      {csr::mhpmcounter31h, 0, 0, 0},
      {csr::mtvec, 0, 0xfffffffd, 0},  // last: nothing traps above
  };
  PlainBoard board;
  board.hart.set_pc(kBase + 0x100);
  for (const Row& row : rows) {
    INFO("csr " << std::hex << row.number);
    CHECK(board.read_csr(row.number) == row.reset);
    board.write_csr(row.number, 0xffffffff);
    CHECK(board.read_csr(row.number) == row.ones);
    board.write_csr(row.number, 0);
    CHECK(board.read_csr(row.number) == row.zeros);
  }
}

TEST_CASE("the identification registers come from the configuration") {
  PlainBoard plain;
  for (const u32 number : {csr::mvendorid, csr::marchid, csr::mimpid, csr::mhartid}) {
    CHECK(plain.read_csr(number) == 0);
  }
  CpuConfig config = config_from(kBase);
  config.hart_id = 3;
  config.vendor_id = 0x602;
  config.architecture_id = 5;
  config.implementation_id = 0x20250611;
  PlainBoard board(config);
  CHECK(board.read_csr(csr::mhartid) == 3);
  CHECK(board.read_csr(csr::mvendorid) == 0x602);
  CHECK(board.read_csr(csr::marchid) == 5);
  CHECK(board.read_csr(csr::mimpid) == 0x20250611);
  CHECK(board.read_csr(csr::mconfigptr) == 0);
}

TEST_CASE("CSR instructions read, write, set and clear") {
  PlainBoard board;
  const auto result = [&](u32 instruction) {
    board.write_csr(csr::mscratch, 0x0ff0);
    board.hart.set_x(rv::a1, 0x3c3c);
    board.step(instruction);
    CHECK(board.hart.x(rv::a0) == 0x0ff0);
    return board.read_csr(csr::mscratch);
  };
  CHECK(result(rv::csrrw(rv::a0, csr::mscratch, rv::a1)) == 0x3c3c);
  CHECK(result(rv::csrrs(rv::a0, csr::mscratch, rv::a1)) == 0x3ffc);
  CHECK(result(rv::csrrc(rv::a0, csr::mscratch, rv::a1)) == 0x03c0);
  CHECK(result(rv::csrrwi(rv::a0, csr::mscratch, 0x1f)) == 0x001f);
  CHECK(result(rv::csrrsi(rv::a0, csr::mscratch, 0x1f)) == 0x0fff);
  CHECK(result(rv::csrrci(rv::a0, csr::mscratch, 0x10)) == 0x0fe0);
  CHECK(result(rv::csrrs(rv::a0, csr::mscratch, rv::zero)) == 0x0ff0);
  board.hart.set_x(rv::a1, 0x55);
  board.write_csr(csr::mscratch, 0xaa);
  board.step(rv::csrrw(rv::a1, csr::mscratch, rv::a1));  // swap
  CHECK(board.hart.x(rv::a1) == 0xaa);
  CHECK(board.read_csr(csr::mscratch) == 0x55);
}

TEST_CASE("cycle and instret count, can be written and stopped") {
  PlainBoard board;
  board.step(rv::nop);  // its fetch obtains direct access
  const u32 pc = kBase + 0x100;
  // Written values are what the next instruction reads; each instruction takes one cycle.
  board.put(pc, {rv::csrw(csr::mcycle, rv::a1), rv::csrr(rv::a2, csr::mcycle), rv::nop,
                 rv::csrr(rv::a3, csr::cycle), rv::csrw(csr::minstret, rv::a1), rv::nop,
                 rv::csrr(rv::a4, csr::minstret), rv::csrr(rv::a5, csr::instret)});
  board.hart.set_x(rv::a1, 100);
  board.hart.set_pc(pc);
  board.hart.run(8);
  CHECK(board.hart.x(rv::a2) == 100);
  CHECK(board.hart.x(rv::a3) == 102);
  CHECK(board.hart.x(rv::a4) == 101);
  CHECK(board.hart.x(rv::a5) == 102);

  // The halves are independent, and carry.
  board.put(pc, {rv::csrw(csr::mcycleh, rv::a1), rv::csrw(csr::mcycle, rv::a2), rv::nop, rv::nop,
                 rv::csrr(rv::a3, csr::mcycle), rv::csrr(rv::a4, csr::mcycleh)});
  board.hart.set_x(rv::a1, 6);
  board.hart.set_x(rv::a2, 0xfffffffe);
  board.hart.set_pc(pc);
  board.hart.run(6);
  CHECK(board.hart.x(rv::a3) == 0);
  CHECK(board.hart.x(rv::a4) == 7);

  // mcountinhibit stops both, and they go on from where they stood.
  board.write_csr(csr::mcountinhibit, 5);
  const u32 cycle = board.read_csr(csr::mcycle), instret = board.read_csr(csr::minstret);
  CHECK(board.read_csr(csr::mcycle) == cycle);
  CHECK(board.read_csr(csr::minstret) == instret);
  board.write_csr(csr::minstret, 1000);
  CHECK(board.read_csr(csr::minstret) == 1000);
  board.write_csr(csr::mcountinhibit, 1);
  CHECK(board.read_csr(csr::minstret) == 1000);
  CHECK(board.read_csr(csr::minstret) == 1001);
  CHECK(board.read_csr(csr::mcycle) == cycle);
}

TEST_CASE("a trap takes a cycle but retires nothing, and time comes from outside") {
  TrapBoard board;
  const std::uint64_t cycles = board.hart.cycles(), retired = board.hart.instructions();
  board.step(rv::ecall);
  CHECK(board.hart.cycles() == cycles + 1);
  CHECK(board.hart.instructions() == retired);
  board.bus.ticks = 0x123456789abcdef0;
  CHECK(board.read_csr(csr::time) == 0x9abcdef0);
  CHECK(board.read_csr(csr::timeh) == 0x12345678);
}

TEST_CASE("interrupts: enables, priority, vectors") {
  TrapBoard board;
  const u32 pc = kBase + 0x100;
  board.put(pc, {rv::nop, rv::nop});
  const auto taken = [&](u32 levels) {
    board.hart.set_interrupts(levels);
    board.hart.set_pc(pc);
    board.hart.run(1);
    return board.hart.pc();
  };
  const u32 all = kSoftware | kTimer | kExternal;
  board.write_csr(csr::mie, all);
  CHECK(taken(all) == pc + 4);  // mstatus.MIE is clear

  struct Case {
    u32 enabled, levels, cause;
  };
  const Case cases[] = {
      {all, all, 0x8000000b},    {all, kSoftware | kTimer, 0x80000003}, {all, kTimer, 0x80000007},
      {kTimer, all, 0x80000007}, {kSoftware, all, 0x80000003},
  };
  for (const u32 mode : {0u, 1u}) {
    for (const Case& c : cases) {
      CAPTURE(mode, c.enabled, c.levels);
      board.hart.set_interrupts(0);
      board.write_csr(csr::mtvec, kHandler + mode);
      board.write_csr(csr::mie, c.enabled);
      board.write_csr(csr::mstatus, kMie);
      const u32 handler = kHandler + mode * 4 * (c.cause & 0xff);
      board.put(handler, {rv::nop});
      CHECK(taken(c.levels) == handler + 4);  // entered, and its first instruction run
      CHECK(board.read_csr(csr::mcause) == c.cause);
      CHECK(board.read_csr(csr::mepc) == pc);
      CHECK(board.read_csr(csr::mtval) == 0);
      CHECK(board.read_csr(csr::mstatus) == (kMpp | kMpie));
    }
  }
  // Exceptions go to the base in vectored mode too.
  board.hart.set_interrupts(0);
  board.step(rv::ecall);
  CHECK(board.hart.pc() == kHandler);
  CHECK(board.hart.counts().interrupts == 10);
}

TEST_CASE("reading mip samples the inputs, writing it changes nothing") {
  PlainBoard board;
  board.bus.levels = kTimer;
  CHECK(board.read_csr(csr::mip) == kTimer);
  board.bus.levels = kExternal | kSoftware | 1;
  CHECK(board.read_csr(csr::mip) == (kExternal | kSoftware));
  board.write_csr(csr::mip, kTimer);
  CHECK(board.read_csr(csr::mip) == (kExternal | kSoftware));
}

TEST_CASE("WFI waits until something enabled is pending, whatever mstatus says") {
  PlainBoard board;
  CHECK(board.step(rv::wfi) == Hart::Exit::wait_for_interrupt);
  CHECK(board.hart.pc() == kBase + 4);
  board.hart.set_interrupts(kTimer);
  CHECK(board.step(rv::wfi) == Hart::Exit::wait_for_interrupt);  // not enabled in mie
  CHECK_FALSE(board.hart.interrupt_pending());
  board.write_csr(csr::mie, kTimer);
  CHECK(board.hart.interrupt_pending());
  CHECK(board.step(rv::wfi) == Hart::Exit::budget);

  const std::uint64_t retired = board.hart.instructions();
  board.hart.sleep_until(5000);
  CHECK(board.hart.cycles() == 5000);
  CHECK(board.hart.instructions() == retired);
  board.hart.sleep_until(10);
  CHECK(board.hart.cycles() == 5000);
}

TEST_CASE("a trap without a handler halts the hart and tells the registers") {
  PlainBoard board;
  for (u32 n = 0; n < 32; ++n) board.hart.set_x(n, 1000 + n);
  CHECK(board.step(rv::ecall, kBase + 0x40) == Hart::Exit::halted);
  REQUIRE(board.hart.halted());
  const TrapInfo& trap = board.hart.last_trap();
  CHECK(trap.cause == 11);
  CHECK(trap.pc == kBase + 0x40);
  CHECK(trap.tval == 0);
  CHECK(trap.x[0] == 0);
  for (u32 n = 1; n < 32; ++n) CHECK(trap.x[n] == 1000 + n);
  const std::uint64_t cycles = board.hart.cycles();
  CHECK(board.hart.run(10) == Hart::Exit::halted);
  CHECK(board.hart.cycles() == cycles);
}

TEST_CASE("device accesses, writes to mie and mstatus, and mret end the quantum") {
  PlainBoard board;
  board.bus.stall = 30;
  board.hart.set_x(rv::a1, PlainBus::kDevice);
  const u32 pc = kBase + 0x100;
  const auto cycles_of_run = [&](u32 instruction) {
    board.put(pc, {rv::nop, rv::nop, instruction, rv::nop, rv::nop, rv::nop});
    board.write_csr(csr::mepc, pc + 12);
    board.hart.set_pc(pc);
    board.hart.run(1);  // fetches are direct from here on
    const std::uint64_t before = board.hart.cycles();
    board.hart.run(4);
    return board.hart.cycles() - before;
  };
  CHECK(cycles_of_run(rv::nop) == 4);
  CHECK(cycles_of_run(rv::lw(rv::a0, rv::a1, 0)) == 2 + 30);
  CHECK(cycles_of_run(rv::sw(rv::a0, rv::a1, 4)) == 2 + 30);
  CHECK(cycles_of_run(rv::csrw(csr::mie, rv::zero)) == 2);
  CHECK(cycles_of_run(rv::csrrsi(rv::a0, csr::mstatus, 8)) == 2);
  CHECK(cycles_of_run(rv::csrr(rv::a0, csr::mstatus)) == 4);
  CHECK(cycles_of_run(rv::csrw(csr::mscratch, rv::a0)) == 4);
  CHECK(cycles_of_run(rv::mret) == 2);
}

TEST_CASE("instructions take the cycles that the timing table gives their class") {
  CpuConfig config = config_from(kBase);
  config.timing = {2, 3, 30, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
  for (const bool observed : {false, true}) {
    struct Ignore : HartObserver {
      void on_jump(std::uint64_t, u32) override {}
    } observer;
    PlainBoard board(config);
    if (observed) board.hart.observe(observer);
    board.write_csr(csr::mstatus, 1u << 13);
    board.hart.set_x(rv::a1, kBase + 0x3000);
    board.hart.set_x(rv::a2, PlainBus::kDevice);
    struct Row {
      u32 instruction;
      std::uint64_t cycles;
    };
    const Row rows[] = {
        {rv::add(1, 2, 3), 2},
        {rv::fence, 2},
        {rv::mul(1, 2, 3), 3},
        {rv::op(7, 1, 1, 2, 3), 30},  // remu
        {rv::lw(rv::a0, rv::a1, 0), 4},
        {rv::flw(1, rv::a1, 0), 4},
        {rv::sw(rv::a0, rv::a1, 0), 5},
        {rv::fsw(1, rv::a1, 0), 5},
        {rv::lw(rv::a0, rv::a2, 0), 4},  // over the bus, which does not stall
        {rv::bne(0, 0, 8), 6},
        {rv::beq(0, 0, 8), 7},      // within the page
        {rv::beq(0, 0, 0xffe), 7},  // beyond
        {rv::jal(0, 8), 8},
        {rv::jalr(0, rv::a1, 0), 8},
        {rv::lr(rv::a0, rv::a1), 9},
        {rv::amo(0, rv::a0, rv::a1, rv::a0), 9},
        {rv::csrr(rv::a0, csr::mscratch), 10},
        {rv::mret, 10},
        {rv::fop(0, 0, 1, 2, 3), 11},
        {rv::fused(0, 0, 1, 2, 3, 4), 12},
        {rv::fop(0x0c, 0, 1, 2, 3), 13},
        {rv::ecall, 1},  // a trap takes its cycle
    };
    board.write_csr(csr::mtvec, kHandler);
    board.write_csr(csr::mepc, kBase + 0x500);
    for (int round = 0; round < 2; ++round) {
      for (const Row& row : rows) {
        INFO(std::hex << row.instruction);
        const std::uint64_t before = board.hart.cycles(), retired = board.hart.instructions();
        board.write_csr(csr::mstatus, 1u << 13 | kMpp);
        const std::uint64_t between = board.hart.cycles();
        CHECK(between - before == 10);
        board.step(row.instruction);
        CHECK(board.hart.cycles() - between == row.cycles);
        CHECK(board.hart.instructions() - retired == (row.instruction == rv::ecall ? 1 : 2));
      }
    }
    // A run is as long as its cycles, but for the instruction that it ends in.
    board.put(kBase + 0x600, {rv::jal(0, 0)});
    board.hart.set_pc(kBase + 0x600);
    const std::uint64_t before = board.hart.cycles();
    board.hart.run(800);
    CHECK(board.hart.cycles() - before == 800);
    board.hart.run(801);
    CHECK(board.hart.cycles() - before == 1608);
  }
}

TEST_CASE("device accesses have their exact size, cycle and pc, and count") {
  PlainBoard board;
  board.step(rv::nop);  // its fetch obtains direct access
  board.bus.log.clear();
  const std::uint64_t before = board.hart.counts().bus_accesses;
  board.hart.set_x(rv::a1, PlainBus::kDevice);
  board.hart.set_x(rv::a0, 0x12345678);
  const u32 pc = kBase + 0x100;
  board.put(pc, {rv::nop, rv::store(1, rv::a0, rv::a1, 2), rv::load(4, rv::a2, rv::a1, 3),
                 rv::lw(rv::a3, rv::a1, 0)});
  board.hart.set_pc(pc);
  const std::uint64_t start = board.hart.cycles();
  board.steps(4);
  REQUIRE(board.bus.log.size() == 3);
  const PlainBus::Access& first = board.bus.log[0];
  CHECK(first.is_write);
  CHECK(first.address == PlainBus::kDevice + 2);
  CHECK(first.bytes == 2);
  CHECK(first.cycle == start + 1);
  CHECK(first.pc == pc + 4);
  CHECK(board.bus.log[1].bytes == 1);
  CHECK(board.bus.log[2].bytes == 4);
  CHECK(board.hart.x(rv::a2) == 0x56);
  CHECK(board.hart.x(rv::a3) == 0x56780000);
  CHECK(board.hart.counts().bus_accesses == before + 3);
}

}  // namespace
}  // namespace epoch
