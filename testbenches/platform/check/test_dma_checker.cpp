// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <random>

#include "platform/check/dma_trace.h"

namespace epoch::test {
namespace {

constexpr std::uint32_t kRing = 0x80000000u, kIn = 0x80001000u, kOut = 0x80003000u;
constexpr std::uint32_t kPage = 0x1000, kSlots = 8, kFirst = 0xFFFFFFFDu;

class Generator {
 public:
  Generator(std::uint32_t seed, bool coherent) : random_(seed), coherent_(coherent) {}
  unsigned pick(unsigned low, unsigned high) {
    return std::uniform_int_distribution<unsigned>(low, high)(random_);
  }

  // Rounds of: fill inputs and slots, hand over, ring, wait, take back, look at the results.
  DmaTrace clean() {
    DmaTrace trace;
    for (unsigned rounds = pick(1, 4); rounds > 0; --rounds) round(trace);
    return trace;
  }

  // Leaves out one step, or takes one too early.
  bool spoil(DmaTrace& trace) {
    if (pick(0, 2) == 0) return hasten(trace);
    std::vector<std::size_t> steps;
    for (std::size_t i = 0; i < trace.size(); ++i)
      if (trace[i].kind == DmaEvent::fence || trace[i].kind == DmaEvent::block) steps.push_back(i);
    if (steps.empty()) return false;
    const std::size_t at = steps[pick(0, static_cast<unsigned>(steps.size()) - 1)];
    if (trace[at].kind == DmaEvent::fence && pick(0, 1) == 0)
      trace[at].before = trace[at].after = 3;  // fence rw,rw
    else
      trace.erase(trace.begin() + static_cast<long>(at));
    return true;
  }

  // Anything, in a little memory.
  DmaTrace wild(unsigned count) {
    DmaTrace trace;
    std::uint32_t next = kFirst, completed = kFirst;
    while (trace.size() < count) {
      DmaEvent event{};
      const unsigned kind = pick(0, 11);
      if (kind <= 2) event = access(DmaEvent::load, pick(0, 1) == 0 ? kOut : kIn, 128);
      if (kind >= 3 && kind <= 5)
        event = access(DmaEvent::store, std::array{kRing, kIn, kOut}[pick(0, 2)], 128);
      if (kind == 6) event = fence(pick(0, 15), pick(0, 15));
      if (kind == 7) {
        event = block(static_cast<BlockOperation>(pick(0, 2)),
                      std::array{kRing, kIn, kOut}[pick(0, 2)] + 64 * pick(0, 1));
      }
      // At most two at once, so that no two of them write one page.
      if (kind == 8 || kind == 9) {
        if (next - completed >= 1) continue;
        event = submit(next++, kIn + pick(0, 60), kOut + pick(0, 60), pick(1, 68));
        event.submission.slot.end = event.submission.slot.begin + 64;
      }
      if (kind == 10) event = counter(DmaEvent::fetched, completed + pick(0, next - completed));
      if (kind == 11) {
        completed += pick(0, next - completed);
        event = counter(pick(0, 5) == 0 ? DmaEvent::drained : DmaEvent::completed, completed);
        if (event.kind == DmaEvent::drained) completed = next;
      }
      trace.push_back(event);
    }
    return trace;
  }

 private:
  static DmaEvent fence(unsigned before, unsigned after) {
    DmaEvent event{};
    event.kind = DmaEvent::fence;
    event.before = before;
    event.after = after;
    return event;
  }
  static DmaEvent block(BlockOperation operation, std::uint32_t address) {
    DmaEvent event{};
    event.kind = DmaEvent::block;
    event.operation = operation;
    event.address = address;
    return event;
  }
  static DmaEvent counter(DmaEvent::Kind kind, std::uint32_t value) {
    DmaEvent event{};
    event.kind = kind;
    event.counter = value;
    return event;
  }
  static DmaEvent submit(std::uint32_t sequence, std::uint32_t in, std::uint32_t out,
                         unsigned bytes) {
    DmaEvent event{};
    event.kind = DmaEvent::submit;
    event.submission.sequence = sequence;
    event.submission.opcode = out != 0 ? EPOCH_OP_STORE : EPOCH_OP_LOAD;
    const std::uint64_t slot = kRing + 64 * (sequence % kSlots);
    event.submission.slot = {slot, slot + 64};
    if (in != 0) event.submission.reads = {{in, in + bytes}};
    if (out != 0) event.submission.writes = {{out, out + bytes}};
    return event;
  }
  DmaEvent access(DmaEvent::Kind kind, std::uint32_t base, unsigned room) {
    DmaEvent event{};
    event.kind = kind;
    event.bytes = 1u << pick(0, 2);
    event.address = base + event.bytes * pick(0, room / event.bytes - 1);
    return event;
  }
  void maintain(DmaTrace& trace, BlockOperation operation, std::uint32_t base, unsigned bytes) {
    if (coherent_) return;
    for (std::uint32_t at = base & ~63u; at < base + bytes; at += 64)
      trace.push_back(block(operation, at));
  }

