// SPDX-License-Identifier: Apache-2.0
// The crossbar of transport at: closed forms, shares, limits, splitting, back-pressure, errors. A
// protocol checker stands on every hop of every test.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <numeric>
#include <stdexcept>

#include "at_bench.h"
#include "common/trace_recorder.h"

using namespace epoch;

namespace {

constexpr std::uint64_t ns = 1000, beat = 2 * ns;
constexpr std::uint64_t dram_base = AtBench::dram_base, at_base = AtBench::at_base,
                        lt_base = AtBench::lt_base;

// The first edge of the bus clock after a time.
std::uint64_t edge_after(std::uint64_t ps) {
  return (ps / beat + 1) * beat;
}

std::vector<std::uint8_t> pattern(unsigned bytes, unsigned first = 1) {
  std::vector<std::uint8_t> data(bytes);
  std::iota(data.begin(), data.end(), static_cast<std::uint8_t>(first));
  return data;
}

void check_clean(const AtBench& bench) {
  CHECK(bench.violations == std::vector<std::string>{});
  CHECK(bench.bus.conservation().empty());
  for (std::size_t i = 0; i < bench.masters.size(); ++i) CHECK(bench.bus.in_flight(i) == 0);
}

}  // namespace

TEST_CASE(
    "a read alone: arbitration, request beat, pipeline, memory, arbitration, data, pipeline") {
  AtBench bench(alike(1));
  bench.master(0).read(dram_base, 256);
  bench.run();
  const std::uint64_t arrival = edge_after(0) + beat + beat;
  const std::uint64_t answer = arrival + 60 * ns + 10 * ns;
  REQUIRE(bench.master(0).answers.size() == 1);
  CHECK(bench.master(0).answers[0].done_ps == edge_after(answer) + 4 * beat + beat);
  CHECK(bench.master(0).answers[0].done_ps == 88 * ns);
  CHECK(bench.statistic("dram.mean_latency") == 70);
  check_clean(bench);
}

TEST_CASE("a write's data take the request channel, its answer one beat") {
  AtBench bench(alike(1));
  bench.master(0).write(dram_base + 64, pattern(256));
  bench.run();
  const std::uint64_t arrival = edge_after(0) + 4 * beat + beat;
  CHECK(bench.master(0).answers.at(0).done_ps == edge_after(arrival + 70 * ns) + beat + beat);
  CHECK(std::equal(bench.dram.data() + 64, bench.dram.data() + 320, pattern(256).begin()));
  CHECK(bench.statistic("bus.target.dram.busy") == 8);
  CHECK(bench.statistic("bus.target.dram.response_busy") == 2);
  check_clean(bench);
}

TEST_CASE("data that begin within a beat take the beat more that they touch") {
  AtBench bench(alike(1));
  bench.master(0).read(dram_base + 32, 256);
  bench.run();
  const std::uint64_t answer = edge_after(0) + beat + beat + 70 * ns;
  CHECK(bench.master(0).answers.at(0).done_ps == edge_after(answer) + 5 * beat + beat);
  bench.master(0).write(dram_base + 60, pattern(8));
  bench.run();
  CHECK(bench.statistic("bus.target.dram.busy") == 2 + 4);
  check_clean(bench);
}

TEST_CASE("the pipeline's latency counts each way") {
  InterconnectConfig config;
  config.latency_cycles = 5;
  AtBench bench(alike(1), config);
  bench.master(0).read(dram_base, 64);
  bench.run();
  const std::uint64_t answer = edge_after(0) + beat + 5 * beat + 62'500;
  CHECK(bench.master(0).answers.at(0).done_ps == edge_after(answer) + beat + 5 * beat);
  check_clean(bench);
}

TEST_CASE("a streaming master gets the dram's bandwidth") {
  AtBench bench(alike(1));
  bench.master(0).outstanding = 16;
  for (unsigned i = 0; i < 1000; ++i) bench.master(0).read(dram_base + 256 * i, 256);
  bench.run();
  const std::uint64_t answer = edge_after(0) + 2 * beat + 60 * ns + 1000 * 10 * ns;
  CHECK(bench.master(0).answers.back().done_ps == edge_after(answer) + 5 * beat);
  check_clean(bench);
}

