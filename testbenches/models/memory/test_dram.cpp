// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <stdexcept>
#include <vector>

#include "common/at_initiator_tester.h"
#include "common/bus_info.h"
#include "common/find_statistic.h"
#include "common/initiator_tester.h"
#include "common/trace_recorder.h"
#include "memory/dram.h"

using epoch::BusInfo;
using epoch::Dram;
using epoch::DramConfig;
using epoch::InitiatorTester;
using epoch::Statistics;
using epoch::TraceRecorder;
using sc_core::SC_NS;
using sc_core::SC_PS;
using sc_core::sc_time;

namespace {

std::uint8_t block[1 << 16];

// 60 ns and 25.6 GB/s: 256 bytes are 10 ns on the data bus.
struct Bench {
  Dram dram;
  InitiatorTester master{"master"};

  explicit Bench(const DramConfig& config = {std::uint64_t{1} << 20, 60, 25.6})
      : dram("dram", config) {
    master.socket.bind(dram.socket);
    master.decoupled = true;
  }
  // Delay of an access that starts `start_ns` from now, with or without reservation.
  sc_time access(tlm::tlm_command command, double start_ns, unsigned bytes, bool reserves) {
    BusInfo info;
    info.reserves = reserves;
    tlm::tlm_generic_payload payload;
    epoch::fill_payload(payload, command, 0, block, bytes);
    payload.set_extension(&info);
    master.start_delay = sc_time(start_ns, SC_NS);
    CHECK(master.transport(payload) == tlm::TLM_OK_RESPONSE);
    payload.clear_extension<BusInfo>();
    return master.last_delay;
  }
  sc_time read(double start_ns, unsigned bytes, bool reserves = true) {
    return access(tlm::TLM_READ_COMMAND, start_ns, bytes, reserves);
  }
  double statistic(const std::string& name) const {
    Statistics all;
    dram.statistics(all);
    return epoch::find_statistic(all, name);
  }
};

sc_time ns(double value) {
  return sc_time(value, SC_NS);
}

}  // namespace

TEST_CASE("an unloaded request completes after latency + bytes / bandwidth") {
  Bench bench;
  bench.master.run([&] {
    for (const bool reserves : {false, true}) {
      sc_core::wait(ns(1000));
      CHECK(bench.read(5, 256, reserves) == ns(5 + 60 + 10));
      sc_core::wait(ns(1000));
      CHECK(bench.access(tlm::TLM_WRITE_COMMAND, 0, 64, reserves) == ns(60 + 2.5));
      sc_core::wait(ns(1000));
      CHECK(bench.read(0, 1, reserves) == ns(60) + sc_time(40, SC_PS));  // 39.0625, rounded up
    }
  });
}

TEST_CASE("reserving requests share the data bus, others neither wait nor occupy") {
  Bench bench;
  bench.master.run([&] {
    CHECK(bench.read(0, 256) == ns(70));
    CHECK(bench.read(0, 256) == ns(80));
    CHECK(bench.read(0, 256, false) == ns(70));
    CHECK(bench.access(tlm::TLM_WRITE_COMMAND, 15, 256, true) == ns(90));
    CHECK(bench.read(40, 256) == ns(110));  // the bus has been idle since 30
  });
  CHECK(bench.statistic("dram.busy") == 40);
  CHECK(bench.statistic("dram.requests") == 5);
  CHECK(bench.statistic("dram.read_bytes") == 4 * 256);
  CHECK(bench.statistic("dram.write_bytes") == 256);
  CHECK(bench.statistic("dram.mean_latency") == (70 + 80 + 70 + 75 + 70) / 5.0);
}

