// SPDX-License-Identifier: Apache-2.0
// The watchdog to the cycle, buses that never answer, abort and reset in the middle of every
// engine's work.
#include <catch2/catch.hpp>
#include <memory>
#include <random>

#include "layer.h"

using namespace epoch;

namespace {

constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);

Descriptor blocked_load() {
  return with_semaphores(dma_command(EPOCH_OP_LOAD, 0, activations, 64), EPOCH_SEMAPHORE_USE(0));
}

// Cycles from now to the next rise of the interrupt.
std::uint64_t cycles_to_interrupt(DeviceBench& bench) {
  const sc_core::sc_time start = sc_core::sc_time_stamp();
  sc_core::wait(sc_core::sc_time(1, sc_core::SC_MS), bench.irq.posedge_event());
  CHECK(bench.irq.read());
  return (sc_core::sc_time_stamp() - start).value() / bench.core.period_ps();
}

// A TargetTester that stops answering, until it is released.
void hang(TargetTester& target, sc_core::sc_event& released) {
  target.before_access = [&](tlm::tlm_generic_payload&) { sc_core::wait(released); };
}

}  // namespace

TEST_CASE("the watchdog fires at its cycle, counted from the doorbell or the last retirement") {
  DeviceBench bench;
  bench.run([&] {
    for (const std::uint32_t limit : {60u, 200u, 5000u}) {
      CAPTURE(limit);
      recover(bench);
      bench.write(EPOCH_REG_IRQ_ENABLE, 7);
      bench.write(EPOCH_REG_WATCHDOG, limit);
      bench.submit({blocked_load()});
      CHECK(cycles_to_interrupt(bench) == limit);
      CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_WATCHDOG);
    }
    for (const std::uint32_t limit : {100u, 301u}) {  // a retirement begins the count anew
      CAPTURE(limit);
      recover(bench);
      bench.write(EPOCH_REG_IRQ_ENABLE, 7);
      bench.write(EPOCH_REG_WATCHDOG, limit);
      bench.submit({blocked_load(), control_command(EPOCH_OP_NOP)});
      const std::uint64_t retired = bench.counter(EPOCH_COUNTER_COMMANDS);
      while (bench.counter(EPOCH_COUNTER_COMMANDS) == retired) bench.cycles(1);
      const std::uint64_t last = bench.counter(EPOCH_COUNTER_LAST_RETIRE);
      const std::uint64_t now = bench.counter(EPOCH_COUNTER_CYCLES);
      CHECK(now + cycles_to_interrupt(bench) == last - 1 + limit);
    }
  });
}

TEST_CASE("a retirement at the watchdog's last cycle counts, a cycle later is too late") {
  DeviceBench bench;
  bench.run([&] {
    const Descriptor load = dma_command(EPOCH_OP_LOAD, 0, activations, 64);
    recover(bench);
    const std::uint64_t begin = bench.counter(EPOCH_COUNTER_CYCLES);
    bench.submit({load});
    CHECK(bench.wait_done());
    const auto length =
        static_cast<std::uint32_t>(bench.counter(EPOCH_COUNTER_LAST_RETIRE) - 1 - begin);
    for (const bool enough : {true, false}) {
      recover(bench);
      bench.write(EPOCH_REG_WATCHDOG, enough ? length : length - 1);
      bench.submit({load});
      bench.cycles(2 * length);
      CHECK(bench.read(EPOCH_REG_ERROR_CODE) == (enough ? EPOCH_ERROR_NONE : EPOCH_ERROR_WATCHDOG));
    }
  });
}

TEST_CASE("a bus that never answers ends in DRAIN_FAILED, and only power-on leaves it") {
  enum Hung : unsigned { hung_load, hung_store, hung_fetch, hung_count };
  std::vector<std::unique_ptr<DeviceBench>> benches;
  std::array<sc_core::sc_event, hung_count> released;
  for (unsigned i = 0; i < hung_count; ++i) {
    benches.push_back(std::make_unique<DeviceBench>(EpochCoreConfig{}, "h" + std::to_string(i)));
    hang(i == hung_fetch ? benches[i]->ring : benches[i]->memory, released[i]);
  }
  for (unsigned i = 0; i < hung_count; ++i) {
    DeviceBench& bench = *benches[i];
    const unsigned opcode = i == hung_store ? EPOCH_OP_STORE : EPOCH_OP_LOAD;
    CAPTURE(i);
    bench.run([&] {
      const auto status = [&] { return bench.read(EPOCH_REG_STATUS); };
      const auto failed = [&] { return (status() & EPOCH_STATUS_DRAIN_FAILED_MASK) != 0; };
      bench.write(EPOCH_REG_IRQ_ENABLE, 7);
      bench.write(EPOCH_REG_WATCHDOG, 1000);
      bench.enable();
      bench.submit({dma_command(opcode, 0, activations, 1024)});
      const std::uint64_t retry = i == hung_fetch ? 0 : 1;  // the fetch retires nothing
      CHECK(cycles_to_interrupt(bench) == 1000);
      CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_WATCHDOG);
      CHECK(bench.read(EPOCH_REG_RING_HEAD) == retry);
      bench.cycles(500);
      bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);  // the drain begins now
      for (int n = 0; n < 9; ++n) {
        bench.cycles(100);
        bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);  // asking again puts nothing off
      }
      CHECK_FALSE(failed());
      bench.cycles(101);
      CHECK(failed());
      CHECK(bench.read(EPOCH_REG_CTRL) == EPOCH_CTRL_RESET_MASK);
      for (const std::uint32_t value : std::initializer_list<std::uint32_t>{
               EPOCH_CTRL_ABORT_MASK, EPOCH_CTRL_RESET_MASK, EPOCH_CTRL_ENABLE_MASK, 0}) {
        bench.write(EPOCH_REG_CTRL, value);
        bench.cycles(2000);
        CHECK(failed());
        CHECK((status() & EPOCH_STATUS_ENABLED_MASK) == 0);
      }
      bench.write(EPOCH_REG_IRQ_STATUS, 7);
      released[i].notify();  // and the answer comes at last
      bench.cycles(2000);
      bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ENABLE_MASK);
      CHECK(failed());
      CHECK(bench.read(EPOCH_REG_CTRL) == EPOCH_CTRL_RESET_MASK);
      CHECK(bench.read(EPOCH_REG_COMPLETED) == 0);
      CHECK(bench.read(EPOCH_REG_IRQ_STATUS) == 0);
    });
  }
}

