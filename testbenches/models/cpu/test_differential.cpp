// SPDX-License-Identifier: Apache-2.0
//
// The fast engine against the plain one over random programs: all instructions, self-modifying
// code, user mode, protection and interrupts, in runs of random length.
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "cpu/csr_file.h"
#include "plain_board.h"
#include "reference_hart.h"
#include "rv_encode.h"

namespace epoch {
namespace {

using Word = std::uint32_t;
constexpr Word kBase = PlainBoard::kBase, kHandler = PlainBoard::kHandler;
constexpr Word kCode = kBase + 0x1e00;  // across a page border
constexpr unsigned kCodeBytes = 0x400;
constexpr Word kData = kBase + 0x4000;

class ProgramSource {
 public:
  explicit ProgramSource(Word seed) : seed_(seed), random_(seed) {}

  Word below(Word limit) { return static_cast<Word>(random_()) % limit; }
  Word word() { return static_cast<Word>(random_()); }

  // Half of the programs trap often; the others keep to stores, jumps and arithmetic for long.
  Word instruction() { return seed_ % 2 == 0 || below(60) == 0 ? any_instruction() : calm(); }

 private:
  Word calm() {
    switch (below(8)) {
      case 0:
      case 1:
        return rv::store(2, choose({rv::a4, rv::a5, 5, 6}),
                         choose({rv::s0, rv::s1, rv::s1, rv::a3}), offset() & ~3);
      case 2:
        return rv::lw(target(), choose({rv::s0, rv::s1, rv::a3}), offset() & ~3);
      case 3:
        return rv::jalr(1, choose({rv::s0, rv::s1}), hop() & 0x7c);
      case 4:
        return rv::branch(choose({0, 1, 4, 5, 6, 7}), any(), any(), hop() & ~3);
      default:
        return rv::op(below(8), below(2), target(), any(), any());
    }
  }
  Word any_instruction() {
    switch (below(17)) {
      case 0:
      case 1:
        return rv::op(below(8), choose({0, 0, 1, 1, 0x20}), target(), any(), any());
      case 2:
      case 3:
        return rv::op_imm(below(8), target(), any(), static_cast<int>(below(4096)) - 2048);
      case 4:
        return below(2) == 0 ? rv::lui(target(), word() >> 12) : rv::auipc(target(), below(2));
      case 5:
        return rv::load(choose({0, 1, 2, 4, 5, 3}), target(), pointer(), offset());
      case 6:
        return rv::store(below(3), any(), pointer(), offset());
      case 7:
        return rv::branch(below(8), any(), any(), hop());
      case 8:
        return below(3) != 0 ? rv::jal(target(), hop())
                             : rv::jalr(target(), choose({rv::s0, rv::s1}), hop() & 0xfe);
      case 9:
        return rv::amo(choose({2, 3, 0, 1, 4, 8, 0x0c, 0x10, 0x14, 0x18, 0x1c}), target(),
                       pointer(), below(3) == 0 ? 0 : any());
      case 10:
        return rv::csr_op(1 + below(3) + 4 * below(2), target(), csr_number(), below(32));
      case 11:
        return choose({rv::ecall, rv::ebreak, rv::mret, rv::mret, rv::wfi, rv::fence, rv::fence_i});
      case 12:
        return below(2) == 0 ? rv::flw(below(32), pointer(), offset())
                             : rv::fsw(below(32), pointer(), offset());
      case 13:
        return rv::fop(choose({0, 4, 8, 0x0c, 0x2c, 0x10, 0x14, 0x50, 0x60, 0x68, 0x70, 0x78}),
                       choose({0, 1, 2, 3, 4, 7, 7, 5}), below(32), below(32),
                       below(2) == 0 ? below(2) : below(32));
      case 14:
        return rv::fused(below(4), choose({0, 1, 2, 3, 4, 7, 7}), below(32), below(32), below(32),
                         below(32));
      case 15:
        return compressed() | compressed() << 16;
      default:
        // Known constants into the registers that mstatus and mie get their values from.
        return rv::csr_op(choose({5, 6, 7}), target(), choose({csr::mstatus, csr::mie}), below(32));
    }
  }

