// SPDX-License-Identifier: Apache-2.0
// Where the time went: each cause alone with its count in closed form, their sum, and bandwidth.
#include <array>
#include <catch2/catch.hpp>
#include <random>

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

constexpr const char* cause_names[] = {"useful",       "fill_drain",    "port_limited",
                                       "coefficients", "input_starved", "output_blocked",
                                       "dependency",   "command_wait",  "idle"};
using Causes = std::array<std::uint64_t, std::size(cause_names)>;

// As the statistics have them.
Causes counted(const DeviceBench& bench) {
  Causes causes{};
  for (std::size_t i = 0; i < causes.size(); ++i)
    causes[i] = static_cast<std::uint64_t>(
        bench.statistic(bench.core.name() + std::string(".counters.cause_") + cause_names[i]));
  return causes;
}

// As the recorded trace has them, up to now.
Causes traced(const DeviceBench& bench) {
  Causes causes{};
  const auto changes = bench.traces.changes(bench.core.name() + std::string(".pe_grid.cause"));
  const std::uint64_t period = bench.core.period_ps();
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const std::uint64_t end =
        i + 1 < changes.size() ? changes[i + 1].time_ps : sc_core::sc_time_stamp().value();
    causes.at(changes[i].value) += end / period - changes[i].time_ps / period;
  }
  return causes;
}

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

// Real mode at the defaults: II 1, D_pe 2, total = (T - 1) + (P - 1) + D_pe and a cycle to convert.

TEST_CASE("a long command is useful for its steps and fills and drains for the rest") {
  DeviceBench bench;
  bench.execute({coeff_command(EPOCH_MODE_REAL, 16, 8, coefficients),
                 array_command(EPOCH_MODE_REAL, 16, 8, 4000, activations, activations + 0x40000)});
  const Causes causes = counted(bench);
  CHECK(causes[0] == 4000);
  CHECK(causes[1] == 3999 + 7 + 2 + 1 - 4000);
  CHECK(causes[2] == 0);
  CHECK(causes[3] == 16 * 8 * 8 / 64);
  bench.run([&] { check_sum(bench); });
}

TEST_CASE("commands of one step that wait for each other are fill and drain") {
  DeviceBench bench;
  const unsigned commands = 12;
  std::vector<Descriptor> program = {coeff_command(EPOCH_MODE_REAL, 32, 32, coefficients)};
  for (unsigned i = 0; i < commands; ++i)
    program.push_back(with_semaphores(
        array_command(EPOCH_MODE_REAL, 32, 32, 1, activations, activations + 0x8000),
        i == 0 ? 0 : use(0), 0, use(0)));
  bench.execute(program);
  const Causes causes = counted(bench);
  CHECK(causes[0] == commands);
  CHECK(causes[1] == commands * (31 + 2 + 1 - 1));
  CHECK(causes[1] > 30 * causes[0]);
  CHECK(causes[6] == 0);  // the signal comes with the end: nothing between two commands
  bench.run([&] { check_sum(bench); });
}

TEST_CASE("coefficient loads that no command hides are exposed to the cycle") {
  DeviceBench bench;
  std::vector<Descriptor> program;
  for (unsigned i = 0; i < 5; ++i) {
    program.push_back(coeff_command(EPOCH_MODE_COMPLEX, 32, 32, coefficients));
    program.push_back(state_command(EPOCH_MODE_COMPLEX, 32, 32, activations, true));
  }
  bench.execute(program);
  // 16 bytes a mode through 64 bytes a cycle; STATE, 8 bytes a mode, runs beside the load.
  const Causes causes = counted(bench);
  CHECK(causes[3] == 5 * (32 * 32 * 16 / 64));
  CHECK(causes[0] + causes[1] + causes[2] == 0);
  bench.run([&] { check_sum(bench); });
}