TEST_CASE("without a watchdog a reset waits for the answer, however late") {
  DeviceBench bench;
  sc_core::sc_event released;
  hang(bench.memory, released);
  bench.run([&] {
    bench.enable();
    bench.submit({dma_command(EPOCH_OP_LOAD, 0, activations, 1024)});
    bench.cycles(500);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
    bench.cycles(100000);
    CHECK(bench.read(EPOCH_REG_CTRL) == (EPOCH_CTRL_RESET_MASK | EPOCH_CTRL_ENABLE_MASK));
    bench.memory.before_access = nullptr;
    released.notify();
    bench.cycles(500);
    CHECK(bench.read(EPOCH_REG_CTRL) == 0);
    CHECK(bench.memory.log.size() == 1);  // no burst after the reset
    recover_and_check(bench);
  });
}

TEST_CASE("abort and reset anywhere in any engine's work leave a device that works") {
  const Descriptor coeff = coeff_command(EPOCH_MODE_REAL, 16, 8, coefficients);
  const Descriptor weights = coeff_command(EPOCH_MODE_MAC, 16, 16, coefficients);
  const auto vector = [](unsigned opcode) {
    return to_words(vector_raw(opcode, activations, activations + 0x20000, 40, 32));
  };
  const std::vector<std::vector<Descriptor>> programs = {
      {dma_command(EPOCH_OP_LOAD, 0, activations, 8192)},
      {dma_command(EPOCH_OP_STORE, 0, activations, 8192)},
      {to_words(gather_raw(0, 1, activations + 0x8000, activations, 100, 64))},  // indices are 0
      {coeff, coeff, coeff},
      {coeff, array_command(EPOCH_MODE_REAL, 16, 8, 200, activations, activations + 0x10000),
       array_command(EPOCH_MODE_REAL, 16, 8, 200, activations, activations + 0x10000)},
      {weights, array_command(EPOCH_MODE_MAC, 16, 16, 200, activations, activations + 0x10000)},
      {coeff, state_command(EPOCH_MODE_REAL, 16, 8, activations, true),
       state_command(EPOCH_MODE_REAL, 16, 8, activations, false)},
      {coeff_command(EPOCH_MODE_SSD, 16, 8, coefficients),
       to_words(streams_raw(16, 8, activations, 0x4000)),
       array_command(EPOCH_MODE_SSD, 16, 8, 200, activations, activations + 0x10000)},
      {vector(EPOCH_OP_AFFINE), vector(EPOCH_OP_AFFINE)},
      {vector(EPOCH_OP_COMBINE), vector(EPOCH_OP_ARGMAX)},
      {vector(EPOCH_OP_LAYERNORM)},
      {vector(EPOCH_OP_POOL), vector(EPOCH_OP_POOL)},
      {dma_command(EPOCH_OP_LOAD, 0, activations, 2048), control_command(EPOCH_OP_FENCE),
       dma_command(EPOCH_OP_STORE, 0, activations, 2048), control_command(EPOCH_OP_HALT)},
      std::vector<Descriptor>(15, control_command(EPOCH_OP_NOP)),
  };
  DeviceBench bench;
  const unsigned seed = 65537;
  std::mt19937 random(seed);
  unsigned cut = 0;
  bench.run([&] {
    for (std::size_t p = 0; p < programs.size(); ++p)
      for (int round = 0; round < 40; ++round) {
        CAPTURE(seed, p, round);
        const bool abort = round % 2 == 0;
        recover(bench);
        const std::uint32_t before = bench.read(EPOCH_REG_COMPLETED);
        bench.submit(programs[p]);
        sc_core::wait(sc_core::sc_time::from_value(1000 * (45 + random() % 120) +
                                                   (round % 4 < 2 ? 0 : random() % 1000)));
        bench.write(EPOCH_REG_CTRL, abort ? EPOCH_CTRL_ABORT_MASK : EPOCH_CTRL_RESET_MASK);
        for (int i = 0; i < 1000 && bench.read(EPOCH_REG_CTRL) != 0; ++i) bench.cycles(10);
        CHECK(bench.read(EPOCH_REG_CTRL) == 0);
        CHECK((bench.read(EPOCH_REG_STATUS) & EPOCH_STATUS_BUSY_MASK) == 0);
        CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
        const std::uint32_t completed = bench.read(EPOCH_REG_COMPLETED) - before;
        CHECK(completed <= programs[p].size());
        if (completed < programs[p].size()) ++cut;
        const std::size_t accesses = bench.memory.log.size();
        bench.cycles(500);
        CHECK(bench.memory.log.size() == accesses);
        recover_and_check(bench);
      }
  });
  CHECK(cut > 200);
}