  Word choose(std::initializer_list<Word> words) {
    return words.begin()[below(static_cast<Word>(words.size()))];
  }
  Word any() { return below(32); }
  // s0, s1, a0..a3 point into code and data; mostly other registers change.
  Word target() {
    return below(40) == 0 ? below(32) : choose({0, 1, 5, 6, 7, 14, 15, 16, 17, 18, 19});
  }
  Word pointer() { return choose({rv::s0, rv::s1, rv::a0, rv::a1, rv::a2, rv::a3}); }
  int offset() {
    const int bytes = static_cast<int>(below(256)) - 128;
    return below(8) == 0 ? bytes : bytes & ~3;
  }
  int hop() { return (static_cast<int>(below(64)) - 24) * (below(4) == 0 ? 2 : 4); }
  Word compressed() {
    Word half = below(0x10000);
    while (half % 4 == 3) half = below(0x10000);
    return half;
  }
  Word csr_number() {
    // Cycles beyond one an instruction are not the plain hart's affair.
    if (seed_ % 5 > 1 && below(8) == 0) return choose({csr::mcycle, csr::mcycleh, csr::cycle});
    static constexpr Word numbers[] = {csr::mstatus,
                                       csr::mstatus,
                                       csr::misa,
                                       csr::mie,
                                       csr::mscratch,
                                       csr::mepc,
                                       csr::mcause,
                                       csr::mtval,
                                       csr::mip,
                                       csr::minstret,
                                       csr::minstreth,
                                       csr::time,
                                       csr::instret,
                                       csr::instreth,
                                       csr::mcounteren,
                                       csr::mcountinhibit,
                                       csr::fflags,
                                       csr::frm,
                                       csr::fcsr,
                                       0x3a0,
                                       0x3a1,
                                       0x3a2,
                                       0x3b0,
                                       0x3b1,
                                       0x3b2,
                                       0x3b3,
                                       0x3b7,
                                       0x3b8,
                                       csr::tselect,
                                       csr::mhartid,
                                       0x123};
    return numbers[below(sizeof numbers / sizeof numbers[0])];
  }

  Word seed_;
  std::mt19937 random_;
};

struct Machines {
  static CpuConfig config(Word seed) {
    CpuConfig config = config_from(kCode);
    if (seed % 3 == 0) config.misaligned = Misaligned::hardware;
    if (seed % 5 == 0) config.timing = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    if (seed % 5 <= 1) config.icache = {1, 2, 16, 3};
    if (seed % 5 <= 1) config.dcache = {1, 1, 32, 3};
    return config;
  }

  PlainBoard board;
  ReferenceHart plain;
  ProgramSource source;

  explicit Machines(Word seed) : board(config(seed)), plain(kCode, seed % 3 == 0), source(seed) {
    board.bus.grants_direct = seed % 7 != 0;
    board.bus.ticks = plain.time = 0x123456789abcdef0;
    for (std::uint8_t& byte : board.bus.memory) byte = static_cast<std::uint8_t>(source.word());
    for (unsigned n = 0; n < kCodeBytes; n += 4) put(kCode + n, source.instruction());
    for (unsigned n = 0; n < 0x100; n += 4) put(kData + n, source.instruction());
    put_handler();
    plain.memory = board.bus.memory;
    for (unsigned n = 1; n < 32; ++n) set_x(n, source.word());
    for (unsigned n = 0; n < 32; ++n) {
      plain.f[n] = source.below(3) == 0 ? source.word() : 0x3f800000 + (source.word() >> 6);
      board.hart.set_f(n, plain.f[n]);
    }
    set_x(rv::s0, kCode + 4 * source.below(kCodeBytes / 4));
    set_x(rv::s1, kData);
    set_x(rv::a0, kData + 0x1000 - 8);
    set_x(rv::a1, kCode + 4 * source.below(kCodeBytes / 4));
    set_x(rv::a2, source.below(2) == 0 ? PlainBus::kDevice + 8 : kBase + PlainBus::kBytes - 16);
    set_x(rv::a3, kBase + 0x2000);
    set_x(rv::a4, source.instruction());  // worth storing into code
    set_x(rv::a5, source.instruction());
    // MPP, FS, MPRV and the like; PMP configurations of which some regions permit something.
    set_x(16, source.word() & 0x80227888);
    set_x(17, 0x1f1f1f1f & source.word());
    set_x(18, kCode >> 2 | 0x3ff);
    set_x(19, (kData + 0x40) >> 2);
  }

