// SPDX-License-Identifier: Apache-2.0
// Ring counters through their wrap, order of retirement, semaphores, and what does not depend on
// the order in which the kernel runs the processes of one time.
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "layer.h"

using namespace epoch;

namespace {

constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);

std::uint32_t use(unsigned n) {
  return EPOCH_SEMAPHORE_USE(n);
}
Descriptor nop() {
  return control_command(EPOCH_OP_NOP);
}
Descriptor load() {
  return dma_command(EPOCH_OP_LOAD, 0, activations, 300);
}
Descriptor store() {
  return dma_command(EPOCH_OP_STORE, 0x8000, activations + 0x1000, 300);
}
Descriptor vector(unsigned opcode) {
  return to_words(vector_raw(opcode, activations + 0x2000, activations + 0x4000, 8, 16));
}

// Random numbers in [0, n).
class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  unsigned operator()(unsigned n) { return static_cast<unsigned>(random_() % n); }

 private:
  std::mt19937 random_;
};

// One of every command, in an order that the decoder accepts, each with what must follow at once.
std::vector<std::vector<Descriptor>> one_of_each() {
  std::vector<std::vector<Descriptor>> all = {
      {nop()},
      {control_command(EPOCH_OP_FENCE)},
      {control_command(EPOCH_OP_IRQ)},
      {load()},
      {to_words(gather_raw(0x100, 1, activations + 0x9000, activations, 3, 64))},  // indices are 0
      {store()},
      {coeff_command(EPOCH_MODE_REAL, 8, 4, coefficients)},
      {array_command(EPOCH_MODE_REAL, 8, 4, 30, activations, activations + 0x6000)},
      {state_command(EPOCH_MODE_REAL, 8, 4, activations + 0x8000, true)},
      {coeff_command(EPOCH_MODE_MAC, 8, 4, coefficients)},
      {array_command(EPOCH_MODE_MAC, 8, 4, 30, activations, activations + 0x7000)},
      {coeff_command(EPOCH_MODE_SSD, 8, 4, coefficients)},
      {to_words(streams_raw(8, 4, activations, 0x1000)),
       array_command(EPOCH_MODE_SSD, 8, 4, 30, activations, activations + 0x6000)}};
  for (unsigned opcode = EPOCH_OP_AFFINE; opcode <= EPOCH_OP_ARGMAX; ++opcode)
    all.push_back({vector(opcode)});
  all.push_back({control_command(EPOCH_OP_HALT)});
  return all;
}

}  // namespace

TEST_CASE("rings of every size run full and empty through the wrap, bad tails are refused") {
  DeviceBench bench;
  bench.run([&] {
    for (std::uint32_t size = 2; size <= 4096; size *= 2) {
      CAPTURE(size);
      bench.ring_entries = size;
      bench.ring_start = 0xFFFFFFF0u;
      bench.enable();
      for (int round = 0; round < (size < 64 ? 40 : 2); ++round) {  // a full ring at one doorbell
        bench.submit(std::vector<Descriptor>(size, nop()));
        CHECK(bench.wait_done());
        CHECK((bench.read(EPOCH_REG_STATUS) & EPOCH_STATUS_RING_EMPTY_MASK) != 0);
      }
      const std::uint32_t head = bench.read(EPOCH_REG_RING_HEAD);
      CHECK(bench.read(EPOCH_REG_COMPLETED) == head);
      for (const std::uint32_t bad :
           {head - 1, head + size + 1, head + 0x80000000u, head - size, head + 2 * size}) {
        bench.write(EPOCH_REG_RING_TAIL, bad);
        CHECK(bench.wait_stopped());
        CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_RING_RANGE);
        CHECK(bench.read(EPOCH_REG_ERROR_ADDR_LO) == bad);
        CHECK(bench.read(EPOCH_REG_RING_TAIL) == head);
        bench.cycles(1);
        bench.write(EPOCH_REG_IRQ_STATUS, 7);
        bench.ring_start = head;
        bench.enable();
        bench.submit({nop()});  // the device still works, at the wrap too
        CHECK(bench.wait_done());
        bench.write(EPOCH_REG_CTRL, 0);
        bench.write(EPOCH_REG_RING_START, head);
        bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
      }
      bench.write(EPOCH_REG_CTRL, 0);
    }
  });
}