// 32 bytes at 500 MHz: 8 beats, 16 ns for 256 bytes.
TEST_CASE("a narrow bus limits reads by the response channel") {
  InterconnectConfig config;
  config.width_bytes = 32;
  AtBench bench(alike(1), config);
  for (unsigned i = 0; i < 500; ++i) bench.master(0).read(dram_base + 256 * i, 256);
  bench.run();
  const std::uint64_t first = edge_after(edge_after(0) + 2 * beat + 70 * ns);
  CHECK(bench.master(0).answers.back().done_ps == first + 500 * 16 * ns + beat);
  CHECK(bench.statistic("bus.initiator.m0.response_busy") == 500 * 16);
  check_clean(bench);
}

TEST_CASE("a narrow bus limits writes by the request channel") {
  InterconnectConfig config;
  config.width_bytes = 32;
  AtBench bench(alike(1), config);
  for (unsigned i = 0; i < 500; ++i) bench.master(0).write(dram_base + 256 * i, pattern(256));
  bench.run();
  const std::uint64_t last_arrival = edge_after(0) + 500 * 16 * ns + beat;
  CHECK(bench.master(0).answers.back().done_ps == edge_after(last_arrival + 70 * ns) + 2 * beat);
  check_clean(bench);
}

TEST_CASE("reads and writes use different channels at the same time") {
  InterconnectConfig config;
  config.width_bytes = 32;  // 16 GB/s each way, 25.6 GB/s of memory
  AtBench bench(alike(2), config);
  for (unsigned i = 0; i < 500; ++i) {
    bench.master(0).read(dram_base + 256 * i, 256);
    bench.master(1).write(dram_base + (1 << 20) + 256 * i, pattern(256));
  }
  bench.run();
  const std::uint64_t end =
      std::max(bench.master(0).answers.back().done_ps, bench.master(1).answers.back().done_ps);
  CHECK(end < 1000 * 16 * ns * 2 / 3);     // one channel would take 16 us
  CHECK(end >= 1000 * 10 * ns + 60 * ns);  // the memory's own bound
  check_clean(bench);
}

TEST_CASE("round robin is exactly fair") {
  AtBench bench(alike(3));
  for (unsigned i = 0; i < 100; ++i)
    for (unsigned m = 0; m < 3; ++m) bench.master(m).write(at_base + 0x1000 * m, pattern(256));
  bench.run();
  const std::vector<unsigned> order = bench.initiators();
  REQUIRE(order.size() == 300);
  for (std::size_t i = 0; i < order.size(); ++i) REQUIRE(order[i] == i % 3);
  check_clean(bench);
}

TEST_CASE("weighted arbitration gives exact shares") {
  InterconnectConfig config;
  config.arbitration = Arbitration::weighted;
  AtBench bench({{4, 0}, {1, 0}, {3, 0}}, config);
  for (unsigned m = 0; m < 3; ++m)
    for (unsigned i = 0; i < 400; ++i) bench.master(m).read(at_base + 64 * m, 64);
  bench.run();
  const std::vector<unsigned> order = bench.initiators();
  for (std::size_t round = 0; round < 100; ++round) {  // while all three ask
    std::map<unsigned, unsigned> grants;
    for (std::size_t i = 0; i < 8; ++i) ++grants[order.at(8 * round + i)];
    REQUIRE(grants == std::map<unsigned, unsigned>{{0, 4}, {1, 1}, {2, 3}});
  }
  check_clean(bench);
}

TEST_CASE("fixed priority serves the first to the end") {
  InterconnectConfig config;
  config.arbitration = Arbitration::fixed;
  AtBench bench({{1, 1}, {1, 1}, {1, 0}}, config);
  for (unsigned m = 0; m < 3; ++m)
    for (unsigned i = 0; i < 50; ++i) bench.master(m).read(at_base, 64);
  bench.run();
  std::vector<unsigned> expected(150, 2);
  std::fill(expected.begin() + 50, expected.begin() + 100, 0);
  std::fill(expected.begin() + 100, expected.end(), 1);
  // The device answers at once, so no limit of outstanding transactions interferes.
  CHECK(bench.initiators() == expected);
  check_clean(bench);
}

TEST_CASE("an initiator's limit of outstanding transactions is kept") {
  InterconnectConfig config;
  config.outstanding_per_initiator = 3;
  AtBench bench(alike(2), config);
  bench.device.latency = sc_core::sc_max_time();
  for (unsigned i = 0; i < 10; ++i) bench.master(0).read(at_base, 64);
  bench.master(1).read(dram_base, 64);
  sc_core::sc_start(10, sc_core::SC_US);
  CHECK(bench.device.log.size() == 3);
  CHECK(bench.bus.in_flight(0) == 4);  // one of them is at the arbiter
  CHECK(bench.master(0).master().waiting() == 6);
  CHECK(bench.master(1).answers.size() == 1);
  CHECK(bench.violations.empty());
}

