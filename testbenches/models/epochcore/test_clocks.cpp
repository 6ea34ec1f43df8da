// SPDX-License-Identifier: Apache-2.0
// Phases of the device's clocks: each alone with its count in closed form, through stops and
// errors.
#include <algorithm>
#include <catch2/catch.hpp>

#include "clock_phases.h"

using namespace epoch;
using namespace epoch::clock_phases;

namespace {

// A doorbell at an edge: one burst of descriptors takes 50 cycles, then one is queued a cycle.
constexpr std::uint64_t fetch = 50;

// What a program of at most 4 commands adds, from its doorbell to long after its end.
Clocks phases_of(DeviceBench& bench, const std::vector<Descriptor>& commands) {
  Clocks before{}, after{};
  bench.run([&] {
    if (bench.read(EPOCH_REG_CTRL) == 0) bench.enable();
    before = counted(bench);
    bench.submit(commands);
    CHECK(bench.wait_done());
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
    check_sums(bench);
    after = counted(bench);
  });
  for (unsigned c = 0; c < after.size(); ++c)
    for (unsigned p = 0; p < 4; ++p) after[c][p] -= before[c][p];
  return after;
}

// Active, clock_idle and gated; what is left of `awake` cycles is gated.
void check_phases(const Clocks& clocks, Clock clock, std::uint64_t active, std::uint64_t idle,
                  std::uint64_t awake) {
  CAPTURE(clock_names[clock]);
  CHECK(clocks[clock][0] == active);
  CHECK(clocks[clock][1] == idle);
  CHECK(clocks[clock][2] == awake - active - idle);
}

}  // namespace

TEST_CASE("clocks of a device with nothing to do sleep, to the last cycle") {
  DeviceBench bench;
  bench.run([&] {
    for (const std::uint64_t ps : {0, 1, 999, 1000, 1001, 123456}) {
      sc_core::wait(sc_core::sc_time::from_value(ps));
      for (const Cells& cells : counted(bench)) CHECK(cells == Cells{0, 0, 0, elapsed(bench)});
    }
    bench.enable();  // with an empty ring
    bench.cycles(100);
    bench.write(EPOCH_REG_WATCHDOG, 10);
    bench.read(EPOCH_REG_STATUS);
    for (const Cells& cells : counted(bench)) CHECK(cells == Cells{0, 0, 0, elapsed(bench)});
  });
}

TEST_CASE("a control command wakes the device and no clock") {
  DeviceBench bench;
  const Clocks clocks = phases_of(bench, {nop(), control_command(EPOCH_OP_IRQ)});
  for (const Clock clock : {preload, compute, vector_unit, dma_in, dma_out})
    check_phases(clocks, clock, 0, 0, fetch + 1);
}

TEST_CASE("a device that is disabled sleeps once its fetch has come back") {
  DeviceBench bench;
  bench.run([&] {
    bench.enable();
    bench.submit({pool(100)});
    bench.cycles(20);
    bench.write(EPOCH_REG_CTRL, 0);
    bench.cycles(100);
    CHECK(bench.read(EPOCH_REG_RING_HEAD) == 0);
    check_sums(bench);
  });
  check_phases(counted(bench), vector_unit, 0, 0, fetch);
}

TEST_CASE("a LOAD runs one clock, what waits for it another, the rest are gated") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(3, sc_core::SC_US);
  const Clocks clocks =
      phases_of(bench, {with_semaphores(load(), 0, 0, use(0)), with_semaphores(coeff(), use(0))});
  // The LOAD takes its latency and a cycle to write; COEFF is queued one cycle after it.
  const std::uint64_t awake = fetch + 3001 + 16;
  check_phases(clocks, dma_in, 3001, 0, awake);
  check_phases(clocks, preload, 16, 3000, awake);
  check_phases(clocks, compute, 0, 0, awake);
  check_phases(clocks, vector_unit, 0, 0, awake);
  check_phases(clocks, dma_out, 0, 0, awake);
}