TEST_CASE("a doorbell kept while disabled is checked by enable") {
  DeviceBench bench;
  bench.run([&] {
    const auto enable_with_tail = [&](std::uint32_t tail) {
      bench.write(EPOCH_REG_RING_SIZE, 4);
      bench.write(EPOCH_REG_RING_START, 0xFFFFFFFEu);
      bench.write(EPOCH_REG_RING_TAIL, tail);
      bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
      bench.cycles(1000);
    };
    const std::vector<Descriptor> ring(4, nop());
    std::memcpy(bench.ring.memory.data(), ring.data(), 4 * sizeof(Descriptor));
    enable_with_tail(2);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 2);
    bench.write(EPOCH_REG_CTRL, 0);
    for (const std::uint32_t bad : {3u, 0xFFFFFFFDu}) {
      enable_with_tail(bad);
      CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_RING_RANGE);
      CHECK(bench.read(EPOCH_REG_ERROR_SEQ) == 0xFFFFFFFEu);
      CHECK(bench.read(EPOCH_REG_COMPLETED) == 0xFFFFFFFEu);
      CHECK(bench.ring.log.size() == 2);  // of the first enable, split at the ring's end
      bench.write(EPOCH_REG_IRQ_STATUS, 7);
    }
  });
}

TEST_CASE("a doorbell may take back what has not been copied in") {
  EpochCoreConfig config;
  config.fifo_depth = 2;
  DeviceBench bench(config);
  bench.run([&] {
    bench.enable();
    const Descriptor blocked = with_semaphores(load(), use(0));
    bench.submit(std::vector<Descriptor>(6, blocked));
    bench.cycles(500);
    CHECK(bench.read(EPOCH_REG_RING_HEAD) == 2);  // the third waits for room
    bench.write(EPOCH_REG_RING_TAIL, 2);
    bench.cycles(500);
    bench.write(EPOCH_REG_RING_TAIL, 2);
    CHECK((bench.read(EPOCH_REG_STATUS) & EPOCH_STATUS_RING_EMPTY_MASK) != 0);
    for (unsigned slot = 2; slot < 6; ++slot)  // those slots are the driver's again
      std::memcpy(bench.ring.memory.data() + slot * sizeof(Descriptor), nop().data(),
                  sizeof(Descriptor));
    const Descriptor go = with_semaphores(nop(), 0, 0, use(0), use(0));
    std::memcpy(bench.ring.memory.data() + 2 * sizeof go, go.data(), sizeof go);
    bench.write(EPOCH_REG_RING_TAIL, 6);
    bench.cycles(1000);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 6);
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);

    // And while the descriptors are on their way.
    const std::size_t fetches = bench.ring.log.size();
    bench.write(EPOCH_REG_RING_TAIL, 9);
    bench.cycles(20);
    bench.write(EPOCH_REG_RING_TAIL, 6);
    bench.cycles(1000);
    CHECK(bench.ring.log.size() == fetches + 1);
    CHECK(bench.read(EPOCH_REG_RING_HEAD) == 6);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 6);
  });
}

