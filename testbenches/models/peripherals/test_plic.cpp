// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <random>
#include <stdexcept>
#include <vector>

#include "common/find_statistic.h"
#include "common/initiator_tester.h"
#include "common/trace_recorder.h"
#include "peripherals/plic.h"

using epoch::InitiatorTester;
using epoch::Plic;
using epoch::Statistics;
using epoch::TraceRecorder;

namespace {

// RISC-V PLIC specification, "Memory Map".
constexpr std::uint64_t pending = 0x1000, enable = 0x2000, threshold = 0x20'0000,
                        claim_complete = 0x20'0004;
constexpr std::uint64_t priority(unsigned id) {
  return 4 * id;
}

struct Bench {
  unsigned count;
  Plic plic;
  InitiatorTester master{"master"};
  sc_core::sc_vector<sc_core::sc_signal<bool>> lines;
  sc_core::sc_signal<bool> external{"external"};

  explicit Bench(unsigned sources = 40)
      : count(sources), plic("plic", sources), lines("lines", sources) {
    master.socket.bind(plic.socket);
    for (unsigned i = 0; i < sources; ++i) plic.sources[i].bind(lines[i]);
    plic.external_interrupt.bind(external);
  }
  void line(unsigned id, bool level) {
    lines[id - 1].write(level);
    settle();
  }
  void use(unsigned id, std::uint32_t its_priority) {
    master.write32(priority(id), its_priority);
    const std::uint64_t word = enable + 4 * (id / 32);
    master.write32(word, master.read32(word) | (1u << (id % 32)));
  }
  std::uint32_t claim() { return master.read32(claim_complete); }
  void complete(std::uint32_t id) { master.write32(claim_complete, id); }
  bool interrupt() {
    settle();
    return external.read();
  }
  static void settle() {
    for (int delta = 0; delta < 4; ++delta) sc_core::wait(sc_core::SC_ZERO_TIME);
  }
};

}  // namespace

TEST_CASE("plic registers start at zero and keep the bits that exist") {
  Bench bench;
  bench.master.run([&] {
    for (const std::uint64_t offset : {priority(1), priority(40), pending, pending + 4, enable,
                                       enable + 4, threshold, claim_complete}) {
      INFO("offset " << offset);
      CHECK(bench.master.read32(offset) == 0);
      if (offset != claim_complete) bench.master.write32(offset, 0xFFFFFFFF);
    }
    CHECK(bench.master.read32(priority(1)) == 7);
    CHECK(bench.master.read32(priority(40)) == 7);
    CHECK(bench.master.read32(pending) == 0);          // read only
    CHECK(bench.master.read32(enable) == 0xFFFFFFFE);  // source 0 does not exist
    CHECK(bench.master.read32(enable + 4) == 0x1FF);   // nor do 41 to 63
    CHECK(bench.master.read32(threshold) == 7);
    CHECK(bench.master.read32(priority(0)) == 0);
    CHECK(bench.master.read32(priority(41)) == 0);  // reserved
  });
}

TEST_CASE("claim takes the interrupt, complete lets the gateway look again") {
  Bench bench;
  bench.master.run([&] {
    bench.use(2, 1);
    CHECK(bench.claim() == 0);
    bench.line(2, true);
    CHECK(bench.interrupt());
    CHECK(bench.master.read32(pending) == 4);
    CHECK(bench.claim() == 2);
    CHECK(bench.master.read32(pending) == 0);
    CHECK_FALSE(bench.interrupt());
    CHECK(bench.claim() == 0);  // in service: the level is not forwarded again
    bench.complete(2);          // still high
    CHECK(bench.interrupt());
    CHECK(bench.claim() == 2);
    bench.line(2, false);
    bench.complete(2);
    CHECK_FALSE(bench.interrupt());
    CHECK(bench.claim() == 0);
  });
  Statistics all;
  bench.plic.statistics(all);
  CHECK(epoch::find_statistic(all, "plic.source_2.claims") == 2);
  CHECK(epoch::find_statistic(all, "plic.source_1.claims") == 0);
}

TEST_CASE("a source that rises while in service waits for the completion") {
  Bench bench;
  bench.master.run([&] {
    bench.use(1, 1);
    bench.line(1, true);
    CHECK(bench.claim() == 1);
    bench.line(1, false);
    bench.line(1, true);
    CHECK(bench.master.read32(pending) == 0);
    CHECK_FALSE(bench.interrupt());
    bench.complete(1);
    CHECK(bench.interrupt());
  });
}

TEST_CASE("a forwarded request stays pending when its source falls") {
  Bench bench;
  bench.master.run([&] {
    bench.use(3, 1);
    bench.line(3, true);
    bench.line(3, false);
    CHECK(bench.interrupt());
    CHECK(bench.claim() == 3);
    bench.complete(3);
    CHECK_FALSE(bench.interrupt());
  });
}

TEST_CASE("the highest priority is claimed first, the lowest id among equals") {
  Bench bench;
  bench.master.run([&] {
    bench.use(4, 2);
    bench.use(7, 5);
    bench.use(9, 5);
    bench.use(35, 6);
    for (const unsigned id : {9u, 35u, 4u, 7u}) bench.line(id, true);
    CHECK(bench.claim() == 35);
    CHECK(bench.claim() == 7);
    CHECK(bench.claim() == 9);
    CHECK(bench.claim() == 4);
    CHECK(bench.claim() == 0);
  });
}

