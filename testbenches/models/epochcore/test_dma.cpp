// SPDX-License-Identifier: Apache-2.0
// LOAD, STORE and GATHER: bytes against a plain copy loop, bursts, bandwidth in closed form.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <set>

#include "device_bench.h"
#include "epochcore/burst_walker.h"
#include "layer.h"

using namespace epoch;

namespace {

constexpr std::uint32_t local = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t buffer_bytes = 4096;  // the part of buffer and memory that transfers use
constexpr std::uint32_t bus_base = 0x2000;

std::uint32_t word(std::int32_t value) {
  return static_cast<std::uint32_t>(value);
}

// What the contract says a transfer moves: for plane p, row r, byte b in that order.
template <typename Move>
void for_each_byte(const epoch_dma_command& raw, Move move) {
  for (std::uint32_t p = 0; p < raw.planes; ++p)
    for (std::uint32_t r = 0; r < raw.rows; ++r)
      for (std::uint32_t b = 0; b < raw.row_bytes; ++b)
        move(raw.bus_lo + p * raw.bus_plane_stride + r * raw.bus_row_stride + b,
             EPOCH_LOCAL_OFFSET(raw.local + p * raw.local_plane_stride + r * raw.local_row_stride +
                                b));
}

epoch_dma_command random_transfer(unsigned opcode, std::mt19937& random) {
  epoch_dma_command raw = dma_raw(opcode, 0, 0, 0);
  const auto below = [&random](unsigned n) { return static_cast<std::uint32_t>(random() % n); };
  const auto sign = [&random] { return random() % 2 == 0 ? 1 : -1; };
  raw.row_bytes = 1 + below(40);
  raw.rows = 1 + below(6);
  raw.planes = 1 + below(3);
  const std::uint32_t row_room = (raw.row_bytes + 3) / 4 * 4 + 4 * below(3);
  raw.local_row_stride = word(sign() * static_cast<int>(row_room));
  raw.local_plane_stride = word(sign() * static_cast<int>(row_room * raw.rows + 4 * below(3)));
  const std::uint32_t bus_room = raw.row_bytes + below(5);
  raw.bus_row_stride = word(sign() * static_cast<int>(bus_room));
  raw.bus_plane_stride = word(sign() * static_cast<int>(bus_room * raw.rows + below(9)));
  raw.local = local + 2048;
  raw.bus_lo = bus_base + 2048 + below(64);
  return raw;
}

}  // namespace

namespace {

void check_strided_transfers(const EpochCoreConfig& config) {
  DeviceBench bench(config);
  const unsigned seed = 31;
  std::mt19937 random(seed);
  bench.run([&] {
    bench.enable();
    for (int round = 0; round < 300; ++round) {
      const unsigned opcode = round % 2 == 0 ? EPOCH_OP_LOAD : EPOCH_OP_STORE;
      const epoch_dma_command raw = random_transfer(opcode, random);
      std::vector<std::uint8_t> buffer(buffer_bytes);
      for (std::uint8_t& byte : buffer) byte = static_cast<std::uint8_t>(random());
      for (std::uint32_t i = 0; i < 2 * buffer_bytes; ++i)
        bench.memory.memory[bus_base - 1024 + i] = static_cast<std::uint8_t>(random());
      bench.poke(local, buffer.data(), buffer.size());
      std::vector<std::uint8_t> expected_memory = bench.memory.memory;
      std::vector<std::uint8_t> expected_buffer = buffer;
      for_each_byte(raw, [&](std::uint32_t bus, std::uint32_t offset) {
        if (opcode == EPOCH_OP_LOAD)
          expected_buffer.at(offset) = expected_memory.at(bus);
        else
          expected_memory.at(bus) = buffer.at(offset);
      });
      bench.submit({to_words(raw)});
      CAPTURE(seed, round, raw.rows, raw.planes, raw.row_bytes);
      CHECK(bench.wait_done());
      bench.peek(local, buffer.data(), buffer.size());
      CHECK(buffer == expected_buffer);
      CHECK(bench.memory.memory == expected_memory);
    }
  });
}

void check_gathered_rows(const EpochCoreConfig& config) {
  constexpr std::uint32_t indices_at = EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, 0x40);
  DeviceBench bench(config);
  const unsigned seed = 37;
  std::mt19937 random(seed);
  const auto below = [&random](unsigned n) { return static_cast<std::uint32_t>(random() % n); };
  for (std::uint8_t& byte : bench.memory.memory) byte = static_cast<std::uint8_t>(random());
  bench.run([&] {
    bench.enable();
    for (int round = 0; round < 200; ++round) {
      const std::uint32_t table_rows = 1 + below(50), rows = 1 + below(20), bytes = 1 + below(300);
      std::vector<std::uint32_t> indices(rows);
      for (std::uint32_t& index : indices) index = below(table_rows);
      const int sign = random() % 2 == 0 ? 1 : -1;
      epoch_dma_command raw =
          gather_raw(0x40000 + below(64), table_rows, indices_at, local, rows, bytes);
      raw.bus_row_stride = word(sign * static_cast<int>(bytes + below(9)));
      raw.local_row_stride = (bytes + 3) / 4 * 4 + 4 * below(3);
      std::vector<std::uint8_t> expected(std::size_t{rows} * raw.local_row_stride, 0x55);
      bench.poke(local, expected.data(), expected.size());
      bench.poke(indices_at, indices.data(), 4 * rows);
      for (std::uint32_t r = 0; r < rows; ++r)
        for (std::uint32_t b = 0; b < bytes; ++b)
          expected[r * raw.local_row_stride + b] =
              bench.memory.memory[raw.bus_lo + indices[r] * raw.bus_row_stride + b];
      bench.submit({to_words(raw)});
      CHECK(bench.wait_done());
      std::vector<std::uint8_t> result(expected.size());
      bench.peek(local, result.data(), result.size());
      CAPTURE(seed, round);
      CHECK(result == expected);
    }
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
  });
}