TEST_CASE("a target's limit of outstanding bursts is kept") {
  InterconnectConfig config;
  config.outstanding_per_target = 5;
  AtBench bench(alike(2), config);
  bench.device.latency = sc_core::sc_max_time();
  for (unsigned i = 0; i < 10; ++i)
    for (unsigned m = 0; m < 2; ++m) bench.master(m).read(at_base, 64);
  sc_core::sc_start(10, sc_core::SC_US);
  CHECK(bench.initiators() == std::vector<unsigned>{0, 1, 0, 1, 0});
  CHECK(bench.violations.empty());
}

TEST_CASE("long transactions are split at aligned boundaries and put together again") {
  InterconnectConfig config;
  config.max_burst_bytes = 64;
  AtBench bench(alike(1), config);
  bench.master(0).write(at_base + 32, pattern(256));
  bench.master(0).read(at_base + 32, 256);
  bench.run();
  std::vector<std::pair<std::uint64_t, unsigned>> pieces;
  for (const auto& access : bench.device.log) pieces.emplace_back(access.address, access.length);
  const std::vector<std::pair<std::uint64_t, unsigned>> once{
      {32, 32}, {64, 64}, {128, 64}, {192, 64}, {256, 32}};
  std::vector<std::pair<std::uint64_t, unsigned>> twice = once;
  twice.insert(twice.end(), once.begin(), once.end());
  CHECK(pieces == twice);
  REQUIRE(bench.master(0).answers.size() == 2);
  CHECK(bench.master(0).answers[1].data == pattern(256));
  CHECK(bench.statistic("bus.initiator.m0.reads") == 1);
  CHECK(bench.statistic("bus.target.device.reads") == 5);
  CHECK(bench.statistic("bus.target.device.read_bytes") == 256);
  check_clean(bench);
}

TEST_CASE("others are served between the parts of a split transaction") {
  InterconnectConfig config;
  config.max_burst_bytes = 64;
  AtBench bench(alike(2), config);
  bench.master(0).write(at_base, pattern(256));
  bench.master(1).write(at_base + 0x1000, pattern(64));
  bench.run();
  CHECK(bench.initiators() == std::vector<unsigned>{0, 1, 0, 0, 0});
  check_clean(bench);
}

TEST_CASE("one failing part fails the whole transaction, and the bytes are accounted for") {
  InterconnectConfig config;
  config.max_burst_bytes = 64;
  AtBench bench(alike(1), config);
  bench.device.before_access = [&](tlm::tlm_generic_payload& payload) {
    bench.device.response =
        payload.get_address() == 64 ? tlm::TLM_GENERIC_ERROR_RESPONSE : tlm::TLM_OK_RESPONSE;
  };
  bench.master(0).read(at_base, 256);
  bench.run();
  CHECK(bench.master(0).answers.at(0).status == tlm::TLM_GENERIC_ERROR_RESPONSE);
  CHECK(bench.statistic("bus.initiator.m0.errors") == 1);
  CHECK(bench.statistic("bus.initiator.m0.read_bytes") == 0);
  CHECK(bench.statistic("bus.target.device.errors") == 1);
  CHECK(bench.statistic("bus.target.device.read_bytes") == 192);
  check_clean(bench);
}

// A queue of one: the next access is accepted when the answer before it has left the memory.
TEST_CASE("a full dram queue holds END_REQ back") {
  DramConfig dram;
  dram.queue_depth = 1;
  AtBench bench(alike(1), {}, dram);
  constexpr unsigned count = 100;
  for (unsigned i = 0; i < count; ++i) bench.master(0).read(dram_base + 256 * i, 256);
  bench.run();
  std::uint64_t accepted = edge_after(0) + 2 * beat, granted = 0;
  for (unsigned i = 0; i < count; ++i) {
    granted = edge_after(accepted + 70 * ns);
    CHECK(bench.master(0).answers.at(i).done_ps == granted + 5 * beat);
    accepted = granted + 3 * beat;  // END_RESP, with the last beat
  }
  check_clean(bench);
}