TEST_CASE("COMPLETED and done follow the ring whatever the order of retirement") {
  DeviceBench bench;
  const unsigned seed = 4711;
  Dice random(seed);
  std::set<std::uint32_t> retired;  // relative to ring_start
  bench.ring_entries = 64;
  bench.ring_start = 0xFFFFFFF0u;
  const std::uint32_t origin = bench.ring_start;
  unsigned out_of_order = 0;
  bench.core.on_command([&](std::uint64_t, const CommandView& command) {
    if (command.state != CommandView::State::retired) return;
    if (command.sequence - origin > retired.size()) ++out_of_order;
    retired.insert(command.sequence - origin);
  });
  bench.memory.before_access = [&](tlm::tlm_generic_payload&) {
    bench.memory.latency = sc_core::sc_time(static_cast<double>(random(700)), sc_core::SC_NS);
  };
  bench.run([&] {
    CAPTURE(seed);
    bench.enable();
    std::uint32_t next = 0;
    std::set<std::uint32_t> flagged;
    for (int round = 0; round < 120; ++round) {
      std::vector<Descriptor> commands;
      for (unsigned i = 0; i < 1 + random(20); ++i) {
        const Descriptor pick[] = {load(), store(), nop(), vector(EPOCH_OP_POOL),
                                   coeff_command(EPOCH_MODE_REAL, 8, 4, coefficients)};
        const bool flag = random(8) == 0;
        if (flag) flagged.insert(next);
        commands.push_back(with_flags(pick[random(5)], flag ? EPOCH_FLAG_IRQ_ON_DONE : 0));
        ++next;
      }
      bench.submit(commands);
      for (int i = 0; i < 2000; ++i) {
        std::uint32_t prefix = 0;
        while (retired.count(prefix) != 0) ++prefix;
        const std::uint32_t completed = bench.read(EPOCH_REG_COMPLETED) - origin;
        CHECK(completed == prefix);
        const bool due = !flagged.empty() && *flagged.begin() < completed;
        const std::uint32_t status = bench.read(EPOCH_REG_IRQ_STATUS);
        CHECK((status & EPOCH_IRQ_STATUS_DONE_MASK) == (due ? 1u : 0u));
        flagged.erase(flagged.begin(), flagged.lower_bound(completed));
        bench.write(EPOCH_REG_IRQ_STATUS, status);
        if (completed == next) break;
        // Between two edges: what the test reads and clears is then of no one time with an event.
        sc_core::wait(sc_core::sc_time::from_value(1000 * (1 + random(40))));
      }
      if (round == 0) sc_core::wait(sc_core::sc_time::from_value(500));
    }
    CHECK(bench.read(EPOCH_REG_COMPLETED) - origin == next);
  });
  CAPTURE(seed);
  CHECK(out_of_order > 100);
}

TEST_CASE("semaphores are conserved: two waits are taken together, competing waiters or not") {
  DeviceBench bench;
  const unsigned seed = 815;
  Dice random(seed);
  std::array<int, 3> expected{};
  unsigned both = 0;
  bench.ring_entries = 4096;
  bench.core.on_command([&](std::uint64_t, const CommandView& command) {
    const bool control = command.engine == EPOCH_ENGINE_CONTROL;
    const bool takes =
        command.state == (control ? CommandView::State::retired : CommandView::State::running);
    if (takes)
      for (const std::uint8_t wait : command.waits)
        if (wait != no_semaphore) --expected.at(wait);
    if (takes && command.waits[1] != no_semaphore) ++both;
    if (command.state == CommandView::State::retired)
      for (const std::uint8_t signal : command.signals)
        if (signal != no_semaphore) ++expected.at(signal);
  });
  bench.run([&] {
    CAPTURE(seed);
    bench.enable();
    for (int round = 0; round < 300; ++round) {
      // Waiters on three engines compete for pairs, then singles come one by one.
      const Descriptor engines[] = {load(), store(), vector(EPOCH_OP_AFFINE)};
      for (const Descriptor& waiter : engines) {
        const unsigned first = random(3);
        bench.put(with_semaphores(waiter, use(first), random(3) == 0 ? 0 : use((first + 1) % 3)));
      }
      for (unsigned i = 0; i < 8; ++i)
        bench.put(
            with_semaphores(nop(), 0, 0, use(random(3)), random(4) == 0 ? use(random(3)) : 0));
      bench.doorbell();
      for (int i = 0; i < 6; ++i) {
        sc_core::wait(sc_core::sc_time::from_value(500 + 1000 * (random(100))));
        for (unsigned n = 0; n < 3; ++n)
          CHECK(bench.read(EPOCH_REG_SEMAPHORE + 4 * n) == static_cast<std::uint32_t>(expected[n]));
        // Nobody waits for what is there: BLOCKED_ON names a semaphore that is 0.
        for (unsigned engine = 0; engine < EPOCH_ENGINES; ++engine) {
          const std::uint32_t state = bench.read(EPOCH_REG_ENGINE_STATE + 4 * engine);
          const std::uint32_t on = EPOCH_GET(state, ENGINE_STATE, BLOCKED_ON);
          if (on != 0) CHECK(expected.at(on - 1) == 0);
        }
      }
      if (*std::max_element(expected.begin(), expected.end()) > 200) break;
    }
  });
  CHECK(both > 100);
}

