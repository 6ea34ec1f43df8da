// SPDX-License-Identifier: Apache-2.0
// Where the time went: each cause alone with its count in closed form, their sum, and bandwidth.
#include <catch2/catch.hpp>
#include <numeric>

#include "device_bench.h"

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
Descriptor coeff() {
  return coeff_command(EPOCH_MODE_REAL, 4, 4, coefficients);
}

struct CounterRow {
  const char* name;
  std::uint32_t offset;
};
#define EPOCH_X_COUNTER_ROW(X, name, offset, unit, description) {#name, offset},
const CounterRow counter_rows[] = {EPOCH_COUNTERS(EPOCH_X_COUNTER_ROW, )};

void check_sum(DeviceBench& bench) {
  bench.write(EPOCH_REG_COUNTER_CTRL, EPOCH_COUNTER_CTRL_FREEZE_MASK);
  std::uint64_t sum = 0;
  for (const CounterRow& row : counter_rows)
    if (std::string(row.name).rfind("CAUSE_", 0) == 0) sum += bench.counter(row.offset);
  CHECK(sum == bench.counter(EPOCH_COUNTER_CYCLES));
}

}  // namespace

TEST_CASE("the grid waiting for a LOAD is input starved for as long as the LOAD takes") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(3, sc_core::SC_US);
  bench.record_traces();
  bench.execute(
      {with_semaphores(dma_command(EPOCH_OP_LOAD, 0, coefficients, 256), use(1), 0, use(0)),
       with_semaphores(coeff(), use(0)), with_semaphores(nop(), 0, 0, use(1))});
  const auto load = bench.spans("dma_in").at(0);
  CHECK(load.end - load.start == 3001);
  // The COEFF was queued one cycle after the LOAD, the LOAD began one cycle after that.
  CHECK(bench.statistic("core.counters.cause_input_starved") == 3001 + 1);
  CHECK(bench.statistic("core.counters.cause_dependency") == 0);
  bench.run([&] { check_sum(bench); });
}

TEST_CASE("the grid waiting for a STORE is output blocked, for another engine dependent") {
  DeviceBench bench;
  bench.memory.latency = sc_core::sc_time(2, sc_core::SC_US);
  bench.record_traces();
  const Descriptor pool = with_semaphores(
      to_words(vector_raw(EPOCH_OP_POOL, activations, activations + 0x8000, 100, 32)), use(3), 0,
      use(1));
  bench.execute(
      {with_semaphores(dma_command(EPOCH_OP_STORE, 0, activations, 256), use(2), 0, use(0)),
       with_semaphores(coeff(), use(0)), with_semaphores(nop(), 0, 0, use(2)),
       control_command(EPOCH_OP_FENCE), pool, with_semaphores(coeff(), use(1)),
       with_semaphores(nop(), 0, 0, use(3))});
  const auto store = bench.spans("dma_out").at(0);
  CHECK(store.end - store.start == 2001);
  CHECK(bench.statistic("core.counters.cause_output_blocked") == 2001 + 1);
  const auto vector = bench.spans("vector_unit").at(0);
  CHECK(vector.end - vector.start == 104);
  CHECK(bench.statistic("core.counters.cause_dependency") == 104 + 1);
  bench.run([&] { check_sum(bench); });
}

TEST_CASE("an empty FIFO with a ring that is not is command wait, else idle") {
  DeviceBench bench;
  bench.ring.latency = sc_core::sc_time(5, sc_core::SC_US);
  bench.run([&] {
    bench.enable();
    bench.write(EPOCH_REG_COUNTER_CTRL, EPOCH_COUNTER_CTRL_CLEAR_MASK);
    bench.submit({nop()});
    CHECK(bench.wait_done());
    bench.cycles(1000);
    CHECK(bench.counter(EPOCH_COUNTER_CAUSE_COMMAND_WAIT) == 5000);
    CHECK(bench.counter(EPOCH_COUNTER_CAUSE_IDLE) + 5000 == bench.counter(EPOCH_COUNTER_CYCLES));
    CHECK(bench.counter(EPOCH_COUNTER_FIRST_START) == 5001);
    CHECK(bench.counter(EPOCH_COUNTER_LAST_RETIRE) == 5001);
    check_sum(bench);
  });
}