  void round(DmaTrace& trace) {
    struct Planned {
      std::uint32_t in, out;
      unsigned bytes;
    };
    std::vector<Planned> planned;
    for (unsigned n = pick(1, 3); n > 0; --n) {
      const bool is_store = pick(0, 1) == 0;
      const std::uint32_t at = 256 * n;
      planned.push_back({is_store ? 0 : kIn + at + 4 * pick(0, 3),
                         is_store ? kOut + at + 4 * pick(0, 3) : 0, 4 * pick(1, 40)});
    }
    for (std::size_t i = 0; i < planned.size(); ++i) {
      const std::uint32_t slot = kRing + 64 * ((next_ + static_cast<std::uint32_t>(i)) % kSlots);
      for (unsigned n = pick(1, 4); n > 0; --n) trace.push_back(access(DmaEvent::store, slot, 64));
      const Planned& p = planned[i];
      for (unsigned n = pick(1, 6); n > 0; --n)
        trace.push_back(access(DmaEvent::store, p.in != 0 ? p.in : p.out, p.bytes));
      maintain(trace, BlockOperation::clean, slot, 64);
      maintain(trace, pick(0, 1) == 0 ? BlockOperation::clean : BlockOperation::flush,
               p.in != 0 ? p.in : p.out, p.bytes);
    }
    if (pick(0, 1) == 0) trace.push_back(access(DmaEvent::store, kOut + 2 * kPage, 64));
    trace.push_back(pick(0, 1) == 0 ? fence(1, 4) : fence(15, 15));
    const std::uint32_t first = next_;
    for (const Planned& p : planned) trace.push_back(submit(next_++, p.in, p.out, p.bytes));
    for (unsigned n = pick(0, 3); n > 0; --n) {  // the hart goes on elsewhere
      trace.push_back(
          access(pick(0, 1) == 0 ? DmaEvent::load : DmaEvent::store, kOut + 3 * kPage, 256));
      if (pick(0, 2) == 0) trace.push_back(counter(DmaEvent::fetched, first + pick(0, 1)));
    }
    for (const Planned& p : planned)  // what the device only reads may be read
      if (p.in != 0 && pick(0, 1) == 0) trace.push_back(access(DmaEvent::load, p.in, p.bytes));
    trace.push_back(counter(DmaEvent::completed, next_));
    trace.push_back(fence(8, pick(0, 1) == 0 ? 2 : 3));
    for (const Planned& p : planned) {
      if (p.out == 0) continue;
      maintain(trace, BlockOperation::invalidate, p.out, p.bytes);
      for (unsigned n = pick(1, 4); n > 0; --n)
        trace.push_back(access(DmaEvent::load, p.out, p.bytes));
    }
    if (pick(0, 3) != 0) return;
    trace.push_back(access(DmaEvent::store, kIn, 1024));  // for the next round
    maintain(trace, BlockOperation::clean, kIn, 1024);
  }

  // An access from behind a completion, moved in front of it.
  bool hasten(DmaTrace& trace) {
    std::vector<std::size_t> completions;
    for (std::size_t i = 0; i < trace.size(); ++i)
      if (trace[i].kind == DmaEvent::completed) completions.push_back(i);
    const std::size_t at = completions[pick(0, static_cast<unsigned>(completions.size()) - 1)];
    std::size_t submitted = at;
    while (trace[submitted].kind != DmaEvent::submit) --submitted;
    const Submission& s = trace[submitted].submission;
    DmaEvent event{};
    const bool writes = !s.writes.empty();
    event.kind = writes && pick(0, 1) == 0 ? DmaEvent::load : DmaEvent::store;
    event.bytes = 4;
    const ByteRange& range = writes ? s.writes[0] : s.reads[0];
    const auto words = static_cast<unsigned>((range.end - range.begin) / 4);
    event.address = static_cast<std::uint32_t>(range.begin) + 4 * pick(0, words - 1);
    trace.insert(trace.begin() + static_cast<long>(at), event);
    return true;
  }