TEST_CASE("behind a queue's head nothing waits: compute is gated until COEFF has left it") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(3, sc_core::SC_US);
  const Clocks clocks = phases_of(
      bench, {with_semaphores(load(), 0, 0, use(0)), with_semaphores(coeff(), use(0)), ssm(100)});
  const std::uint64_t awake = fetch + 3001 + 16 + 109;
  check_phases(clocks, preload, 16, 3000, awake);
  check_phases(clocks, compute, 109, 16, awake);
}

TEST_CASE("commands that overlap on the array are one stretch of compute") {
  DeviceBench bench;
  const Clocks clocks = phases_of(bench, {coeff(), ssm(200), ssm(300), ssm(100)});
  // Each starts when the one before has streamed.
  const std::uint64_t compute_cycles = 200 + 300 + 100 + 9;
  check_phases(clocks, compute, compute_cycles, 15, fetch + 16 + compute_cycles);
  check_phases(clocks, preload, 16, 0, fetch + 16 + compute_cycles);
}

TEST_CASE("coefficients load beside a running command: both clocks run") {
  DeviceBench bench;
  const Clocks clocks = phases_of(bench, {coeff(), ssm(200), coeff(), ssm(50)});
  const std::uint64_t compute_cycles = 200 + 50 + 9;
  check_phases(clocks, compute, compute_cycles, 15, fetch + 16 + compute_cycles);
  check_phases(clocks, preload, 32, 0, fetch + 16 + compute_cycles);
}

TEST_CASE("STATE waits for the array with the preload clock running") {
  DeviceBench bench;
  const Descriptor state = state_command(EPOCH_MODE_REAL, 16, 8, activations, true);
  const Clocks clocks = phases_of(bench, {coeff(), ssm(200), state});
  const std::uint64_t state_cycles = 16 * 8 * 4 / 64;
  // STATE comes to the head when the SSM starts.
  check_phases(clocks, preload, 16 + state_cycles, 209, fetch + 16 + 209 + state_cycles);
  check_phases(clocks, compute, 209, 15, fetch + 16 + 209 + state_cycles);
}

TEST_CASE("vector commands of neighbouring lengths, alone and back to back") {
  DeviceBench bench;
  for (const unsigned rows : {1u, 99u, 100u, 101u}) {
    CAPTURE(rows);
    const Clocks one = phases_of(bench, {pool(rows)});
    check_phases(one, vector_unit, 4 + rows, 0, fetch + 4 + rows);
    const Clocks two = phases_of(bench, {pool(rows), pool(rows)});
    check_phases(two, vector_unit, 2 * (4 + rows), 0, fetch + 2 * (4 + rows));
  }
}

TEST_CASE("phases are cycles of the array clock, whatever its frequency") {
  EpochCoreConfig config;
  config.clock_mhz = 333.333;  // 3 ns
  DeviceBench bench(config);
  const std::uint64_t slow_fetch = (50 + 2) / 3;
  const Clocks clocks = phases_of(bench, {coeff(), pool(100)});
  check_phases(clocks, vector_unit, 104, 0, slow_fetch + 1 + 104);
  check_phases(clocks, preload, 16, 0, slow_fetch + 1 + 104);
}

TEST_CASE("counters that are cleared and frozen leave the phases alone") {
  DeviceBench bench;
  bench.run([&] {
    bench.enable();
    bench.write(EPOCH_REG_COUNTER_CTRL, EPOCH_COUNTER_CTRL_FREEZE_MASK);
    bench.submit({pool(100)});
    CHECK(bench.wait_done());
    CHECK(counted(bench)[vector_unit][0] == 104);
    bench.write(EPOCH_REG_COUNTER_CTRL, EPOCH_COUNTER_CTRL_CLEAR_MASK);
    CHECK(counted(bench)[vector_unit][0] == 104);
    check_sums(bench);
  });
}