TEST_CASE("a port that lengthens the interval is port limited, step by step") {
  EpochCoreConfig config;
  config.pe_grid.ports.read = 32;  // 128 bytes a step: II 4 instead of 1
  DeviceBench bench(config);
  bench.execute({coeff_command(EPOCH_MODE_REAL, 32, 8, coefficients),
                 array_command(EPOCH_MODE_REAL, 32, 8, 100, activations, activations + 0x8000)});
  CHECK(bench.statistic("core.counters.cause_useful") == 100);
  CHECK(bench.statistic("core.counters.cause_port_limited") >= 99 * 3);
  CHECK(bench.statistic("core.counters.cause_port_limited") <= 100 * 3);
  CHECK(bench.statistic("core.counters.cause_useful") +
            bench.statistic("core.counters.cause_port_limited") +
            bench.statistic("core.counters.cause_fill_drain") ==
        99 * 4 + 7 + 2 + 1);
  CHECK(bench.statistic("core.activations.required") == 2 * 32);
  bench.run([&] { check_sum(bench); });
}

TEST_CASE("the trace of causes says what the counters say") {
  DeviceBench bench;
  bench.record_traces();
  bench.execute({coeff_command(EPOCH_MODE_COMPLEX, 32, 8, coefficients),
                 array_command(EPOCH_MODE_COMPLEX, 32, 8, 70, activations, activations + 0x8000)});
  std::vector<std::uint64_t> cycles(9);
  const auto changes = bench.traces.changes("core.pe_grid.cause");
  for (std::size_t i = 0; i + 1 < changes.size(); ++i)
    cycles.at(changes[i].value) += (changes[i + 1].time_ps - changes[i].time_ps) / 1000;
  const char* const names[] = {"useful", "fill_drain", "port_limited", "coefficients"};
  for (unsigned cause = 0; cause < 4; ++cause)
    CHECK(bench.statistic(std::string("core.counters.cause_") + names[cause]) ==
          static_cast<double>(cycles[cause]));
  CHECK(cycles[0] == 210);
}

TEST_CASE("a running array command slows DMA in its buffer and is not slowed by it") {
  EpochCoreConfig config;
  config.activations = {512, 2, 64};  // 128 bytes a cycle
  config.dma_outstanding = 64;
  DeviceBench alone(config, "alone_");
  DeviceBench both(config, "both_");
  // GEMM of one output: 128 bytes in, 4 bytes out a cycle: nothing is left.
  const std::vector<Descriptor> grid = {
      coeff_command(EPOCH_MODE_MAC, 1, 32, coefficients),
      with_semaphores(
          array_command(EPOCH_MODE_MAC, 1, 32, 1000, activations, activations + 0x30000), use(0))};
  const Descriptor load =
      with_semaphores(dma_command(EPOCH_OP_LOAD, 0, activations + 0x40000, 8192), use(1));
  const Descriptor go = with_semaphores(nop(), 0, 0, use(0), use(1));
  for (DeviceBench* bench : {&alone, &both}) {
    bench->record_traces();
    std::vector<Descriptor> commands = {load, go};
    if (bench == &both) commands = {grid[0], control_command(EPOCH_OP_FENCE), grid[1], load, go};
    bench->execute(commands);
  }
  const auto length = [](const DeviceBench& bench, const char* engine) {
    const auto span = bench.spans(engine).back();
    return span.end - span.start;
  };
  CHECK(length(alone, "dma_in") < 200);
  CHECK(length(both, "dma_in") > 1000);
  CHECK(alone.statistic("alone_core.activations.conflicts") == 31);  // bursts take two cycles each
  CHECK(both.statistic("both_core.activations.conflict_cycles") > 900);
  CHECK(both.statistic("both_core.activations.required") >=
        both.statistic("both_core.activations.available"));
  // GEMM: (T - 1) + (R' - 1) + (C' - 1) + L, then convert.
  CHECK(length(both, "pe_grid") == 999 + 31 + 0 + 1 + 1);
}