TEST_CASE("the threshold masks the interrupt, not the claim") {
  Bench bench;
  bench.master.run([&] {
    bench.use(1, 3);
    bench.line(1, true);
    for (std::uint32_t level = 0; level <= 7; ++level) {
      bench.master.write32(threshold, level);
      INFO("threshold " << level);
      CHECK(bench.interrupt() == (level < 3));
    }
    CHECK(bench.claim() == 1);
  });
}

TEST_CASE("priority 0 never interrupts and is never claimed") {
  Bench bench;
  bench.master.run([&] {
    bench.use(1, 0);
    bench.line(1, true);
    CHECK_FALSE(bench.interrupt());
    CHECK(bench.claim() == 0);
    CHECK(bench.master.read32(pending) == 2);
    bench.master.write32(priority(1), 1);
    CHECK(bench.interrupt());
  });
}

TEST_CASE("a disabled source stays pending until it is enabled") {
  Bench bench;
  bench.master.run([&] {
    bench.master.write32(priority(5), 1);
    bench.line(5, true);
    CHECK(bench.master.read32(pending) == 0x20);
    CHECK_FALSE(bench.interrupt());
    CHECK(bench.claim() == 0);
    bench.use(5, 1);
    CHECK(bench.interrupt());
    bench.master.write32(enable, 0);
    CHECK_FALSE(bench.interrupt());
  });
}

TEST_CASE("completions of what is not enabled or does not exist are ignored") {
  Bench bench;
  bench.master.run([&] {
    bench.use(1, 1);
    bench.line(1, true);
    CHECK(bench.claim() == 1);
    bench.master.write32(enable, 0);
    bench.complete(1);
    bench.use(1, 1);
    CHECK_FALSE(bench.interrupt());  // still in service
    for (const std::uint32_t id : {0u, 2u, 41u, 0xFFFFFFFFu}) bench.complete(id);
    CHECK_FALSE(bench.interrupt());
    bench.complete(1);
    CHECK(bench.interrupt());
  });
}

TEST_CASE("a source that is high from the start is seen") {
  Bench bench;
  bench.lines[0].write(true);
  bench.master.run([&] {
    bench.settle();
    bench.use(1, 1);
    CHECK(bench.interrupt());
  });
}

TEST_CASE("debug reads of the claim register claim nothing") {
  Bench bench;
  bench.master.run([&] {
    bench.use(6, 1);
    bench.line(6, true);
    CHECK(bench.master.debug_read32(claim_complete) == 6);
    CHECK(bench.master.debug_read32(pending) == 0x40);
    CHECK(bench.interrupt());
    const std::uint32_t id = 6;
    CHECK(bench.master.debug_write(claim_complete, &id, 4) == 0);
    CHECK(bench.claim() == 6);
  });
}

TEST_CASE("the plic serves aligned words inside its window only") {
  Bench bench;
  bench.master.run([&] {
    std::uint64_t data = 0;
    CHECK(bench.master.read(priority(1), &data, 1) == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(bench.master.read(priority(1), &data, 8) == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(bench.master.write(priority(1) + 1, &data, 4) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(bench.master.read(0x400'0000, &data, 4) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
  });
}

TEST_CASE("sources and interrupt are traced") {
  Bench bench;
  TraceRecorder trace;
  bench.plic.attach_trace(trace);
  bench.master.run([&] {
    bench.use(2, 1);
    sc_core::wait(4, sc_core::SC_NS);
    bench.line(2, true);
    sc_core::wait(1, sc_core::SC_NS);
    bench.claim();
    bench.settle();
  });
  using Changes = std::vector<TraceRecorder::Change>;
  CHECK(trace.changes("plic.source_2") == Changes{{0, 0}, {4000, 1}});
  CHECK(trace.changes("plic.external_interrupt") == Changes{{0, 0}, {4000, 1}, {5000, 0}});
}

// Random levels, claims and completions against the specification's rules written as sets.
TEST_CASE("random interrupts are served as the rules say") {
  constexpr unsigned sources = 12, seed = 41;
  CAPTURE(seed);
  Bench bench(sources);
  bench.master.run([&] {
    std::mt19937 generator(seed);
    const auto random = [&](unsigned below) { return static_cast<unsigned>(generator() % below); };
    std::vector<unsigned> levels(sources + 1), pend(sources + 1), service(sources + 1),
        prio(sources + 1);
    for (unsigned id = 1; id <= sources; ++id) bench.use(id, prio[id] = random(8));
    for (int step = 0; step < 2000; ++step) {
      const unsigned id = 1 + random(sources);
      switch (random(3)) {
        case 0:
          levels[id] ^= 1u;
          bench.line(id, levels[id] != 0);
          break;
        case 1: {
          unsigned expected = 0;
          for (unsigned s = 1; s <= sources; ++s)
            if (pend[s] != 0 && prio[s] > (expected == 0 ? 0 : prio[expected])) expected = s;
          CHECK(bench.claim() == expected);
          if (expected != 0) {
            pend[expected] = 0;
            service[expected] = 1;
          }
          break;
        }
        default:
          service[id] = 0;
          bench.complete(id);
      }
      bool expected_irq = false;
      for (unsigned s = 1; s <= sources; ++s) {
        if (levels[s] != 0 && service[s] == 0) pend[s] = 1;
        expected_irq = expected_irq || (pend[s] != 0 && prio[s] > 0);
      }
      CHECK(bench.interrupt() == expected_irq);
    }
  });
}

TEST_CASE("a plic without sources is refused") {
  CHECK_THROWS_AS(Plic("plic", 0), std::invalid_argument);
}