// Reads complete at 70, 70, 80 and 110 ns, a write that arrives at 15 at 90: 1024 ps a window.
TEST_CASE("series show when bytes come and how many requests wait") {
  Bench bench;
  epoch::SeriesSet set;
  bench.dram.record_series(set);
  bench.master.run([&] {
    bench.read(0, 256);
    bench.read(0, 256);
    bench.read(0, 256, false);
    bench.access(tlm::TLM_WRITE_COMMAND, 15, 256, true);
    bench.read(40, 256);
  });
  const std::vector<epoch::Series> all = set.read(0);
  REQUIRE(all.size() == 4);
  const auto at = [&](std::size_t series, std::uint64_t ps) {
    REQUIRE(all[series].window_ps == 1024);
    return all[series].values.at(ps / 1024);
  };
  CHECK(all[0].name == "dram.read_gb_s");
  CHECK(all[0].values.size() == 110'000 / 1024 + 1);
  CHECK(at(0, 70'000) == 500);  // 512 B in 1024 ps
  CHECK(at(0, 80'000) == 250);
  CHECK(at(0, 90'000) == 0);
  CHECK(at(0, 110'000) == 250);
  CHECK(all[1].name == "dram.write_gb_s");
  CHECK(at(1, 90'000) == 250);
  CHECK(at(1, 70'000) == 0);
  CHECK(all[2].name == "dram.read_queue_depth");
  CHECK(at(2, 0) == 3);
  CHECK(at(2, 50'000) == 4);
  CHECK(at(2, 75'000) == 2);
  CHECK(at(2, 90'000) == 1);
  CHECK(all[3].name == "dram.write_queue_depth");
  CHECK(at(3, 15'000) == 360 / 1024.0);  // the window ends at 15.36 ns
  CHECK(at(3, 50'000) == 1);
}

TEST_CASE("a payload without BusInfo reserves nothing") {
  Bench bench;
  bench.master.run([&] {
    for (int i = 0; i < 3; ++i) {
      CHECK(bench.master.read(0, block, 256) == tlm::TLM_OK_RESPONSE);
      CHECK(bench.master.last_delay == ns(70));
    }
  });
  CHECK(bench.statistic("dram.busy") == 0);
}

// A master with `window` requests outstanding: the next one starts when the oldest completes.
TEST_CASE("streaming with enough requests outstanding gets the full bandwidth to the picosecond") {
  constexpr int requests = 1000, window = 8;  // 8 * 256 B > 70 ns * 25.6 GB/s
  Bench bench;
  bench.master.run([&] {
    std::vector<double> done;
    for (int i = 0; i < requests; ++i)
      done.push_back(bench.read(i < window ? 0 : done[static_cast<std::size_t>(i - window)], 256)
                         .to_seconds() *
                     1e9);
    CHECK(done.back() == Approx(60 + requests * 10.0).epsilon(1e-12));
  });
  CHECK(bench.statistic("dram.busy") == requests * 10);
}

TEST_CASE("with few requests outstanding, latency limits the bandwidth") {
  constexpr int requests = 100, window = 2;
  Bench bench;
  bench.master.run([&] {
    std::vector<double> done;
    for (int i = 0; i < requests; ++i)
      done.push_back(bench.read(i < window ? 0 : done[static_cast<std::size_t>(i - window)], 256)
                         .to_seconds() *
                     1e9);
    // Pairs: the first of a pair completes every 70 ns.
    CHECK(done.back() == Approx(70.0 * requests / window + 10).epsilon(1e-12));
  });
}

TEST_CASE("a bandwidth without whole picoseconds does not drift") {
  Bench bench({std::uint64_t{1} << 20, 0, 3});
  bench.master.run([&] {
    for (std::uint64_t n = 1; n <= 3001; ++n)
      CHECK(bench.read(0, 64) == sc_time::from_value((n * 64 * 1000 + 2) / 3));
  });
}

TEST_CASE("a refused request occupies nothing and counts nothing") {
  Bench bench;
  bench.master.run([&] {
    CHECK(bench.master.read(1 << 20, block, 1) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    tlm::tlm_generic_payload payload;
    epoch::fill_payload(payload, tlm::TLM_READ_COMMAND, 0, block, 8);
    payload.set_byte_enable_ptr(block);
    payload.set_byte_enable_length(8);
    CHECK(bench.master.transport(payload) == tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    CHECK(bench.read(0, 256) == ns(70));
  });
  CHECK(bench.statistic("dram.requests") == 1);
}

TEST_CASE("dram grants DMI except around a watch") {
  Bench bench;
  int calls = 0;
  bench.dram.watch(0x5000, 8, [&] { ++calls; });
  bench.master.run([&] {
    tlm::tlm_dmi dmi;
    CHECK(bench.master.dmi(0x6000, tlm::TLM_READ_COMMAND, dmi));
    CHECK(dmi.get_start_address() == 0x6000);
    CHECK(dmi.get_end_address() == (1 << 20) - 1);
    CHECK(dmi.get_read_latency() == ns(60));
    CHECK_FALSE(bench.master.dmi(0x5FFF, tlm::TLM_READ_COMMAND, dmi));
    bench.master.write32(0x5004, 1);
    CHECK(calls == 1);
    bench.dram.watch(0x9000, 8, [] {});
    CHECK(bench.master.invalidations.size() == 1);
  });
}

TEST_CASE("the data bus is traced") {
  Bench bench;
  TraceRecorder trace;
  bench.dram.attach_trace(trace);
  bench.master.run([&] {
    bench.read(3, 256);
    bench.read(0, 256, false);
  });
  CHECK(trace.changes("dram.busy") ==
        std::vector<TraceRecorder::Change>{{0, 0}, {3'000, 1}, {13'000, 0}});
}

TEST_CASE("half a gigabyte is there without being touched") {
  Bench bench(DramConfig{});
  bench.master.run([&] {
    bench.master.write32((512u << 20) - 4, 0x600DCAFE);
    CHECK(bench.master.read32((512u << 20) - 4) == 0x600DCAFE);
    CHECK(bench.master.read32(256u << 20) == 0);
  });
  CHECK(bench.dram.size() == 512u << 20);
}

namespace {

// A device of round numbers: bursts of 64 bytes in 4 ns, tRCD 10 ns, CL 20 ns, CWL 15 ns.
DramConfig banked() {
  DramConfig config{std::uint64_t{1} << 20, 60, 25.6};
  epoch::DramDevice device;
  device.organisation = {64, 8, 2, 2, 2, 256, 1024, 1};
  epoch::DramTiming& t = device.timing;
  t.tCK = 1000;
  t.CL = 20, t.CWL = 15;
  t.tRCDRD = t.tRCDWR = t.tRP = t.tRPab = 10;
  t.tRAS = 30, t.tRC = 40;
  t.tRRD_S = t.tRRD_L = 4, t.tFAW = 16;
  t.tCCD_S = t.tCCD_L = 4;
  t.tWTR_S = t.tWTR_L = t.tRTP = 5, t.tWR = 12;
  t.tRTW = 11, t.tRTRS = 2;
  t.tREFI = 7800, t.tRFC = 350;
  config.device = device;
  config.controller.mapping = "row-bank-bankgroup-column";
  return config;
}

}  // namespace

TEST_CASE("a real device: reserving requests find rows open or closed, others take the same time") {
  Bench bench(banked());
  bench.master.run([&] {
    CHECK(bench.read(0, 64) == ns(10 + 20 + 4));
    CHECK(bench.read(100, 64) == ns(100 + 20 + 4));  // the row is open
    CHECK(bench.read(200, 256) == ns(200 + 20 + 4 * 4));
    CHECK(bench.access(tlm::TLM_WRITE_COMMAND, 300, 64, true) == ns(300));  // posted
    for (int i = 0; i < 3; ++i) {
      CHECK(bench.read(400, 64, false) == ns(400 + 10 + 20 + 4));
      CHECK(bench.access(tlm::TLM_WRITE_COMMAND, 400, 128, false) == ns(400 + 10 + 15 + 8));
    }
  });
  CHECK(bench.statistic("dram.requests") == 10);
  CHECK(bench.statistic("dram.channel0.read_bursts") == 6);
  CHECK(bench.statistic("dram.channel0.write_bursts") == 1);
  CHECK(bench.statistic("dram.channel0.activates") == 1);
  CHECK(bench.statistic("dram.channel0.bank0.row_misses") == 1);
  CHECK(bench.statistic("dram.channel0.bank0.row_hits") == 6);
  CHECK(bench.statistic("dram.channel0.bank0.row_conflicts") == 0);
  CHECK(bench.statistic("dram.busy") == 7 * 4);
}

TEST_CASE("a real device smaller than its window is refused") {
  DramConfig config = banked();
  config.size_bytes = (std::uint64_t{4} * 256 * 8192) + 1;
  CHECK_THROWS_AS(Dram("dram", config), std::invalid_argument);
}

TEST_CASE("a bandwidth of zero is refused") {
  CHECK_THROWS_AS(Dram("dram", DramConfig{4096, 60, 0}), std::invalid_argument);
}

namespace {

DramConfig config_with(unsigned queue_depth) {
  DramConfig config;
  config.size_bytes = 1 << 20;
  config.queue_depth = queue_depth;
  return config;
}

struct AtBench {
  Dram dram;
  epoch::AtInitiatorTester master{"master"};

  explicit AtBench(unsigned queue_depth) : AtBench(config_with(queue_depth)) {}
  explicit AtBench(const DramConfig& config) : dram("dram", config) {
    master.socket.bind(dram.socket);
  }
  double statistic(const std::string& name) const {
    Statistics all;
    dram.statistics(all);
    return epoch::find_statistic(all, name);
  }
};

}  // namespace

TEST_CASE("in transport at requests queue for the data bus, whoever asks") {
  AtBench bench(64);
  for (unsigned i = 0; i < 50; ++i) bench.master.read(256 * i, 256);
  sc_core::sc_start();
  REQUIRE(bench.master.answers.size() == 50);
  for (unsigned i = 0; i < 50; ++i)
    CHECK(bench.master.answers[i].done_ps == (10 * (i + 1) + 60) * 1000);
  CHECK(bench.statistic("dram.read_bytes") == 50 * 256);
  CHECK(bench.statistic("dram.busy") == 500);
}

// The third request is accepted when the first one's answer has gone.
TEST_CASE("in transport at a full queue makes requests wait") {
  AtBench bench(2);
  for (unsigned i = 0; i < 6; ++i) bench.master.write(0, std::vector<std::uint8_t>(256, 7));
  sc_core::sc_start();
  std::vector<std::uint64_t> done;
  for (const auto& answer : bench.master.answers) done.push_back(answer.done_ps / 1000);
  CHECK(done == std::vector<std::uint64_t>{70, 80, 140, 150, 210, 220});
  CHECK(bench.dram.data()[255] == 7);
  CHECK(bench.statistic("dram.mean_latency") == Approx((70 + 80 + 70 + 70 + 70 + 70) / 6.0));
}

TEST_CASE("in transport at the queue's depth over time is that of the accesses it has taken") {
  AtBench bench(2);
  epoch::SeriesSet set;
  bench.dram.record_series(set);
  for (unsigned i = 0; i < 6; ++i) bench.master.write(0, std::vector<std::uint8_t>(256, 7));
  sc_core::sc_start();
  const epoch::Series depth = set.read(0).at(3);  // full until 210 ns, half so until 220
  for (std::size_t i = 0; i < 210'000 / 1024; ++i) CHECK(depth.values.at(i) == 2);
  CHECK(depth.values.at(212'000 / 1024) == 1);
}

TEST_CASE("in transport at an access outside is an error that moves and counts nothing") {
  AtBench bench(2);
  bench.master.read((1 << 20) - 8, 16);
  bench.master.read(0, 16);
  sc_core::sc_start();
  CHECK(bench.master.answers.at(0).status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
  CHECK(bench.master.answers.at(1).status == tlm::TLM_OK_RESPONSE);
  CHECK(bench.statistic("dram.read_bytes") == 16);
  CHECK(bench.statistic("dram.requests") == 1);
}

TEST_CASE("a queue of no access is refused") {
  CHECK_THROWS_AS(Dram("dram", config_with(0)), std::invalid_argument);
}

// ---- A real device in transport at ----

// What the controller says when it is asked directly, in the same clocks.
TEST_CASE("in transport at a real device answers as its controller does") {
  const unsigned seed = 1;
  INFO("seed " << seed);
  DramConfig config = banked();
  config.queue_depth = 256;
  AtBench bench(config);
  std::mt19937 random(seed);
  epoch::DramController controller(*config.device, config.controller);
  std::vector<std::uint64_t> expected;
  const auto collect = [&] {
    for (epoch::DramController::Completion done{}; controller.pop_completion(done);)
      if (!done.write) expected.push_back(done.time_ps);
  };
  for (unsigned i = 0; i < 24; ++i) {  // fewer than the read queue holds: all arrive at time 0
    const std::uint64_t address = random() % (config.size_bytes / 64) * 64;
    bench.master.read(address, 64);
    REQUIRE(controller.can_accept(false, address));
    controller.enqueue(i, address, 64, false, 0);
  }
  while (controller.next_event_ps() != epoch::kNoDramClock) {
    controller.advance_to(controller.next_event_ps());
    collect();
  }
  sc_core::sc_start();
  std::vector<std::uint64_t> answered;
  for (const auto& answer : bench.master.answers) answered.push_back(answer.done_ps);
  std::sort(answered.begin(), answered.end());
  CHECK(answered == expected);
  CHECK(bench.statistic("dram.channel0.read_bursts") == 24);
}

TEST_CASE("in transport at a real device's full queue makes requests wait, and loses none") {
  DramConfig config = banked();
  config.controller.read_queue = 2;
  config.controller.write_queue = 2;
  AtBench bench(config);
  for (unsigned i = 0; i < 200; ++i) {
    if (i % 3 == 0)
      bench.master.write(64 * i, std::vector<std::uint8_t>(64, static_cast<std::uint8_t>(i)));
    else
      bench.master.read(64 * i, 64);
  }
  sc_core::sc_start();
  REQUIRE(bench.master.answers.size() == 200);
  for (const auto& answer : bench.master.answers) CHECK(answer.status == tlm::TLM_OK_RESPONSE);
  CHECK(bench.statistic("dram.read_bytes") == 133 * 64);
  CHECK(bench.statistic("dram.write_bytes") == 67 * 64);
  for (unsigned i = 0; i < 200; i += 3) CHECK(bench.dram.data()[64 * i] == i);
}

TEST_CASE("in transport at an access outside a real device's window is an error") {
  AtBench bench(banked());
  bench.master.read(banked().size_bytes - 8, 16);
  bench.master.read(0, 16);
  sc_core::sc_start();
  CHECK(bench.master.answers.size() == 2);
  CHECK(bench.statistic("dram.requests") == 1);
}