EpochCoreConfig at_config() {
  EpochCoreConfig config;
  config.transport = Transport::at;
  return config;
}

}  // namespace

TEST_CASE("strided transfers move what a plain loop moves") {
  check_strided_transfers({});
}

TEST_CASE("strided transfers in transport at move what a plain loop moves") {
  check_strided_transfers(at_config());
}

TEST_CASE("gathered rows are those that the indices name") {
  check_gathered_rows({});
}

TEST_CASE("gathered rows in transport at are those that the indices name") {
  check_gathered_rows(at_config());
}

// Each access to the first 4 KiB takes 400 ns longer than one behind them.
TEST_CASE("in transport at, answers overtake each other and are taken in order") {
  DeviceBench bench(at_config());
  const unsigned seed = 43;
  std::mt19937 random(seed);
  for (std::uint8_t& byte : bench.memory.memory) byte = static_cast<std::uint8_t>(random());
  bench.memory.before_access = [&](tlm::tlm_generic_payload& payload) {
    bench.memory.latency =
        sc_core::sc_time(payload.get_address() < 0x1000 ? 450 : 50, sc_core::SC_NS);
  };
  bench.record_traces();
  constexpr std::uint32_t from = 0x1000 - 512, bytes = 1024;  // two slow bursts, two fast ones
  bench.execute({dma_command(EPOCH_OP_LOAD, from, local, bytes)});
  std::vector<std::uint8_t> loaded(bytes);
  bench.peek(local, loaded.data(), bytes);
  CHECK(std::equal(loaded.begin(), loaded.end(), bench.memory.memory.begin() + from));
  CHECK(bench.memory.log.size() == 4);
  const auto span = bench.spans("dma_in").at(0);
  CHECK(span.end - span.start >= 450);
  CHECK(span.end - span.start < 470);  // together, not one after the other
}

TEST_CASE("in transport at, outstanding bursts are as many as configured") {
  EpochCoreConfig config = at_config();
  config.dma_outstanding = 3;
  DeviceBench bench(config);
  bench.memory.latency = sc_core::sc_time(1000, sc_core::SC_NS);
  bench.execute({dma_command(EPOCH_OP_LOAD, 0, local, 9 * 256)});
  REQUIRE(bench.memory.log.size() == 9);
  for (std::size_t i = 3; i < 9; ++i)
    CHECK(bench.memory.log[i].arrival >=
          bench.memory.log[i - 3].arrival + sc_core::sc_time(1000, sc_core::SC_NS));
  CHECK(bench.memory.log[2].arrival <
        bench.memory.log[0].arrival + sc_core::sc_time(10, sc_core::SC_NS));
}

