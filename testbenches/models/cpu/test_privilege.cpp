// SPDX-License-Identifier: Apache-2.0
//
// User mode and physical memory protection, against the privileged specification v1.12.
#include <catch2/catch.hpp>
#include <cstdint>
#include <initializer_list>

#include "cpu/csr_file.h"
#include "plain_board.h"
#include "rv_encode.h"

namespace epoch {
namespace {

using u32 = std::uint32_t;
constexpr u32 kBase = PlainBoard::kBase;
constexpr u32 kMie = 1u << 3, kMpie = 1u << 7, kMpp = 3u << 11, kMprv = 1u << 17, kTw = 1u << 21;
constexpr u32 kTimer = 1u << 7;
constexpr u32 kPmpcfg = 0x3a0, kPmpaddr = 0x3b0;
constexpr u32 kR = 1, kW = 2, kX = 4, kTor = 1u << 3, kNa4 = 2u << 3, kNapot = 3u << 3,
              kL = 1u << 7;
constexpr u32 kCode = kBase + 0x1000, kData = kBase + 0x3000;

struct UserBoard : PlainBoard {
  UserBoard() {
    write_csr(csr::mtvec, kHandler);
    put(kHandler, {rv::jal(0, 0)});
    allow_everything();
  }

  void configure(unsigned n, u32 address, u32 config) {
    const u32 number = kPmpcfg + n / 4, shift = 8 * (n % 4);
    write_csr(kPmpaddr + n, address);
    write_csr(number, (read_csr(number) & ~(0xffu << shift)) | config << shift);
  }
  void allow_everything() { configure(7, 0xffffffff, kNapot | kR | kW | kX); }