TEST_CASE("an access nowhere is an address error") {
  AtBench bench(alike(1));
  std::vector<UnmappedAccess> unmapped;
  bench.bus.on_unmapped = [&](const UnmappedAccess& access) { unmapped.push_back(access); };
  bench.master(0).read(0x4000'0000, 64);
  bench.master(0).write(at_base + 0xFFF0, pattern(32));  // its end leaves the target
  bench.run();
  REQUIRE(bench.master(0).answers.size() == 2);
  for (const auto& answer : bench.master(0).answers)
    CHECK(answer.status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
  CHECK(bench.master(0).answers[0].done_ps == edge_after(edge_after(0) + 2 * beat) + 2 * beat);
  REQUIRE(unmapped.size() == 2);
  CHECK(unmapped[0].initiator == "m0");
  CHECK(unmapped[0].address == 0x4000'0000);
  CHECK(unmapped[1].length == 32);
  CHECK(unmapped[1].is_write);
  CHECK(bench.statistic("bus.initiator.m0.errors") == 2);
  check_clean(bench);
}

TEST_CASE("a target that speaks lt is called when the request reaches it") {
  AtBench bench(alike(1));
  bench.slow.latency = sc_core::sc_time(50, sc_core::SC_NS);
  bench.slow.memory[8] = 77;
  bench.master(0).read(lt_base + 8, 4);
  bench.run();
  const std::uint64_t arrival = edge_after(0) + 2 * beat;
  REQUIRE(bench.slow.log.size() == 1);
  CHECK(bench.slow.log[0].arrival == sc_core::sc_time::from_value(arrival));
  CHECK(bench.slow.log[0].address == 8);
  CHECK(bench.slow.log[0].has_bus_info);
  CHECK(bench.master(0).answers.at(0).done_ps == edge_after(arrival + 50 * ns) + 2 * beat);
  CHECK(bench.master(0).answers[0].data.at(0) == 77);
  check_clean(bench);
}

TEST_CASE("answers of different targets overtake each other") {
  AtBench bench(alike(1));
  bench.device.latency = sc_core::sc_time(500, sc_core::SC_NS);
  bench.master(0).read(at_base, 64);
  bench.master(0).read(dram_base, 64);
  bench.run();
  CHECK(bench.master(0).answers.at(0).number == 1);
  CHECK(bench.master(0).answers.at(1).number == 0);
  check_clean(bench);
}

TEST_CASE("an observer sees each transaction once, answered, at the initiator's address") {
  InterconnectConfig config;
  config.max_burst_bytes = 64;
  AtBench bench(alike(1), config);
  std::vector<std::pair<std::uint64_t, unsigned>> seen;
  bench.bus.on_access = [&](const BusAccess& access) {
    seen.emplace_back(access.address, access.length);
    CHECK(access.ok);
    CHECK(access.data[access.length - 1] == access.length % 256);
    CHECK(access.initiator == "m0");
  };
  bench.master(0).write(at_base + 16, pattern(200));
  bench.master(0).write(lt_base, pattern(4));
  bench.run();
  using Seen = std::vector<std::pair<std::uint64_t, unsigned>>;
  Seen expected{{lt_base, 4}, {at_base + 16, 200}};
  std::sort(seen.begin(), seen.end());
  std::sort(expected.begin(), expected.end());
  CHECK(seen == expected);
  check_clean(bench);
}

TEST_CASE("traces show whose request a target's channel carries") {
  AtBench bench(alike(2));
  TraceRecorder traces;
  bench.bus.attach_trace(traces);
  bench.master(1).write(at_base, pattern(128));
  bench.run();
  using Changes = std::vector<TraceRecorder::Change>;
  CHECK(traces.changes("bus.device.busy") == Changes{{0, 0}, {2 * ns, 1}, {6 * ns, 0}});
  CHECK(traces.changes("bus.device.initiator") == Changes{{0, 0}, {2 * ns, 2}, {6 * ns, 0}});
}

TEST_CASE("impossible configurations are refused") {
  const auto refused = [](void (*bend)(InterconnectConfig&)) {
    InterconnectConfig config;
    bend(config);
    CHECK_THROWS_AS(AtInterconnect("bus", config), std::invalid_argument);
  };
  refused([](InterconnectConfig& c) { c.width_bytes = 0; });
  refused([](InterconnectConfig& c) { c.max_burst_bytes = 0; });
  refused([](InterconnectConfig& c) { c.max_burst_bytes = 96; });
  refused([](InterconnectConfig& c) { c.outstanding_per_initiator = 0; });
  refused([](InterconnectConfig& c) { c.outstanding_per_target = 0; });
}