TEST_CASE("in transport at, a failing burst is a precise error and the rest drain") {
  DeviceBench bench(at_config());
  bench.run([&] {
    bench.memory.before_access = [&](tlm::tlm_generic_payload& payload) {
      bench.memory.response =
          payload.get_address() == 0x300 ? tlm::TLM_GENERIC_ERROR_RESPONSE : tlm::TLM_OK_RESPONSE;
    };
    for (const unsigned opcode : {EPOCH_OP_LOAD, EPOCH_OP_STORE}) {
      recover(bench);
      bench.submit({dma_command(opcode, 0, local, 0x800)});
      CHECK(bench.wait_stopped());
      CHECK(bench.read(EPOCH_REG_ERROR_CODE) ==
            (opcode == EPOCH_OP_LOAD ? EPOCH_ERROR_BUS_READ : EPOCH_ERROR_BUS_WRITE));
      CHECK(bench.read(EPOCH_REG_ERROR_ADDR_LO) == 0x300);
      CHECK(bench.read(EPOCH_REG_ERROR_LEN) == 0x100);
    }
    bench.memory.before_access = nullptr;
    bench.memory.response = tlm::TLM_OK_RESPONSE;
    recover_and_check(bench);
  });
}

TEST_CASE("in transport at, a failing fetch is a bus error") {
  DeviceBench bench(at_config());
  bench.run([&] {
    bench.enable();
    bench.ring.response = tlm::TLM_ADDRESS_ERROR_RESPONSE;
    bench.submit({dma_command(EPOCH_OP_LOAD, 0, local, 64)});
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_BUS_FETCH);
    bench.ring.response = tlm::TLM_OK_RESPONSE;
    recover_and_check(bench);
  });
}

TEST_CASE("in transport at, a reset at any cycle of a STORE drains what is under way") {
  DeviceBench bench(at_config());
  bench.run([&] {
    for (unsigned cycle = 40; cycle < 260; cycle += 3) {
      CAPTURE(cycle);
      recover(bench);
      const std::uint32_t completed = bench.read(EPOCH_REG_COMPLETED);
      bench.submit({dma_command(EPOCH_OP_STORE, 0, local, 8192)});
      bench.cycles(cycle);
      bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
      for (int i = 0; i < 100 && bench.read(EPOCH_REG_CTRL) != 0; ++i) bench.cycles(2);
      CHECK(bench.read(EPOCH_REG_CTRL) == 0);
      CHECK(bench.read(EPOCH_REG_COMPLETED) == completed);
      CHECK(bench.core.dma_master().totals().sent == bench.core.dma_master().totals().answered);
      const std::size_t accesses = bench.memory.log.size();
      bench.cycles(200);
      CHECK(bench.memory.log.size() == accesses);
    }
    recover_and_check(bench);
  });
}

TEST_CASE("GATHER reads its indices first, then a burst a row, never joined") {
  EpochCoreConfig config;
  config.accumulators = {64, 1, 16};
  DeviceBench bench(config);
  bench.memory.latency = sc_core::sc_time(3, sc_core::SC_NS);
  bench.record_traces();
  constexpr std::uint32_t rows = 40;
  std::vector<std::uint32_t> indices(rows);
  for (std::uint32_t i = 0; i < rows; ++i) indices[i] = i;  // the table as it lies
  constexpr std::uint32_t indices_at = EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, 0);
  bench.poke(indices_at, indices.data(), 4 * rows);
  bench.execute({to_words(gather_raw(0, rows, indices_at, local, rows, 64))});
  CHECK(bench.memory.log.size() == rows);
  for (const auto& access : bench.memory.log) CHECK(access.length == 64);
  // 160 bytes of indices at 16 a cycle; a row a cycle, 3 cycles of latency; the last one's write.
  const auto span = bench.spans("dma_in").at(0);
  CHECK(span.end - span.start == 10 + (rows - 1) + 3 + 1);
  CHECK(bench.statistic("core.accumulators.dma_in.read_bytes") == 4 * rows);
  CHECK(bench.statistic("core.counters.dma_read_bytes") == 64 * rows);
}