TEST_CASE("a reset stops the clocks when the last answer is in, and keeps the counts") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(3, sc_core::SC_US);
  Clocks at_reset{};
  std::uint64_t doorbell = 0;
  bench.run([&] {
    bench.enable();
    bench.cycles(7);
    doorbell = elapsed(bench);
    bench.submit(
        {with_semaphores(load(), 0, 0, use(0)), with_semaphores(coeff(), use(0)), pool(1000)});
    bench.cycles(fetch + 100);
    at_reset = counted(bench);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
    bench.cycles(5000);
    CHECK(bench.read(EPOCH_REG_CTRL) == 0);
    check_sums(bench);
  });
  const std::uint64_t awake = fetch + 3000;  // what has come back is not written
  Clocks clocks = counted(bench);
  for (const Clock clock : {preload, compute, vector_unit, dma_in, dma_out})
    CHECK(clocks[clock][3] == elapsed(bench) - awake);
  CHECK(at_reset[dma_in] == Cells{100, 0, fetch, doorbell});
  CHECK(at_reset[preload] == Cells{0, 99, fetch + 1, doorbell});
  CHECK(at_reset[vector_unit] == Cells{98, 0, fetch + 2, doorbell});
  check_phases(clocks, dma_in, 3000, 0, awake);
  check_phases(clocks, preload, 0, 99, awake);      // dropped
  check_phases(clocks, vector_unit, 98, 0, awake);  // cancelled
}

TEST_CASE("an abort lets what runs end and gates what waited") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(3, sc_core::SC_US);
  bench.run([&] {
    bench.enable();
    bench.submit(
        {with_semaphores(load(), 0, 0, use(0)), with_semaphores(coeff(), use(0)), pool(1000)});
    bench.cycles(fetch + 100);
    bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_ABORT_MASK);
    bench.cycles(5000);
    check_sums(bench);
  });
  const std::uint64_t awake = fetch + 3001;
  const Clocks clocks = counted(bench);
  check_phases(clocks, dma_in, 3001, 0, awake);
  check_phases(clocks, preload, 0, 99, awake);
  check_phases(clocks, vector_unit, 1004, 0, awake);
}

TEST_CASE("an error in execution puts every clock to sleep once the buses are quiet") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(3, sc_core::SC_US);
  bench.memory.response = tlm::TLM_ADDRESS_ERROR_RESPONSE;
  bench.run([&] {
    bench.enable();
    bench.submit({load(), pool(1000), with_semaphores(coeff(), use(0))});
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_BUS_READ);
    bench.cycles(100);
    check_sums(bench);
  });
  const Clocks clocks = counted(bench);
  check_phases(clocks, dma_in, 3000, 0, fetch + 3000);
  check_phases(clocks, vector_unit, 1004, 0, fetch + 3000);
  check_phases(clocks, preload, 0, 3000 - 2, fetch + 3000);
}

TEST_CASE("a command that waits in vain keeps its clock until the watchdog, to the cycle") {
  DeviceBench bench;
  for (const std::uint32_t limit : {49u, 50u, 51u, 52u, 1000u}) {
    CAPTURE(limit);
    Clocks before{}, after{};
    bench.run([&] {
      bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
      bench.cycles(1);
      bench.write(EPOCH_REG_ERROR_CODE, 0);
      bench.write(EPOCH_REG_WATCHDOG, limit);
      bench.enable();
      before = counted(bench);
      bench.submit({with_semaphores(pool(1), use(0))});
      CHECK(bench.wait_stopped());
      bench.cycles(100);
      check_sums(bench);
      after = counted(bench);
    });
    for (unsigned c = 0; c < after.size(); ++c)
      for (unsigned p = 0; p < 4; ++p) after[c][p] -= before[c][p];
    // Counted from the doorbell; a fetch under way is waited for.
    const std::uint64_t awake = std::max<std::uint64_t>(limit, fetch);
    check_phases(after, vector_unit, 0, awake - fetch, awake);
    check_phases(after, dma_in, 0, 0, awake);
  }
}
