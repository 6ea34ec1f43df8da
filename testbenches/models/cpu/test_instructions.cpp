// SPDX-License-Identifier: Apache-2.0
//
// Every RV32IMA instruction against a formula of its own, over corner cases and random operands.
#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "plain_board.h"
#include "rv_encode.h"

namespace epoch {
namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i64 = std::int64_t;

constexpr u32 kSeed = 20250611;

// Value of a two's complement word, by arithmetic rather than by casts.
i64 value_of(u32 word) {
  return static_cast<i64>(word) - (word >= 0x80000000u ? 0x100000000LL : 0);
}
u32 low(i64 value) {
  return static_cast<u32>(value & 0xffffffffLL);
}
i64 floor_shift(i64 value, unsigned amount) {
  const i64 divisor = 1LL << amount;
  return (value - ((value % divisor) + divisor) % divisor) / divisor;
}
// The upper word of an unsigned product from 16-bit partial products.
u32 unsigned_high(u32 a, u32 b) {
  const u64 al = a & 0xffff, ah = a >> 16, bl = b & 0xffff, bh = b >> 16;
  const u64 middle = ah * bl + (al * bl >> 16);
  const u64 middle2 = al * bh + (middle & 0xffff);
  return static_cast<u32>(ah * bh + (middle >> 16) + (middle2 >> 16));
}

// Corner cases first, then random words.
std::vector<u32> operands(unsigned random_count) {
  std::vector<u32> words = {0, 1, 2, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0xfffffffe};
  words.insert(words.end(), {31, 32, 33, 0x55555555, 0xaaaaaaaa, 0x0000ffff, 0xffff0000, 0x7f});
  std::mt19937 random(kSeed);
  for (unsigned n = 0; n < random_count; ++n) words.push_back(static_cast<u32>(random()));
  return words;
}

struct Binary {
  std::string name;
  u32 funct3, funct7;
  std::function<u32(u32, u32)> expected;
};

const std::vector<Binary>& register_operations() {
  static const std::vector<Binary> table = {
      {"add", 0, 0, [](u32 a, u32 b) { return low(value_of(a) + value_of(b)); }},
      {"sub", 0, 0x20, [](u32 a, u32 b) { return low(value_of(a) - value_of(b)); }},
      {"sll", 1, 0, [](u32 a, u32 b) { return low(static_cast<i64>(a) * (1LL << b % 32)); }},
      {"slt", 2, 0, [](u32 a, u32 b) { return value_of(a) < value_of(b) ? 1u : 0u; }},
      {"sltu", 3, 0,
       [](u32 a, u32 b) { return static_cast<i64>(a) < static_cast<i64>(b) ? 1u : 0u; }},
      {"xor", 4, 0, [](u32 a, u32 b) { return (a | b) - (a & b); }},
      {"srl", 5, 0, [](u32 a, u32 b) { return low(static_cast<i64>(a) / (1LL << b % 32)); }},
      {"sra", 5, 0x20, [](u32 a, u32 b) { return low(floor_shift(value_of(a), b % 32)); }},
      {"or", 6, 0, [](u32 a, u32 b) { return a + b - (a & b); }},
      {"and", 7, 0, [](u32 a, u32 b) { return ~(~a | ~b); }},
      {"mul", 0, 1, [](u32 a, u32 b) { return low(value_of(a) * value_of(b)); }},
      {"mulh", 1, 1,
       [](u32 a, u32 b) { return unsigned_high(a, b) - (a >> 31 ? b : 0u) - (b >> 31 ? a : 0u); }},
      {"mulhsu", 2, 1, [](u32 a, u32 b) { return unsigned_high(a, b) - (a >> 31 ? b : 0u); }},
      {"mulhu", 3, 1, unsigned_high},
      // In 64 bits the one overflow of 32-bit division is an ordinary quotient.
      {"div", 4, 1, [](u32 a, u32 b) { return b == 0 ? ~0u : low(value_of(a) / value_of(b)); }},
      {"divu", 5, 1, [](u32 a, u32 b) { return b == 0 ? 0xffffffffu : low(i64{a} / i64{b}); }},
      {"rem", 6, 1, [](u32 a, u32 b) { return b == 0 ? a : low(value_of(a) % value_of(b)); }},
      {"remu", 7, 1, [](u32 a, u32 b) { return b == 0 ? a : low(i64{a} % i64{b}); }},
  };
  return table;
}

TEST_CASE("register-register operations") {
  PlainBoard board;
  const std::vector<u32> words = operands(24);
  for (const Binary& instruction : register_operations()) {
    for (const u32 a : words) {
      for (const u32 b : words) {
        INFO(instruction.name << " " << a << ", " << b);
        board.hart.set_x(rv::a1, a);
        board.hart.set_x(rv::a2, b);
        board.step(rv::op(instruction.funct3, instruction.funct7, rv::a0, rv::a1, rv::a2));
        REQUIRE(board.hart.x(rv::a0) == instruction.expected(a, b));
      }
    }
  }
}

TEST_CASE("destination equal to a source, and x0 as destination") {
  PlainBoard board;
  for (const Binary& instruction : register_operations()) {
    INFO(instruction.name);
    const u32 a = 0xdeadbeef, b = 0x12345;
    const auto code = [&](u32 rd, u32 rs1, u32 rs2) {
      return rv::op(instruction.funct3, instruction.funct7, rd, rs1, rs2);
    };
    board.hart.set_x(rv::a1, a);
    board.hart.set_x(rv::a2, b);
    board.step(code(rv::a1, rv::a1, rv::a2));
    CHECK(board.hart.x(rv::a1) == instruction.expected(a, b));
    board.hart.set_x(rv::a1, a);
    board.step(code(rv::a2, rv::a1, rv::a2));
    CHECK(board.hart.x(rv::a2) == instruction.expected(a, b));
    board.step(code(rv::zero, rv::a1, rv::a2));
    CHECK(board.hart.x(0) == 0);
    board.step(code(rv::a3, rv::zero, rv::zero));
    CHECK(board.hart.x(rv::a3) == instruction.expected(0, 0));
  }
}

TEST_CASE("register-immediate operations") {
  PlainBoard board;
  std::vector<int> immediates = {0, 1, -1, 2047, -2048, 31, 32, 0x555, -0x556};
  std::mt19937 random(kSeed);
  for (int n = 0; n < 20; ++n) immediates.push_back(static_cast<int>(random() % 4096) - 2048);
  for (const Binary& instruction : register_operations()) {
    const bool shift = instruction.funct3 == 1 || instruction.funct3 == 5;
    if (instruction.funct7 == 1 || instruction.name == "sub") continue;
    for (const u32 a : operands(20)) {
      for (const int immediate : immediates) {
        const int amount = immediate & 31;
        const int imm = shift ? amount | static_cast<int>(instruction.funct7 << 5) : immediate;
        INFO(instruction.name << "i " << a << ", " << imm);
        board.hart.set_x(rv::a1, a);
        board.step(rv::op_imm(instruction.funct3, rv::a0, rv::a1, imm));
        const u32 operand = shift ? static_cast<u32>(amount) : low(immediate);
        REQUIRE(board.hart.x(rv::a0) == instruction.expected(a, operand));
      }
    }
  }
}

TEST_CASE("lui and auipc") {
  PlainBoard board;
  for (const u32 imm20 : {0u, 1u, 0x7ffffu, 0x80000u, 0xfffffu}) {
    CAPTURE(imm20);
    board.step(rv::lui(rv::a0, imm20));
    CHECK(board.hart.x(rv::a0) == imm20 * 4096);
    board.step(rv::auipc(rv::a0, imm20), PlainBoard::kBase + 0x124);
    CHECK(board.hart.x(rv::a0) == PlainBoard::kBase + 0x124 + imm20 * 4096);
  }
}

TEST_CASE("branches are taken when their relation holds, and by their offset") {
  struct Branch {
    u32 funct3;
    std::function<bool(u32, u32)> taken;
  };
  const Branch table[] = {
      {0, [](u32 a, u32 b) { return (a ^ b) == 0; }},
      {1, [](u32 a, u32 b) { return (a ^ b) != 0; }},
      {4, [](u32 a, u32 b) { return value_of(a) - value_of(b) < 0; }},
      {5, [](u32 a, u32 b) { return value_of(a) - value_of(b) >= 0; }},
      {6, [](u32 a, u32 b) { return i64{a} - i64{b} < 0; }},
      {7, [](u32 a, u32 b) { return i64{a} - i64{b} >= 0; }},
  };
  PlainBoard board;
  // Within the page, to other pages, and both ends of the range.
  const int offsets[] = {8, -8, 2, 2046, -1024, 4094, -4096};
  const u32 pc = PlainBoard::kBase + 0x4400;
  for (const Branch& branch : table) {
    for (const u32 a : operands(8)) {
      for (const u32 b : operands(8)) {
        const int offset = offsets[(a + b) % 7];
        INFO("funct3 " << branch.funct3 << ": " << a << ", " << b << ", offset " << offset);
        board.hart.set_x(rv::a1, a);
        board.hart.set_x(rv::a2, b);
        board.step(rv::branch(branch.funct3, rv::a1, rv::a2, offset), pc);
        REQUIRE(board.hart.pc() == (branch.taken(a, b) ? pc + low(offset) : pc + 4));
      }
    }
  }
}

TEST_CASE("jumps link and reach their targets") {
  PlainBoard board;
  const u32 pc = PlainBoard::kBase + 0x104;
  for (const int offset : {0, 4, -4, 2, 0x800, -0x1000, 0xffffe, -0x100000}) {
    CAPTURE(offset);
    board.step(rv::jal(rv::ra, offset), pc);
    CHECK(board.hart.pc() == pc + low(offset));
    CHECK(board.hart.x(rv::ra) == pc + 4);
  }
  for (const int offset : {0, 1, -1, 2047, -2048}) {
    CAPTURE(offset);
    board.hart.set_x(rv::a1, PlainBoard::kBase + 0x2000);
    board.step(rv::jalr(rv::a1, rv::a1, offset), pc);  // the link replaces the base it used
    const u32 target = PlainBoard::kBase + 0x2000 + low(offset);
    CHECK(board.hart.pc() == target - target % 2);
    CHECK(board.hart.x(rv::a1) == pc + 4);
  }
  board.hart.set_x(rv::a1, PlainBoard::kBase);
  board.step(rv::jalr(0, rv::a1, 0), pc);
  CHECK(board.hart.x(0) == 0);
}

TEST_CASE("loads and stores of every size, sign and alignment") {
  PlainBoard board;
  const u32 data = PlainBoard::kBase + 0x3000;
  const std::vector<std::uint8_t> bytes = {0x80, 0x7f, 0xff, 0x01, 0xfe, 0xdc, 0x23, 0x81};
  std::copy(bytes.begin(), bytes.end(), board.bus.memory.begin() + 0x3000);
  const auto expected = [&](u32 offset, u32 size, bool is_signed) {
    i64 value = 0;
    for (u32 n = size; n-- > 0;) value = value * 256 + bytes[offset + n];
    if (is_signed && bytes[offset + size - 1] >= 0x80) value -= 1LL << (8 * size);
    return low(value);
  };
  for (u32 round = 0; round < 2; ++round) {  // the second round is served directly
    for (const u32 funct3 : {0u, 1u, 2u, 4u, 5u}) {
      const u32 size = 1u << (funct3 & 3);
      for (u32 offset = 0; offset + size <= 8; offset += size) {
        CAPTURE(funct3, offset);
        board.hart.set_x(rv::a1, data + 100);
        board.step(rv::load(funct3, rv::a0, rv::a1, static_cast<int>(offset) - 100));
        CHECK(board.hart.x(rv::a0) == expected(offset, size, funct3 < 4));
      }
    }
    for (const u32 funct3 : {0u, 1u, 2u}) {
      const u32 size = 1u << funct3;
      board.put(data + 16, {0x11111111, 0x22222222});
      board.hart.set_x(rv::a1, data + 2016);
      board.hart.set_x(rv::a0, 0xa1b2c3d4);
      board.step(rv::store(funct3, rv::a0, rv::a1, -2000 + 4));
      CHECK(board.word(data + 16) == 0x11111111);
      const u32 mask = low((1LL << (8 * size)) - 1);
      CHECK(board.word(data + 20) == ((0xa1b2c3d4 & mask) | (0x22222222 & ~mask)));
    }
  }
  board.hart.set_x(rv::a1, data);
  board.step(rv::lw(rv::zero, rv::a1, 0));
  CHECK(board.hart.x(0) == 0);
}

TEST_CASE("atomic operations return the old value and store the new one") {
  struct Amo {
    std::string name;
    u32 funct5;
    std::function<u32(u32, u32)> expected;
  };
  const Amo table[] = {
      {"amoadd", 0x00, [](u32 m, u32 r) { return low(i64{m} + i64{r}); }},
      {"amoswap", 0x01, [](u32, u32 r) { return r; }},
      {"amoxor", 0x04, [](u32 m, u32 r) { return (m | r) - (m & r); }},
      {"amoor", 0x08, [](u32 m, u32 r) { return m + r - (m & r); }},
      {"amoand", 0x0c, [](u32 m, u32 r) { return ~(~m | ~r); }},
      {"amomin", 0x10, [](u32 m, u32 r) { return value_of(m) <= value_of(r) ? m : r; }},
      {"amomax", 0x14, [](u32 m, u32 r) { return value_of(m) >= value_of(r) ? m : r; }},
      {"amominu", 0x18, [](u32 m, u32 r) { return i64{m} <= i64{r} ? m : r; }},
      {"amomaxu", 0x1c, [](u32 m, u32 r) { return i64{m} >= i64{r} ? m : r; }},
  };
  PlainBoard board;
  const u32 address = PlainBoard::kBase + 0x3000;
  for (const Amo& amo : table) {
    for (const u32 memory : operands(8)) {
      for (const u32 operand : operands(8)) {
        INFO(amo.name << " " << memory << ", " << operand);
        board.put(address, {memory});
        board.hart.set_x(rv::a1, address);
        board.hart.set_x(rv::a2, operand);
        board.step(rv::amo(amo.funct5, rv::a0, rv::a1, rv::a2));
        REQUIRE(board.hart.x(rv::a0) == memory);
        REQUIRE(board.word(address) == amo.expected(memory, operand));
      }
    }
  }
  // rd = rs2: the operand is read before the result is written.
  board.put(address, {5});
  board.hart.set_x(rv::a2, 7);
  board.step(rv::amo(0x00, rv::a2, rv::a1, rv::a2));
  CHECK(board.hart.x(rv::a2) == 5);
  CHECK(board.word(address) == 12);
}

TEST_CASE("store conditional succeeds once, on the reserved word only") {
  PlainBoard board;
  const u32 address = PlainBoard::kBase + 0x3000;
  board.put(address, {41, 42});
  board.hart.set_x(rv::a1, address);
  board.hart.set_x(rv::a2, 99);
  const auto conditional = [&](u32 at) {
    board.hart.set_x(rv::a3, at);
    board.step(rv::sc(rv::a0, rv::a3, rv::a2));
    return board.hart.x(rv::a0);
  };
  CHECK(conditional(address) == 1);  // nothing reserved yet
  CHECK(board.word(address) == 41);

  board.step(rv::lr(rv::a0, rv::a1));
  CHECK(board.hart.x(rv::a0) == 41);
  CHECK(conditional(address) == 0);
  CHECK(board.word(address) == 99);
  board.hart.set_x(rv::a2, 100);
  CHECK(conditional(address) == 1);  // the first one used the reservation up
  CHECK(board.word(address) == 99);

  board.step(rv::lr(rv::a0, rv::a1));
  CHECK(conditional(address + 4) == 1);
  CHECK(board.word(address + 4) == 42);
  CHECK(conditional(address) == 1);  // a failed one does so as well
}

TEST_CASE("a counted loop across a page border gives its closed form") {
  PlainBoard board;
  // The body straddles the border between two pages, with a 32-bit instruction right across it.
  const u32 start = PlainBoard::kBase + 0x1000 - 10;
  board.put(start, {rv::add(rv::a0, rv::a0, rv::a1), rv::mul(rv::a2, rv::a1, rv::a1),
                    rv::add(rv::a3, rv::a3, rv::a2), rv::addi(rv::a1, rv::a1, -1),
                    rv::bne(rv::a1, rv::zero, -16), rv::ebreak});
  board.hart.set_x(rv::a1, 1000);
  board.hart.set_pc(start);
  while (board.hart.run(977) != Hart::Exit::halted) continue;
  CHECK(board.hart.x(rv::a0) == 1000 * 1001 / 2);
  CHECK(board.hart.x(rv::a3) == 1000u * 1001u / 2 * 2001u / 3);
  CHECK(board.hart.instructions() == 5 * 1000);
  CHECK(board.hart.last_trap().pc == start + 20);
}

}  // namespace
}  // namespace epoch
