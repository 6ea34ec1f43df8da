// SPDX-License-Identifier: Apache-2.0
//
// Functions by address, the call stacks that the profile follows, ranges and text of instructions.
// Instructions are handed in one by one, as a hart would show them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include "cpu/decoder.h"
#include "elf_builder.h"
#include "errors.h"
#include "loaders/function_map.h"
#include "report/instruction_text.h"
#include "report/instruction_trace.h"
#include "report/profile.h"
#include "scratch_folder.h"

namespace epoch::test {
namespace {

using u32 = std::uint32_t;
constexpr std::uint8_t kObject = 1, kFunction = 2, kLabel = 0;
constexpr u32 kMain = 0x80000000, kLeaf = 0x80000100, kTail = 0x80000200, kHandler = 0x80000300;
constexpr u32 kRet = 0x00008067, kCall = 0x000000ef, kJump = 0x0000006f, kNop = 0x00000013,
              kMret = 0x30200073, kEcall = 0x00000073;

ElfFile program() {
  ElfBuilder builder;
  builder.symbols = {{"main", kMain, 0x100, kFunction},
                     {"leaf", kLeaf, 0x80, kFunction},
                     {"inside", kLeaf + 8, 0, kLabel},
                     {"tail", kTail, 0, kLabel},
                     {"alias", kTail, 0x10, kFunction},
                     {"handler", kHandler, 0, kLabel},
                     {"odd name;", kHandler + 0x100, 4, kFunction},
                     {"table", 0x80001000, 64, kObject}};
  return ElfFile::parse("p.elf", builder.build());
}

TEST_CASE("functions are ranges: sized ones, labels up to the next symbol, no label inside") {
  const ElfFile elf = program();
  const FunctionMap map(elf);
  const auto name = [&](u32 address) {
    const auto number = map.at(address);
    return number ? map.functions()[*number].name : "";
  };
  CHECK(name(kMain - 1) == "");
  CHECK(name(kMain) == "main");
  CHECK(name(kMain + 0xff) == "main");
  CHECK(name(kLeaf + 8) == "leaf");
  CHECK(name(kLeaf + 0x7f) == "leaf");
  CHECK(name(kLeaf + 0x80) == "");
  CHECK(name(kTail) == "alias");
  CHECK(name(kTail + 0x10) == "");
  CHECK(name(kHandler + 0xff) == "handler");
  CHECK(name(0x80001000) == "");
  CHECK(name(0xffffffff) == "");
  const auto named = map.named("inside");
  REQUIRE(named);
  CHECK(named->first == kLeaf + 8);
  CHECK(named->last == kTail - 1);
  CHECK_FALSE(map.named("table"));
}

TEST_CASE("a trace range is a symbol or two addresses") {
  const ElfFile elf = program();
  const FunctionMap map(elf);
  CHECK(parse_trace_range("leaf", map).first == kLeaf);
  CHECK(parse_trace_range("leaf", map).last == kLeaf + 0x7f);
  CHECK(parse_trace_range("0x100-0x1ff", map).first == 0x100);
  CHECK(parse_trace_range("0x100-0x1ff", map).last == 0x1ff);
  CHECK(parse_trace_range("0-4294967295", map).last == 0xffffffff);
  for (const char* wrong : {"", "-", "leav", "0x100", "0x100-", "-0x100", "0x200-0x100", "1-2-3",
                            "0-0x100000000", "0x100-main", " 1-2"}) {
    INFO(wrong);
    CHECK(message_of<UsageError>([&] { parse_trace_range(wrong, map); }).find("START-END") !=
          std::string::npos);
  }
}

TEST_CASE("the text of instructions") {
  const auto text = [](u32 bits) {
    const InstructionText t = instruction_text(0x80000010, bits);
    return t.mnemonic + " " + t.operands;
  };
  CHECK(text(0xff010113) == "addi sp,sp,-16");
  CHECK(text(0x1141) == "addi sp,sp,-16");  // c.addi
  CHECK(text(0x00812423) == "sw s0,8(sp)");
  CHECK(text(0x0000c503) == "lbu a0,0(ra)");
  CHECK(text(0xfe0718e3) == "bne a4,zero,0x80000000");
  CHECK(text(0x800005b7) == "lui a1,0x80000");
  CHECK(text(0x40b50533) == "sub a0,a0,a1");
  CHECK(text(0x00a5c5b3) == "xor a1,a1,a0");
  CHECK(text(0x30047073) == "csrrci zero,mstatus,8");
  CHECK(text(0x7c0025f3) == "csrrs a1,0x7c0,zero");
  CHECK(text(0x100525af) == "lr.w a1,(a0)");
  CHECK(text(0x00c5a52f) == "amoadd.w a0,a2,(a1)");
  CHECK(text(kMret) == "mret -");
  CHECK(text(0) == "illegal -");
}

// Feeds a Profile. `at` is where execution stands.
struct Steps {
  ElfFile elf = program();
  Profile profile{elf};
  std::uint64_t retired = 0;
  u32 at = kMain;

  void step(u32 bits, u32 next, bool retires = true) {
    ExecutedInstruction executed;
    executed.pc = at;
    executed.decoded = decode(bits);
    executed.next_pc = next;
    executed.retired = retires;
    profile.on_instruction(executed);
    retired += retires;
    at = next;
  }
  void nops(unsigned count) {
    for (unsigned i = 0; i < count; ++i) step(kNop, at);
  }
  u32 call(u32 target) {
    const u32 back = at + 4;
    step(kCall, target);
    return back;
  }
  void ret(u32 target) { step(kRet, target); }
  void jump(u32 target) { step(kJump, target); }