  std::mt19937 random_;
  bool coherent_;
  std::uint32_t next_ = kFirst;
};

TEST_CASE("drivers that keep the memory model are silent, each slip is named") {
  for (const bool coherent : {true, false}) {
    unsigned clean = 0;
    std::array<unsigned, DmaChecker::kinds> found{};
    for (std::uint32_t seed = 1; seed <= 1200; ++seed) {
      Generator generator(seed, coherent);
      DmaTrace trace = generator.clean();
      INFO("seed " << seed << ", coherent " << coherent << "\n" << text(trace));
      REQUIRE(defined(trace, coherent).empty());
      REQUIRE(checked(trace, coherent).empty());
      ++clean;
      if (!generator.spoil(trace)) continue;
      INFO("spoilt\n" << text(trace));
      const DmaFindings wanted = defined(trace, coherent);
      REQUIRE(checked(trace, coherent) == wanted);
      std::array<bool, DmaChecker::kinds> seen{};
      for (const auto& [kind, sequence] : wanted) seen[static_cast<unsigned>(kind)] = true;
      for (unsigned kind = 0; kind < seen.size(); ++kind) found[kind] += seen[kind];
    }
    std::string counts;
    for (unsigned kind = 0; kind < found.size(); ++kind)
      counts += ", " + std::to_string(found[kind]) + " " +
                DmaChecker::name_of(static_cast<DmaChecker::Kind>(kind));
    WARN((coherent ? "coherent: " : "not coherent: ")
         << clean << " clean, found" << counts << ", seeds 1 to 1200");
    CHECK(clean >= 200);
    for (unsigned kind = 0; kind < found.size(); ++kind)
      if (!coherent || kind < DmaChecker::missing_clean) CHECK(found[kind] >= 20);
  }
}

TEST_CASE("any sequence of events: exactly what the definition says") {
  unsigned findings = 0;
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    const bool coherent = seed % 3 == 0;
    Generator generator(seed + 50000, coherent);
    const DmaTrace trace = generator.wild(generator.pick(5, 60));
    INFO("seed " << seed << "\n" << text(trace));
    const DmaFindings wanted = defined(trace, coherent);
    REQUIRE(checked(trace, coherent) == wanted);
    findings += static_cast<unsigned>(wanted.size());
  }
  WARN(findings << " findings, seeds 50001 to 53000");
  CHECK(findings > 1000);
}

TEST_CASE("a doorbell that is taken back gives the memory back") {
  DmaChecker checker(true);
  unsigned findings = 0;
  checker.place = [](std::uint32_t) { return std::string(); };
  checker.device_name = [](unsigned) { return std::string(); };
  checker.on_finding = [&](DmaChecker::Kind, const std::string&) { ++findings; };
  Submission submission;
  submission.sequence = 7;
  submission.opcode = EPOCH_OP_LOAD;
  submission.slot = {kRing, kRing + 64};
  submission.reads = {{kIn, kIn + 0x3000}};
  checker.submitted(0, submission);
  checker.on_store(kIn + 0x2000, 4);
  CHECK(findings == 1);
  checker.withdrawn(0, 7);
  checker.on_store(kIn + 0x1004, 4);
  checker.on_store(kRing, 4);
  CHECK(findings == 1);
}

TEST_CASE("words of the findings") {
  Submission store;
  store.sequence = 3;
  store.opcode = EPOCH_OP_STORE;
  store.context = 2;
  store.slot = {kRing, kRing + 64};
  store.writes = {{kOut, kOut + 256}};
  DmaEvent write{}, submit{}, read{};
  write.kind = DmaEvent::store;
  write.address = kRing;
  write.bytes = 4;
  submit.kind = DmaEvent::submit;
  submit.submission = store;
  read.kind = DmaEvent::load;
  read.address = kOut + 8;
  read.bytes = 1;
  std::vector<std::string> texts;
  checked({write, submit, read}, true, &texts);
  REQUIRE(texts.size() == 2);
  CHECK(texts[0] ==
        "hart rings the doorbell at event 1 for command 3 STORE (context 2) of epochcore, whose "
        "slot is memory 0x80000000..0x8000003f, stored to at 0x80000000 by event 0, and no fence "
        "orders the two; fix: fence w,o before the doorbell");
  CHECK(texts[1] ==
        "hart loads 1 byte at 0x80003008, pc event 2, that command 3 STORE (context 2) of "
        "epochcore (memory 0x80003000..0x800030ff) may still write; fix: wait until COMPLETED has "
        "passed 3");
}

}  // namespace
}  // namespace epoch::test