TEST_CASE("the first index outside the table is an error, whichever it is, and nothing is read") {
  constexpr std::uint32_t indices_at = EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, 0x100);
  DeviceBench bench;
  bench.run([&] {
    for (const std::uint32_t bad : {0u, 1u, 6u, 7u})
      for (const std::uint32_t value : {5u, 6u, 0x80000000u, 0xFFFFFFFFu}) {
        CAPTURE(bad, value);
        std::vector<std::uint32_t> indices(8, 4);  // 4 is the last row
        for (std::uint32_t i = bad; i < 8; ++i) indices[i] = value;
        bench.poke(indices_at, indices.data(), 32);
        recover(bench);
        const std::size_t accesses = bench.memory.log.size();
        bench.submit({to_words(gather_raw(0x100, 5, indices_at, local, 8, 16))});
        CHECK(bench.wait_stopped());
        CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_GATHER_INDEX);
        CHECK(bench.read(EPOCH_REG_ERROR_ADDR_LO) == indices_at + 4 * bad);
        CHECK(bench.read(EPOCH_REG_ERROR_ADDR_HI) == 0);
        CHECK(bench.read(EPOCH_REG_ERROR_LEN) == 4);
        CHECK(bench.memory.log.size() == accesses);
      }
    recover_and_check(bench);
  });
}

TEST_CASE("a reset at any cycle of a GATHER cancels it") {
  EpochCoreConfig config;
  config.accumulators = {64, 1, 16};
  DeviceBench bench(config);
  constexpr std::uint32_t rows = 30;
  const std::vector<std::uint32_t> indices(rows);
  constexpr std::uint32_t indices_at = EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, 0);
  bench.poke(indices_at, indices.data(), 4 * rows);
  bench.run([&] {
    for (unsigned cycle = 40; cycle < 160; ++cycle) {
      CAPTURE(cycle);
      recover(bench);
      const std::uint32_t completed = bench.read(EPOCH_REG_COMPLETED);
      bench.submit({to_words(gather_raw(0, 1, indices_at, local, rows, 64))});
      bench.cycles(cycle);
      bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
      for (int i = 0; i < 100 && bench.read(EPOCH_REG_CTRL) != 0; ++i) bench.cycles(2);
      CHECK(bench.read(EPOCH_REG_CTRL) == 0);
      CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
      CHECK(bench.read(EPOCH_REG_COMPLETED) == completed);
      const std::size_t accesses = bench.memory.log.size();
      bench.cycles(200);
      CHECK(bench.memory.log.size() == accesses);
    }
    recover_and_check(bench);
  });
}

TEST_CASE("bursts stay below their limit and inside 4 KiB, and contiguous rows are joined") {
  DmaWork work;
  work.bus = 0x1F80;
  work.local = local;
  work.row_bytes = 8;
  work.rows = 64;
  work.planes = 2;
  work.bus_row_stride = work.local_row_stride = 8;
  work.bus_plane_stride = work.local_plane_stride = 512;
  std::vector<std::uint32_t> sizes;
  for (BurstWalker walker(work, 256); !walker.done();) {
    const Burst burst = walker.next();
    CHECK(burst.bus / 4096 == (burst.bus + burst.bytes - 1) / 4096);
    CHECK(burst.local - local == burst.bus - work.bus);
    sizes.push_back(burst.bytes);
  }
  CHECK(sizes == std::vector<std::uint32_t>{128, 256, 256, 256, 128});
  work.local_row_stride = 12;
  unsigned count = 0;
  for (BurstWalker walker(work, 256); !walker.done(); ++count) CHECK(walker.next().bytes == 8);
  CHECK(count == 128);
}

TEST_CASE("bandwidth is the closed form of latency and outstanding bursts") {
  struct Point {
    unsigned outstanding, latency, bursts;
  };
  std::vector<std::unique_ptr<DeviceBench>> benches;
  const std::vector<Point> points = {{8, 50, 64}, {8, 50, 61}, {1, 20, 5}, {4, 4, 33}, {8, 3, 100}};
  for (const Point& point : points) {
    EpochCoreConfig config;
    config.dma_outstanding = point.outstanding;
    benches.push_back(
        std::make_unique<DeviceBench>(config, "n" + std::to_string(benches.size()) + "_"));
    benches.back()->memory.latency = sc_core::sc_time(point.latency, sc_core::SC_NS);
    benches.back()->record_traces();
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto [outstanding, latency, bursts] = points[i];
    DeviceBench& bench = *benches[i];
    bench.execute({dma_command(EPOCH_OP_LOAD, 0, local, 256 * bursts),
                   control_command(EPOCH_OP_FENCE),
                   dma_command(EPOCH_OP_STORE, 0, local, 256 * bursts)});
    const auto length = [&, w = outstanding, n = bursts](std::uint64_t round_trip) {
      const std::uint64_t window = std::max<std::uint64_t>(w, round_trip);  // one issue a cycle
      return (n - 1) / w * window + (n - 1) % w + round_trip;
    };
    CAPTURE(outstanding, latency, bursts);
    const auto in = bench.spans("dma_in").at(0);
    CHECK(in.end - in.start == length(latency) + 1);  // + the last burst into the buffer
    const auto out = bench.spans("dma_out").at(0);
    CHECK(out.end - out.start == length(latency + 1));  // each burst leaves the buffer first
  }
}