  // The folded stacks; their counts must add up to what retired.
  std::string folded() {
    const ScratchFolder folder;
    profile.write_folded(folder / "f");
    std::ifstream file(folder / "f");
    std::string line, all;
    std::uint64_t sum = 0;
    while (std::getline(file, line)) {
      all += line + "\n";
      sum += std::stoull(line.substr(line.rfind(' ')));
    }
    CHECK(sum == retired);
    return all;
  }
};

TEST_CASE("calls and returns are followed, recursion included") {
  Steps s;
  s.nops(2);
  const u32 back = s.call(kLeaf);
  s.nops(3);
  const u32 inner = s.call(kLeaf);
  s.nops(4);
  s.ret(inner);
  s.ret(back);
  s.nops(1);
  CHECK(s.folded() == "main 4\nmain;leaf 5\nmain;leaf;leaf 5\n");
  const std::string top = s.profile.top(1);
  CHECK(top.find("of 2)") != std::string::npos);
  CHECK(top.find("         10          10   71.4    71.4   leaf\n") != std::string::npos);
  CHECK(top.find("main") == std::string::npos);
  CHECK(s.profile.top(9).find("          4          14   28.6   100.0   main\n") !=
        std::string::npos);
}

TEST_CASE("a tail call takes its caller's place and returns to its caller's caller") {
  Steps s;
  const u32 back = s.call(kLeaf);
  s.jump(kTail);
  s.nops(2);
  s.ret(back);
  s.nops(1);
  CHECK(s.folded() == "main 2\nmain;alias 3\nmain;leaf 1\n");
}

TEST_CASE("an interrupt has a stack of its own, an exception stands on what caused it") {
  Steps s;
  const u32 back = s.call(kLeaf);
  s.nops(1);
  const u32 interrupted = s.at;
  s.profile.on_interrupt(0, TrapInfo{}, kHandler);
  s.at = kHandler;
  s.nops(2);
  const u32 inside = s.call(kTail);
  s.ret(inside);
  s.step(kMret, interrupted);
  s.nops(1);
  s.step(kEcall, kHandler, false);
  s.nops(5);
  s.step(kMret, kLeaf + 4);
  s.ret(back);
  CHECK(s.folded() ==
        "[interrupt];handler 4\n[interrupt];handler;alias 1\n"
        "main 1\nmain;leaf 3\nmain;leaf;handler 6\n");
}

TEST_CASE("a jump out of several frames unwinds to the function that it reaches") {
  Steps s;
  s.call(kLeaf);
  s.call(kTail);
  s.ret(kMain + 0x80);  // longjmp: the return address is on no frame
  s.nops(1);
  const u32 back = s.call(kLeaf);
  s.call(kTail);
  s.ret(back);  // over a frame
  s.nops(1);
  CHECK(s.folded() == "main 4\nmain;leaf 2\nmain;leaf;alias 2\n");
}

TEST_CASE("a jump-and-link inside a function is no call, and millicode links t0") {
  Steps s;
  s.call(kMain + 0x40);
  s.nops(1);
  const u32 back = s.at + 4;
  s.step(0x000002ef, kTail);  // jal t0
  s.step(0x00028067, back);   // jr t0
  s.nops(1);
  CHECK(s.folded() == "main 4\nmain;alias 1\n");
}

TEST_CASE("code without a symbol, and names that would spoil the format") {
  Steps s;
  s.at = 0x1000;
  s.nops(2);
  s.jump(kHandler + 0x100);
  s.nops(1);
  CHECK(s.folded() == "[no symbol] 3\nodd_name_ 1\n");
}

TEST_CASE("an endless recursion costs bounded memory, and returns from it find their way") {
  constexpr unsigned kDepth = 100'000;
  Steps s;
  const u32 outside = s.call(kLeaf);
  const u32 back = s.at + 4;
  for (unsigned i = 0; i < kDepth; ++i) s.step(kCall, kLeaf);
  for (unsigned i = 0; i < kDepth; ++i) {
    s.ret(back);
    s.at = kLeaf;
  }
  s.ret(outside);
  s.nops(7);
  const std::string folded = s.folded();
  CHECK(folded.find("main 8\n") == 0);
  CHECK(std::count(folded.begin(), folded.end(), '\n') == CallStack::kMostFrames);
}

TEST_CASE("traps without end cost bounded memory") {
  Steps s;
  for (unsigned i = 0; i < 100'000; ++i) s.step(kEcall, kHandler, false);
  s.nops(3);
  const std::string folded = s.folded();
  CHECK(std::count(folded.begin(), folded.end(), '\n') == 1);
}

TEST_CASE("more call paths than are kept end in one of their own") {
  Steps s;
  // Through a binary tree whose every branch is a call of one of two functions.
  constexpr unsigned kDepth = 20;
  for (u32 path = 0; path < (1u << kDepth); path += 7) {
    u32 returns[kDepth];
    s.at = kMain;
    for (unsigned bit = 0; bit < kDepth; ++bit) {
      returns[bit] = s.at + 4;
      s.step(kCall, (path >> bit & 1) != 0 ? kLeaf : kTail);
    }
    for (unsigned bit = kDepth; bit-- > 0;) s.ret(returns[bit]);
  }
  CHECK(s.folded().find("[too many paths]") != std::string::npos);
}

}  // namespace
}  // namespace epoch::test