  // By MRET, as software does it.
  void enter_user(u32 pc, u32 status = 0) {
    write_csr(csr::mstatus, status);
    write_csr(csr::mepc, pc);
    step(rv::mret, kBase + 0x200);
    CHECK(hart.mode() == Privilege::user);
    CHECK(hart.pc() == pc);
  }
  // One instruction in user mode; the mcause of its trap, or 0.
  u32 user(u32 instruction, u32 status = 0) {
    put(kCode, {instruction});
    enter_user(kCode, status);
    hart.run(1);
    return leave_user();
  }
  u32 leave_user() {
    const bool trapped = hart.mode() == Privilege::machine;
    if (!trapped) {  // back to machine mode by an ecall
      const u32 pc = hart.pc();
      put(kCode + 0x800, {rv::ecall});
      hart.set_pc(kCode + 0x800);
      hart.run(1);
      CHECK(hart.last_trap().cause == 8);
      hart.set_pc(pc);
    }
    CHECK(hart.mode() == Privilege::machine);
    return trapped ? hart.last_trap().cause : 0;
  }
};

TEST_CASE("mret enters user mode and a trap comes back") {
  UserBoard board;
  board.put(kCode, {rv::addi(rv::a0, rv::zero, 5), rv::ecall});
  board.enter_user(kCode, kMpie | kMprv);
  board.steps(2);
  CHECK(board.hart.x(rv::a0) == 5);
  CHECK(board.hart.mode() == Privilege::machine);
  CHECK(board.hart.pc() == PlainBoard::kHandler);
  CHECK(board.read_csr(csr::mcause) == 8);
  CHECK(board.read_csr(csr::mepc) == kCode + 4);
  CHECK(board.read_csr(csr::mtval) == 0);
  // MPP: user; MPIE: MIE, which MRET took from MPIE; MPRV was cleared by leaving machine mode.
  CHECK(board.read_csr(csr::mstatus) == kMpie);
}

TEST_CASE("mstatus.MPP holds the modes that exist") {
  UserBoard board;
  const u32 kept[] = {0, 0, 0, 3};
  for (u32 mode = 0; mode < 4; ++mode) {
    board.write_csr(csr::mstatus, mode << 11);
    CHECK(board.read_csr(csr::mstatus) == kept[mode] << 11);
  }
}

TEST_CASE("user mode reaches no machine registers and no machine instructions") {
  UserBoard board;
  for (const u32 number : {csr::mstatus, csr::misa, csr::mie, csr::mtvec, csr::mscratch, csr::mip,
                           csr::mcycle, csr::mcounteren, csr::mhartid, kPmpcfg, csr::tselect}) {
    const u32 instruction = rv::csrr(rv::a0, number);
    CHECK(board.user(instruction) == 2);
    CHECK(board.read_csr(csr::mtval) == instruction);
  }
  CHECK(board.user(rv::mret) == 2);
  CHECK(board.user(rv::ebreak) == 3);
  CHECK(board.user(rv::csrr(rv::a0, csr::fcsr)) == 2);
  CHECK(board.user(rv::csrr(rv::a0, csr::fcsr), 1u << 13) == 0);
}

// menvcfg reads 0, which permits none of them in user mode; in machine mode a locked region may.
TEST_CASE("cache-block operations are machine mode's, where memory may be accessed") {
  UserBoard board;
  board.configure(0, kData >> 2, kNa4 | kL);
  for (const u32 operation : {0u, 1u, 2u}) {
    const u32 instruction = rv::i_type(0x0f, 2, 0, rv::a1, static_cast<int>(operation));
    board.hart.set_x(rv::a1, kCode);
    CHECK(board.user(instruction) == 2);
    board.step(instruction, kBase + 0x300);
    CHECK(board.hart.pc() == kBase + 0x304);
    board.hart.set_x(rv::a1, kData);
    board.step(instruction, kBase + 0x300);
    CHECK(board.hart.pc() == PlainBoard::kHandler);
    CHECK(board.read_csr(csr::mcause) == 7);
    CHECK(board.read_csr(csr::mtval) == kData);
  }
}

TEST_CASE("mcounteren opens the counters to user mode one by one") {
  UserBoard board;
  const u32 numbers[] = {csr::cycle, csr::time, csr::instret};
  for (u32 enabled = 0; enabled < 8; ++enabled) {
    board.write_csr(csr::mcounteren, enabled);
    for (u32 n = 0; n < 3; ++n) {
      CAPTURE(enabled, n);
      const u32 cause = (enabled >> n & 1) != 0 ? 0 : 2;
      CHECK(board.user(rv::csrr(rv::a0, numbers[n])) == cause);
      CHECK(board.user(rv::csrr(rv::a0, numbers[n] + 0x80)) == cause);
      board.step(rv::csrr(rv::a0, numbers[n]));  // machine mode always
      CHECK(board.hart.pc() == kBase + 4);
    }
    CHECK(board.user(rv::csrw(csr::cycle, rv::zero)) == 2);
  }
}

TEST_CASE("user mode takes interrupts whatever MIE says, and TW forbids WFI") {
  UserBoard board;
  board.put(kCode, {rv::nop, rv::nop});
  board.write_csr(csr::mie, kTimer);
  board.enter_user(kCode);
  board.hart.run(1);
  CHECK(board.hart.pc() == kCode + 4);
  board.hart.set_interrupts(kTimer);
  board.hart.run(1);
  CHECK(board.hart.mode() == Privilege::machine);
  CHECK(board.read_csr(csr::mcause) == 0x80000007);
  CHECK(board.read_csr(csr::mepc) == kCode + 4);
  CHECK(board.read_csr(csr::mstatus) == 0);
  board.hart.set_interrupts(0);

  CHECK(board.user(rv::wfi) == 0);
  CHECK(board.user(rv::wfi, kTw) == 2);
  board.write_csr(csr::mstatus, kTw);
  CHECK(board.step(rv::wfi) == Hart::Exit::wait_for_interrupt);
}

TEST_CASE("user mode may touch only what a region permits") {
  UserBoard board;
  board.hart.set_x(rv::a1, kData);
  const u32 load = rv::lw(rv::a0, rv::a1, 0), store = rv::sw(rv::a2, rv::a1, 0);
  const u32 reserve = rv::lr(rv::a0, rv::a1), swap = rv::amo(1, rv::a0, rv::a1, rv::a2);
  for (u32 rights = 0; rights < 8; ++rights) {
    const bool reserved = (rights & 3) == 2;  // W without R: permits nothing
    const bool reads = (rights & 1) != 0, writes = (rights & 3) == 3;
    CAPTURE(rights);
    board.configure(0, kData >> 2 | 0x1ff, kNapot | rights);  // 4 KiB
    CHECK(board.read_csr(kPmpcfg) == (kNapot | (reserved ? 0 : rights)));
    for (int round = 0; round < 2; ++round) {  // a second time out of the tables
      CHECK(board.user(load) == (reads ? 0 : 5));
      CHECK(board.user(store) == (writes ? 0 : 7));
      CHECK(board.user(reserve) == (reads ? 0 : 5));
      CHECK(board.user(swap) == (writes ? 0 : 7));
      board.step(load);  // machine mode is not concerned
      CHECK(board.hart.pc() == kBase + 4);
      board.step(store);
      CHECK(board.hart.pc() == kBase + 4);
    }
    board.put(kData, {rv::nop});
    board.enter_user(kData);
    board.hart.run(1);
    CHECK(board.hart.pc() == ((rights & 4) != 0 && !reserved ? kData + 4 : PlainBoard::kHandler));
    board.leave_user();
  }
  // Without any region nothing is permitted.
  board.configure(0, 0, 0);
  board.configure(7, 0, 0);
  board.enter_user(kCode);
  board.hart.run(1);
  CHECK(board.hart.last_trap().cause == 1);
  CHECK(board.hart.last_trap().tval == kCode);
}

TEST_CASE("regions have borders of four bytes, the lowest number wins") {
  UserBoard board;
  struct Case {
    u32 config, below, address, first, bytes;  // config of region 2; pmpaddr1 and 2
  };
  const Case cases[] = {
      {kNa4, 0, (kData + 0x10) >> 2, kData + 0x10, 4},
      {kNapot, 0, (kData + 0x20) >> 2, kData + 0x20, 8},
      {kNapot, 0, (kData + 0x40) >> 2 | 3, kData + 0x40, 32},
      {kTor, (kData + 0x14) >> 2, (kData + 0x2c) >> 2, kData + 0x14, 0x18},
      {kTor, (kData + 0x14) >> 2, (kData + 0x14) >> 2, 0, 0},  // empty
      {kTor, (kData + 0x18) >> 2, (kData + 0x14) >> 2, 0, 0},  // likewise
  };
  for (const Case& c : cases) {
    CAPTURE(c.config, c.address);
    board.configure(1, c.below, 0);
    board.configure(2, c.address, c.config);  // takes rights away from the region that has all
    for (u32 address = kData; address < kData + 0x80; address += 4) {
      CAPTURE(address);
      board.hart.set_x(rv::a1, address);
      CHECK(board.user(rv::lw(rv::a0, rv::a1, 0)) == (address - c.first < c.bytes ? 5 : 0));
    }
  }
  board.configure(1, 0xffffffff, kNapot | kR | kX);  // now region 1 decides
  board.configure(2, 0, 0);
  board.hart.set_x(rv::a1, kData);
  CHECK(board.user(rv::lw(rv::a0, rv::a1, 0)) == 0);
  CHECK(board.user(rv::sw(rv::a0, rv::a1, 0)) == 7);
  CHECK(board.read_csr(csr::mtval) == kData);
}

TEST_CASE("fetching across the border of a region faults with the address of the second half") {
  UserBoard board;
  board.put_half(kCode + 6, 0x0013);  // the first half of a nop
  board.put_half(kCode + 8, 0x0000);
  board.configure(0, (kCode + 8) >> 2, kNa4);
  board.enter_user(kCode + 6);
  board.hart.run(1);
  CHECK(board.hart.last_trap().cause == 1);
  CHECK(board.hart.last_trap().pc == kCode + 6);
  CHECK(board.hart.last_trap().tval == kCode + 8);
}

TEST_CASE("code decoded in machine mode is not executable in user mode, and rights can go") {
  UserBoard board;
  board.put(kCode, {rv::nop, rv::nop, rv::nop, rv::jal(0, -8)});
  board.hart.set_pc(kCode);
  board.hart.run(4);  // decoded
  board.configure(0, (kCode + 8) >> 2, kNa4 | kR);
  board.enter_user(kCode);
  board.hart.run(10);
  CHECK(board.hart.last_trap().cause == 1);
  CHECK(board.hart.last_trap().pc == kCode + 8);
  board.configure(0, 0, 0);
  board.enter_user(kCode);
  board.hart.run(10);
  CHECK(board.hart.mode() == Privilege::user);
  board.hart.set_pc(kCode + 0x800);
  board.leave_user();
  board.configure(0, (kCode + 8) >> 2, kNa4 | kR);  // decoded for user mode meanwhile
  board.enter_user(kCode);
  board.hart.run(10);
  CHECK(board.hart.last_trap().cause == 1);
}

TEST_CASE("user code follows its own stores") {
  UserBoard board;
  board.put(kCode, {rv::addi(rv::a0, rv::zero, 1), rv::sw(rv::a2, rv::a1, 0), rv::jal(0, -8)});
  board.hart.set_x(rv::a1, kCode);
  board.hart.set_x(rv::a2, rv::addi(rv::a0, rv::zero, 2));
  board.enter_user(kCode);
  board.hart.run(4);
  CHECK(board.hart.x(rv::a0) == 2);
}

TEST_CASE("MPRV gives loads and stores the rights of the previous mode") {
  UserBoard board;
  board.configure(0, kData >> 2 | 0x1ff, kNapot);
  board.hart.set_x(rv::a1, kData);
  const u32 load = rv::lw(rv::a0, rv::a1, 0);
  const auto machine_load = [&](u32 status) {
    board.write_csr(csr::mstatus, status);
    board.step(load);
    return board.hart.pc() == kBase + 4;
  };
  for (int round = 0; round < 2; ++round) {
    CHECK(machine_load(0));
    CHECK_FALSE(machine_load(kMprv));
    CHECK(board.read_csr(csr::mcause) == 5);
    CHECK(machine_load(kMprv | kMpp));
  }
}

TEST_CASE("locked regions bind machine mode and cannot be changed") {
  UserBoard board;
  board.hart.set_x(rv::a1, kData);
  board.step(rv::sw(rv::a0, rv::a1, 0));
  board.step(rv::sw(rv::a0, rv::a1, 0));  // by the table
  board.configure(1, kData >> 2, 0);
  board.configure(2, (kData + 0x100) >> 2, kTor | kR | kL);
  board.step(rv::sw(rv::a0, rv::a1, 0));
  CHECK(board.hart.pc() == PlainBoard::kHandler);
  CHECK(board.read_csr(csr::mcause) == 7);
  board.step(rv::lw(rv::a0, rv::a1, 0));
  CHECK(board.hart.pc() == kBase + 4);
  board.step(rv::sw(rv::a0, rv::a1, 0x100));  // the same page, outside
  CHECK(board.hart.pc() == kBase + 4);
  board.step(rv::sw(rv::a0, rv::a1, 0));
  CHECK(board.hart.pc() == PlainBoard::kHandler);
  board.hart.set_pc(kData);  // no right to execute
  board.hart.run(1);
  CHECK(board.read_csr(csr::mcause) == 1);

  for (const u32 number : {kPmpaddr + 1, kPmpaddr + 2, kPmpcfg}) {
    CAPTURE(number);
    const u32 before = board.read_csr(number);
    board.write_csr(number, number == kPmpcfg ? before & ~(0xffu << 16) : 0);
    CHECK(board.read_csr(number) == before);
  }
  board.write_csr(kPmpaddr + 3, 0x123);
  CHECK(board.read_csr(kPmpaddr + 3) == 0x123);
}

TEST_CASE("as many regions exist as configured, the registers of the others read zero") {
  for (const u32 regions : {0u, 5u, 8u, 16u}) {
    CAPTURE(regions);
    CpuConfig config = config_from(kBase);
    if (regions != 8) config.pmp_regions = regions;  // 8 is the default
    PlainBoard board(config);
    for (u32 n = 0; n < 16; ++n) {
      board.write_csr(kPmpaddr + n, 0xffffffff);
      CHECK(board.read_csr(kPmpaddr + n) == (n < regions ? 0xffffffff : 0));
    }
    for (u32 n = 0; n < 4; ++n) {
      board.write_csr(kPmpcfg + n, 0x7f7f7f7f);
      u32 all = 0;
      for (u32 b = 0; b < 4; ++b) all |= (4 * n + b < regions ? 0x1fu : 0) << 8 * b;
      CHECK(board.read_csr(kPmpcfg + n) == all);
    }
  }
}

TEST_CASE("a hart without any region refuses user mode nothing") {
  CpuConfig config = config_from(kBase);
  config.pmp_regions = 0;
  PlainBoard board(config);
  board.write_csr(csr::mtvec, PlainBoard::kHandler);
  board.hart.set_x(rv::a1, kData);
  board.put(kCode, {rv::lw(rv::a0, rv::a1, 0), rv::sw(rv::a0, rv::a1, 0)});
  board.write_csr(csr::mepc, kCode);
  board.step(rv::mret, kBase + 0x200);
  board.steps(2);
  CHECK(board.hart.mode() == Privilege::user);
  CHECK(board.hart.pc() == kCode + 8);
}

TEST_CASE("a locked background in the sixteenth region gives way to the first") {
  CpuConfig config = config_from(kBase);
  config.pmp_regions = 16;
  PlainBoard board(config);
  board.write_csr(csr::mtvec, PlainBoard::kHandler);
  board.write_csr(kPmpaddr + 15, 0xffffffff);
  board.write_csr(kPmpcfg + 3, (kL | kNapot | kR | kW | kX) << 24);
  board.write_csr(kPmpaddr, kData >> 2);
  board.write_csr(kPmpcfg, kL | kNa4 | kR);
  board.write_csr(kPmpaddr + 15, 0);
  CHECK(board.read_csr(kPmpaddr + 15) == 0xffffffff);
  board.hart.set_x(rv::a1, kData);
  for (const u32 status : {0u, kMprv}) {  // the rights of machine mode, then of user mode
    CAPTURE(status);
    board.write_csr(csr::mstatus, status);
    board.step(rv::lw(rv::a0, rv::a1, 0));
    CHECK(board.hart.pc() == kBase + 4);
    board.step(rv::sw(rv::a0, rv::a1, 4));
    CHECK(board.hart.pc() == kBase + 4);
    board.write_csr(csr::mstatus, status);
    board.step(rv::sw(rv::a0, rv::a1, 0));
    CHECK(board.hart.pc() == PlainBoard::kHandler);
    CHECK(board.read_csr(csr::mcause) == 7);
  }
}

TEST_CASE("misaligned accesses in hardware equal aligned ones, byte by byte") {
  CpuConfig config = config_from(kBase);
  config.misaligned = Misaligned::hardware;
  PlainBoard board(config);
  board.write_csr(csr::mtvec, PlainBoard::kHandler);
  board.write_csr(csr::mstatus, 1u << 13);
  for (int round = 0; round < 2; ++round) {
    for (u32 offset = 0; offset < 5; ++offset) {
      CAPTURE(offset);
      board.put(kData, {0x84838281, 0x88878685, 0x8c8b8a89});
      const auto byte = [&](u32 n) { return 0x81 + offset + n; };
      const u32 half = byte(0) | byte(1) << 8, word = half | byte(2) << 16 | byte(3) << 24;
      board.hart.set_x(rv::a1, kData + offset);
      board.step(rv::lw(rv::a0, rv::a1, 0));
      CHECK(board.hart.x(rv::a0) == word);
      board.step(rv::load(1, rv::a0, rv::a1, 0));
      CHECK(board.hart.x(rv::a0) == (half | 0xffff0000));
      board.step(rv::load(5, rv::a0, rv::a1, 0));
      CHECK(board.hart.x(rv::a0) == half);
      board.step(rv::flw(3, rv::a1, 0));
      CHECK(board.hart.f(3) == word);
      board.hart.set_x(rv::a2, 0x11223344);
      board.step(rv::sw(rv::a2, rv::a1, 0));
      board.step(rv::lw(rv::a0, rv::a1, 0));
      CHECK(board.hart.x(rv::a0) == 0x11223344);
      board.step(rv::store(1, rv::a1, rv::a1, 1));
      board.step(rv::load(5, rv::a0, rv::a1, 1));
      CHECK(board.hart.x(rv::a0) == ((kData + offset) & 0xffff));
      if (offset % 4 != 0) {  // what lies before is untouched
        const u32 before = (1u << 8 * offset) - 1;
        CHECK((board.word(kData) & before) == (0x84838281 & before));
      }
    }
  }
  // Atomics need alignment in any case.
  board.hart.set_x(rv::a1, kData + 2);
  board.step(rv::lr(rv::a0, rv::a1));
  CHECK(board.read_csr(csr::mcause) == 4);
  board.step(rv::amo(0, rv::a0, rv::a1, rv::a0));
  CHECK(board.read_csr(csr::mcause) == 6);
  // Across the end of the memory: the part that failed is named.
  board.hart.set_x(rv::a1, kBase + PlainBus::kBytes - 2);
  board.step(rv::lw(rv::a0, rv::a1, 0));
  CHECK(board.read_csr(csr::mcause) == 5);
  CHECK(board.read_csr(csr::mtval) == kBase + PlainBus::kBytes);
}

TEST_CASE("a misaligned store into a protected region writes nothing") {
  CpuConfig config = config_from(kBase);
  config.misaligned = Misaligned::hardware;
  PlainBoard board(config);
  board.write_csr(csr::mtvec, PlainBoard::kHandler);
  board.write_csr(kPmpaddr, (kData + 4) >> 2);
  board.write_csr(kPmpcfg, kNa4 | kL | kR);
  board.put(kData, {1, 2});
  board.hart.set_x(rv::a1, kData + 2);
  board.hart.set_x(rv::a0, 0xffffffff);
  board.step(rv::sw(rv::a0, rv::a1, 0));
  CHECK(board.read_csr(csr::mcause) == 7);
  CHECK(board.read_csr(csr::mtval) == kData + 4);
  CHECK(board.word(kData) == 1);
  CHECK(board.word(kData + 4) == 2);
}

}  // namespace
}  // namespace epoch