namespace {

// Each burst is on the bus for the memory's latency, whatever else is.
void check_outstanding_series(EpochCoreConfig config, unsigned outstanding) {
  config.dma_outstanding = outstanding;
  DeviceBench bench(config);
  bench.memory.latency = sc_core::sc_time(50, sc_core::SC_NS);
  SeriesSet set;
  bench.core.record_series(set);
  bench.execute({dma_command(EPOCH_OP_LOAD, 0, local, 256 * 20), control_command(EPOCH_OP_FENCE),
                 dma_command(EPOCH_OP_STORE, 0, local, 256 * 13)});
  const auto integral_ps = [](const Series& series) {
    double sum = 0;
    for (const double value : series.values) sum += value * static_cast<double>(series.window_ps);
    return sum;
  };
  const std::vector<Series> all = set.read(0);
  REQUIRE(all.size() == 3);
  CHECK(all[0].name == "core.dma_in.read_bursts_outstanding");
  CHECK(integral_ps(all[0]) == 20 * 50'000);
  CHECK(all[1].name == "core.dma_out.write_bursts_outstanding");
  CHECK(integral_ps(all[1]) == 13 * 50'000);
  for (const Series& series : {all[0], all[1]}) {
    const double most = *std::max_element(series.values.begin(), series.values.end());
    CHECK(most <= outstanding);
    CHECK(most > outstanding - 1);
  }
  CHECK(all[2].name == "core.array_utilisation");
  CHECK(integral_ps(all[2]) == 0);
}

}  // namespace

TEST_CASE("the series of outstanding bursts holds each burst's time on the bus") {
  check_outstanding_series({}, 8);
}

TEST_CASE("the series of outstanding bursts holds each burst's time on the bus, one by one") {
  check_outstanding_series({}, 1);
}

TEST_CASE("the series of outstanding bursts holds each burst's time on the bus in transport at") {
  check_outstanding_series(at_config(), 8);
}

TEST_CASE("DMA statistics count what moved") {
  DeviceBench bench;
  bench.execute({dma_command(EPOCH_OP_LOAD, 0, local, 1000),
                 dma_command(EPOCH_OP_STORE, 0x4000, local + 0x4000, 300)});
  CHECK(bench.statistic("core.dma_in.bytes") == 1000);
  CHECK(bench.statistic("core.dma_in.bursts") == 4);
  CHECK(bench.statistic("core.dma_out.bytes") == 300);
  CHECK(bench.statistic("core.counters.dma_read_bytes") == 1000);
  CHECK(bench.statistic("core.counters.dma_write_bytes") == 300);
  CHECK(bench.statistic("core.activations.dma_in.written_bytes") == 1000);
  CHECK(bench.statistic("core.activations.dma_out.read_bytes") == 300);
  CHECK(bench.statistic("core.dma_in.commands") == 1);
}

TEST_CASE("statistics are named once and trace signals stand in their modules' scopes") {
  DeviceBench bench;
  bench.record_traces();
  bench.execute({dma_command(EPOCH_OP_LOAD, 0x80, local, 512)});
  Statistics all;
  bench.core.statistics(all);
  std::set<std::string> names;
  for (const Statistic& s : all) {
    CAPTURE(s.name);
    CHECK(names.insert(s.name).second);
    CHECK(s.name.rfind("core.", 0) == 0);
    CHECK_FALSE(s.unit.empty());
    CHECK_FALSE(s.description.empty());
  }
  const auto addresses = bench.traces.changes("core.dma_in.address");
  CHECK(addresses.size() == 2);
  CHECK(addresses.at(1).value == 0x180);
  CHECK(addresses.at(1).time_ps - addresses.at(0).time_ps == 1000);
  CHECK(bench.traces.changes("core.ring.completed").back().value == 1);
  CHECK(bench.traces.changes("core.dma_in.bursts").back().value == 0);
}