  std::uint64_t steps() const { return board.hart.instructions() + board.hart.counts().traps; }
  void set_x(unsigned number, Word value) {
    plain.x[number] = value;
    board.hart.set_x(number, value);
  }
  void put(Word address, Word value) {
    std::memcpy(board.bus.memory.data() + (address - kBase), &value, sizeof value);
  }
  // Goes on behind what trapped; from the start of the code if it cannot be fetched.
  void put_handler() {
    const Word code[] = {rv::csrr(31, csr::mcause), rv::addi(31, 31, -1),
                         rv::bne(31, 0, 16),        rv::lui(31, kCode >> 12),
                         rv::addi(31, 31, -0x200),  rv::jal(0, 12),
                         rv::csrr(31, csr::mepc),   rv::addi(31, 31, 4),
                         rv::csrw(csr::mepc, 31),   rv::mret};
    Word address = kHandler;
    for (const Word word : code) put(address, word), address += 4;
    plain.mtvec = kHandler;
  }
};

static_assert(((kCode >> 12) + 1) << 12 == kCode + 0x200, "the handler's way to make kCode");

bool same_registers(const Machines& m) {
  bool same = m.board.hart.pc() == m.plain.pc &&
              static_cast<unsigned>(m.board.hart.mode()) == m.plain.mode &&
              m.board.hart.instructions() == m.plain.retired;
  for (unsigned n = 0; n < 32; ++n) {
    same = same && m.board.hart.x(n) == m.plain.x[n] && m.board.hart.f(n) == m.plain.f[n];
  }
  return same;
}

std::string difference(const Machines& m) {
  char text[64];
  std::string all;
  const auto add = [&](const char* name, unsigned number, Word fast, Word plain) {
    if (fast == plain) return;
    std::snprintf(text, sizeof text, "%s%u: fast %08x plain %08x; ", name, number, fast, plain);
    all += text;
  };
  add("pc", 0, m.board.hart.pc(), m.plain.pc);
  add("mode", 0, static_cast<Word>(m.board.hart.mode()), m.plain.mode);
  add("retired", 0, static_cast<Word>(m.board.hart.instructions()),
      static_cast<Word>(m.plain.retired));
  for (unsigned n = 0; n < 32; ++n) add("x", n, m.board.hart.x(n), m.plain.x[n]);
  for (unsigned n = 0; n < 32; ++n) add("f", n, m.board.hart.f(n), m.plain.f[n]);
  return all;
}

struct Seen {
  std::uint64_t instructions = 0, traps = 0, interrupts = 0, user_chunks = 0, chunks = 0;
};

// A handler, and for many programs interrupts, floating point and something for user mode to reach.
void set_up(Machines& m) {
  const Word code[] = {rv::csrw(csr::mtvec, 31), rv::csrw(csr::mie, 30), rv::csrw(csr::mstatus, 29),
                       rv::csrw(0x3b7, 28),      rv::csrw(0x3a1, 27),    rv::csrw(0x3b0, 26),
                       rv::csrw(0x3b1, 25),      rv::csrw(0x3a0, 24)};
  constexpr unsigned count = sizeof code / sizeof code[0];
  for (unsigned n = 0; n < count; ++n) m.put(kBase + 4 * n, code[n]);
  m.set_x(31, kHandler);
  m.set_x(30, m.source.word());
  m.set_x(29, m.source.word() | 8);
  m.set_x(28, 0xffffffff);
  m.set_x(27, m.source.below(4) == 0 ? m.source.word() : 0x1f000000);
  // Two regions that divide the page of data, before the one that permits everything.
  m.set_x(26, (kData + 4 * m.source.below(64)) >> 2);
  m.set_x(25, (kData + 4 * m.source.below(64)) >> 2 | (1u << m.source.below(9)) - 1);
  m.set_x(24, m.source.word() & (m.source.below(8) == 0 ? 0xff9f : 0x1f1f));
  m.plain.memory = m.board.bus.memory;
  m.plain.mtvec = 0;
  m.plain.pc = kBase;
  m.board.hart.set_pc(kBase);
  for (unsigned n = 0; n < count; ++n) {
    m.board.hart.run(1);
    m.plain.step();
  }
  m.board.hart.set_pc(kCode);
  m.plain.pc = kCode;
}

void compare_one_program(Word seed, Seen& seen) {
  Machines m(seed);
  set_up(m);
  for (unsigned chunk = 0; chunk < 400; ++chunk) {
    const Word levels = m.source.below(4) == 0 ? m.source.word() & 0x888 : 0;
    const std::uint64_t cycles = 1 + m.source.below(m.source.below(3) == 0 ? 60 : 4);
    m.board.bus.levels = levels;
    m.board.hart.set_interrupts(levels);
    m.plain.take_interrupt(levels);
    const std::uint64_t before = m.steps();
    m.board.hart.run(cycles);
    const std::uint64_t ran = m.steps() - before;
    REQUIRE(ran > 0);
    for (std::uint64_t n = 0; n < ran; ++n) m.plain.step();
    if (!same_registers(m)) {
      INFO("seed " << seed << " chunk " << chunk << " of " << ran
                   << " instructions and traps: " << difference(m));
      REQUIRE(false);
    }
    ++seen.chunks;
    if (m.plain.mode == 0) ++seen.user_chunks;
  }
  CAPTURE(seed);
  REQUIRE(m.board.bus.memory == m.plain.memory);
  REQUIRE(std::memcmp(m.board.bus.device, m.plain.device.data(), sizeof m.board.bus.device) == 0);
  seen.instructions += m.board.hart.instructions();
  seen.traps += m.board.hart.counts().traps;
  seen.interrupts += m.board.hart.counts().interrupts;
}

TEST_CASE("random programs run alike on the fast and the plain engine") {
  constexpr Word first_seed = 20250700, programs = 1500;
  Seen seen;
  for (Word n = 0; n < programs; ++n) compare_one_program(first_seed + n, seen);
  // The programs do what they are for.
  INFO("instructions " << seen.instructions << " traps " << seen.traps << " interrupts "
                       << seen.interrupts << " chunks " << seen.chunks << " in user mode "
                       << seen.user_chunks);
  CHECK(seen.instructions > 1'000'000);
  CHECK(seen.traps > 100'000);
  CHECK(seen.interrupts > 1000);
  CHECK(seen.user_chunks > seen.chunks / 25);
}

// A program of one page with loops, calls, stores to code, user mode and floating point.
TEST_CASE("an interrupt before any instruction changes nothing but the handler's count") {
  const auto make = [](PlainBoard& board) {
    board.write_csr(csr::mtvec, kHandler);
    board.write_csr(0x3b0, 0xffffffff);
    board.write_csr(0x3a0, 0x1f);
    // The handler counts in memory, restores what it uses and turns the line off (by bus.levels).
    board.put(kHandler, {rv::csrw(csr::mscratch, 31), rv::lui(31, (kBase + 0x6000) >> 12),
                         rv::sw(30, 31, 0), rv::lw(30, 31, 4), rv::addi(30, 30, 1),
                         rv::sw(30, 31, 4), rv::lw(30, 31, 0), rv::csrr(31, csr::mcause),
                         rv::branch(4, 31, 0, 16), rv::csrr(31, csr::mepc), rv::addi(31, 31, 4),
                         rv::csrw(csr::mepc, 31), rv::csrr(31, csr::mscratch), rv::mret});
    board.put(kCode, {rv::addi(5, 0, 3),          // loop count
                      rv::lui(8, kData >> 12),    //
                      rv::lw(6, 8, 0),            // loop:
                      rv::addi(6, 6, 1),          // the instruction that is rewritten
                      rv::sw(6, 8, 0),            //
                      rv::fop(0x68, 0, 1, 6, 0),  // fcvt.s.w f1, x6
                      rv::fop(0x00, 7, 2, 2, 1),  // fadd.s f2, f2, f1
                      rv::lr(9, 8),               //
                      rv::auipc(10, 0),           //
                      rv::sw(11, 10, -20),        // addi x6, x6, 2
                      rv::fence_i,                //
                      rv::ecall,                  //
                      rv::addi(5, 5, -1),         //
                      rv::bne(5, 0, -44),         //
                      rv::jal(0, 0)});
    board.hart.set_x(11, rv::addi(6, 6, 2));
    board.write_csr(csr::mie, 1u << 7);
    board.write_csr(csr::mstatus, 1u << 13 | 1u << 7);  // to user mode, interrupts on
    board.write_csr(csr::mepc, kCode);
    board.step(rv::mret, kBase);
  };
  const auto finish = [](PlainBoard& board) {
    for (unsigned n = 0; n < 2000 && (board.hart.pc() != kCode + 56); ++n) board.hart.run(7);
    REQUIRE(board.hart.pc() == kCode + 56);
    REQUIRE(board.hart.mode() == Privilege::user);
  };
  PlainBoard calm;
  make(calm);
  finish(calm);
  REQUIRE(calm.word(kBase + 0x6004) == 3);  // ecalls
  REQUIRE(calm.hart.x(6) != 0);
  unsigned taken = 0;
  for (unsigned n = 0; n < 90; ++n) {
    CAPTURE(n);
    PlainBoard board;
    make(board);
    board.steps(n);
    board.hart.set_interrupts(1u << 7);
    board.hart.run(1);
    board.hart.set_interrupts(0);
    finish(board);
    const Word count = board.word(kBase + 0x6004) - 3;
    CHECK(count == board.hart.counts().interrupts);
    taken += count;
    for (unsigned r = 0; r < 32; ++r) CHECK(board.hart.x(r) == calm.hart.x(r));
    for (unsigned r = 0; r < 32; ++r) CHECK(board.hart.f(r) == calm.hart.f(r));
    CHECK(board.word(kData) == calm.word(kData));
  }
  CHECK(taken > 40);  // not within the handler of an ecall
}

}  // namespace
}  // namespace epoch