TEST_CASE("the trace of causes is the counters' sum, cause by cause, over random programs") {
  EpochCoreConfig config;
  config.pe_grid.ports.read = 24;
  config.fifo_depth = 4;
  DeviceBench bench(config);
  bench.ring_entries = 4096;  // all that the test submits
  bench.record_traces();
  const unsigned seed = 1234;
  std::mt19937 random(seed);
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
  bench.memory.before_access = [&](tlm::tlm_generic_payload&) {
    bench.memory.latency = sc_core::sc_time::from_value(1000 + 100 * below(9000));
  };
  bench.run([&] {
    bench.enable();
    bench.cycles(100);
    for (int round = 0; round < 150; ++round) {
      // Input for the array, the array, and output that the next round's array waits for.
      const unsigned steps = 1 + below(120);
      bench.submit({with_semaphores(dma_command(EPOCH_OP_LOAD, 0, activations, 4 + 4 * below(800)),
                                    0, 0, use(0)),
                    coeff_command(EPOCH_MODE_COMPLEX, 32, 1 + round % 8, coefficients),
                    with_semaphores(array_command(EPOCH_MODE_COMPLEX, 32, 1 + round % 8, steps,
                                                  activations, activations + 0x20000),
                                    use(0), round == 0 ? 0 : use(1), use(2)),
                    with_semaphores(
                        dma_command(EPOCH_OP_STORE, 0, activations + 0x20000, 256 * (1 + below(8))),
                        use(2), 0, use(1), use(3)),
                    with_semaphores(to_words(vector_raw(EPOCH_OP_POOL, activations,
                                                        activations + 0x40000, 1 + below(60), 32)),
                                    use(3))});
      if (below(3) == 0) CHECK(bench.wait_done());
      sc_core::wait(sc_core::sc_time::from_value(1000 * below(900) + below(1000)));
    }
    CHECK(bench.wait_done());
    check_sum(bench);
  });
  CAPTURE(seed);
  const Causes expected = counted(bench);
  const Causes found = traced(bench);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(cause_names[i]);
    CHECK(found[i] == expected[i]);
    CHECK(expected[i] > 0);
  }
}

TEST_CASE("bytes agree hop by hop: bus, DMA, counters, buffers") {
  DeviceBench bench;
  const unsigned seed = 77;
  std::mt19937 random(seed);
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
  std::uint64_t loaded = 0, stored = 0, descriptors = 0;
  bench.run([&] {
    bench.enable();
    for (int round = 0; round < 60; ++round) {
      epoch_dma_command raw =
          dma_raw(round % 2 == 0 ? EPOCH_OP_LOAD : EPOCH_OP_STORE, 13 + below(99),
                  EPOCH_LOCAL(below(3), 4 * below(999)), 1 + below(600));
      raw.rows = 1 + below(5);
      raw.bus_row_stride = 700;
      raw.local_row_stride = 604;
      (round % 2 == 0 ? loaded : stored) += std::uint64_t{raw.rows} * raw.row_bytes;
      bench.submit({to_words(raw)});
      CHECK(bench.wait_done());
      ++descriptors;
    }
    CHECK(bench.counter(EPOCH_COUNTER_DMA_READ_BYTES) == loaded);
    CHECK(bench.counter(EPOCH_COUNTER_DMA_WRITE_BYTES) == stored);
    CHECK(bench.counter(EPOCH_COUNTER_FETCH_BYTES) == 64 * descriptors);
  });
  const auto on_bus = [](const TargetTester& target, tlm::tlm_command command) {
    std::uint64_t bytes = 0;
    for (const auto& access : target.log)
      if (access.command == command) bytes += access.length;
    return bytes;
  };
  const auto in_buffers = [&bench](const char* what) {
    double bytes = 0;
    for (const char* buffer : {"activations", "coefficients", "accumulators"})
      bytes += bench.statistic(std::string("core.") + buffer + what);
    return static_cast<std::uint64_t>(bytes);
  };
  CAPTURE(seed);
  CHECK(on_bus(bench.memory, tlm::TLM_READ_COMMAND) == loaded);
  CHECK(on_bus(bench.memory, tlm::TLM_WRITE_COMMAND) == stored);
  CHECK(on_bus(bench.ring, tlm::TLM_READ_COMMAND) == 64 * descriptors);
  CHECK(bench.statistic("core.dma_in.bytes") == static_cast<double>(loaded));
  CHECK(bench.statistic("core.dma_out.bytes") == static_cast<double>(stored));
  CHECK(in_buffers(".dma_in.written_bytes") == loaded);
  CHECK(in_buffers(".dma_out.read_bytes") == stored);
  CHECK(in_buffers(".dma_in.read_bytes") + in_buffers(".dma_out.written_bytes") == 0);
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