TEST_CASE("IRQ_ON_DONE works on every command") {
  std::set<unsigned> opcodes;
#define EPOCH_X_INSERT(name, value, engine, description) opcodes.insert(value);
  EPOCH_OPCODES(EPOCH_X_INSERT)
  DeviceBench bench;
  bench.run([&] {
    bench.enable();
    bench.write(EPOCH_REG_IRQ_ENABLE, EPOCH_IRQ_ENABLE_DONE_MASK);
    for (std::vector<Descriptor> commands : one_of_each()) {
      const unsigned opcode = EPOCH_CONTROL_OPCODE(commands[0][0]);
      opcodes.erase(opcode);
      CAPTURE(opcode);
      const bool always = opcode == EPOCH_OP_IRQ || opcode == EPOCH_OP_HALT;
      for (const bool flag : {false, true}) {
        commands[0] = with_flags(commands[0], flag ? EPOCH_FLAG_IRQ_ON_DONE : 0);
        bench.submit(commands);
        bench.wait_done();
        bench.cycles(1);
        CHECK(bench.irq.read() == (flag || always));
        bench.write(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK);
        bench.cycles(1);
        CHECK_FALSE(bench.irq.read());
        if (opcode == EPOCH_OP_HALT) {
          bench.ring_start = bench.read(EPOCH_REG_COMPLETED);
          bench.enable();
        }
      }
    }
  });
  CHECK(opcodes.empty());
}

TEST_CASE("a W1C at the time of a set loses, whichever process runs first") {
  // The same program many times; the W1C comes at, before and after the interrupt's time, from
  // processes that become runnable in different orders and 0 to 3 delta cycles late.
  std::vector<std::unique_ptr<DeviceBench>> benches;
  for (unsigned i = 0; i < 9; ++i)
    benches.push_back(std::make_unique<DeviceBench>(EpochCoreConfig{}, "w" + std::to_string(i)));
  std::uint64_t raised = 0;  // cycles after the doorbell
  for (unsigned i = 0; i < benches.size(); ++i) {
    DeviceBench& bench = *benches[i];
    bench.run([&] {
      bench.write(EPOCH_REG_IRQ_ENABLE, EPOCH_IRQ_ENABLE_DONE_MASK);
      bench.enable();
      const std::uint64_t phase = sc_core::sc_time_stamp().value() % bench.core.period_ps();
      sc_core::wait(sc_core::sc_time::from_value(bench.core.period_ps() - phase));
      const sc_core::sc_time start = sc_core::sc_time_stamp();
      const sc_core::sc_time end = start + sc_core::sc_time::from_value(raised * 1000);
      if (i % 2 == 1)  // a process that has waited for that time since before the doorbell
        bench.cpu.spawn([&bench, start, end] {
          sc_core::wait(end - start);
          bench.write(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK);
        });
      sc_core::wait(sc_core::SC_ZERO_TIME);
      bench.submit({with_flags(load(), EPOCH_FLAG_IRQ_ON_DONE)});
      if (i == 0) {
        sc_core::wait(bench.irq.posedge_event());
        raised = (sc_core::sc_time_stamp() - start).value() / 1000;
        CHECK(raised > 100);
        return;
      }
      if (i % 2 == 0) {  // one that comes at the last moment
        sc_core::wait(end - start - sc_core::sc_time::from_value(1));
        CHECK_FALSE(bench.irq.read());
        sc_core::wait(sc_core::sc_time::from_value(1));
        for (unsigned delta = 2; delta < i; delta += 2) sc_core::wait(sc_core::SC_ZERO_TIME);
        bench.write(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK);
      } else {
        sc_core::wait(end - start);
      }
      sc_core::wait(sc_core::sc_time::from_value(1));
      CHECK(bench.irq.read());
      CHECK(bench.read(EPOCH_REG_IRQ_STATUS) == EPOCH_IRQ_STATUS_DONE_MASK);
      bench.write(EPOCH_REG_IRQ_STATUS, EPOCH_IRQ_STATUS_DONE_MASK);
      bench.cycles(1);
      CHECK_FALSE(bench.irq.read());
    });
  }
}

TEST_CASE("an error at the time of the W1C of the one before takes its place, in either order") {
  for (const bool clear_first : {false, true}) {
    std::uint64_t now = 0;
    Csr csr(EpochCoreConfig{}, [&now] { return now; });
    csr.report({EPOCH_ERROR_BUS_READ, 5, 4, 64, 9});
    now = 10;
    const auto clear = [&] { csr.bank().write(EPOCH_REG_IRQ_STATUS, 7); };
    if (clear_first) clear();
    csr.report({EPOCH_ERROR_WATCHDOG, 6, 0, 0, 3});
    csr.report({EPOCH_ERROR_RING_BUSY, 7, 1, 1, 4});
    if (!clear_first) clear();
    CHECK(csr.error_pending());
    CHECK(csr.bank().get(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_WATCHDOG);
    CHECK(csr.bank().get(EPOCH_REG_ERROR_SEQ) == 6);
    CHECK(csr.bank().get(EPOCH_REG_ERROR_CONTEXT) == 3);
    now = 11;
    clear();
    CHECK_FALSE(csr.error_pending());
    CHECK(csr.bank().get(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
  }
}

TEST_CASE(
    "the order of processes of one time changes neither registers nor statistics nor traces") {
  // Two devices, one elaborated after the other; the first's processor waits in one step, the
  // other's in two, so their processes become runnable in different orders. All on clock edges.
  std::array<std::unique_ptr<DeviceBench>, 2> benches;
  for (unsigned i = 0; i < 2; ++i) {
    benches[i] = std::make_unique<DeviceBench>(EpochCoreConfig{}, i == 0 ? "a_" : "b_");
    benches[i]->memory.latency = sc_core::sc_time(17, sc_core::SC_NS);
    benches[i]->record_traces();
  }
  const unsigned seed = 99;
  std::array<std::vector<std::uint32_t>, 2> seen;
  const auto drive = [&](unsigned i) {
    DeviceBench& bench = *benches[i];
    Dice random(seed);
    const auto each = one_of_each();
    bench.enable();
    for (int round = 0; round < 600; ++round) {
      for (unsigned n = random(4); n > 0; --n)
        for (const Descriptor& words : each[random(static_cast<unsigned>(each.size()) - 1)])
          bench.put(with_flags(words, random(3) == 0 ? EPOCH_FLAG_IRQ_ON_DONE : 0));
      bench.doorbell();
      const unsigned cycles = 1 + random(60);
      if (i == 0 || cycles == 1) {
        bench.cycles(cycles);
      } else {
        bench.cycles(cycles / 2);
        bench.cycles(cycles - cycles / 2);
      }
      const unsigned what = random(20);
      if (what == 0) bench.write(EPOCH_REG_IRQ_STATUS, 7);
      if (what == 1) bench.write(EPOCH_REG_COUNTER_CTRL, 1 + random(3));
      if (what == 2) bench.write(EPOCH_REG_COUNTER_CTRL, 0);
      if (what == 3) bench.write(EPOCH_REG_CTRL, 2u << random(2));
      for (const std::uint32_t offset : std::initializer_list<std::uint32_t>{
               EPOCH_REG_COMPLETED, EPOCH_REG_RING_HEAD, EPOCH_REG_STATUS, EPOCH_REG_IRQ_STATUS,
               EPOCH_REG_ERROR_CODE, EPOCH_REG_ENGINE_STATE, EPOCH_REG_ENGINE_STATE + 8})
        seen[i].push_back(bench.cpu.debug_read32(offset));
      for (std::uint32_t at = EPOCH_COUNTER_CYCLES; at <= EPOCH_COUNTER_NUMERIC_SATURATED; at += 8)
        seen[i].push_back(bench.cpu.debug_read32(at));
      if ((bench.read(EPOCH_REG_STATUS) & EPOCH_STATUS_ENABLED_MASK) == 0) {
        bench.cycles(2000);
        recover(bench);
      }
    }
    bench.cycles(20000);
  };
  benches[0]->cpu.spawn([&] { drive(0); });
  benches[1]->run([&] { drive(1); });
  CAPTURE(seed);
  CHECK(seen[0] == seen[1]);
  Statistics a, b;
  benches[0]->core.statistics(a);
  benches[1]->core.statistics(b);
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CAPTURE(a[i].name);
    CHECK(a[i].value == b[i].value);
  }
  for (const char* signal : {"ring.head", "ring.completed", "pe_grid.cause", "irq", "dma_in.bursts",
                             "dma_out.address", "vector_unit.command"})
    CHECK(benches[0]->traces.changes(std::string("a_core.") + signal) ==
          benches[1]->traces.changes(std::string("b_core.") + signal));
}
