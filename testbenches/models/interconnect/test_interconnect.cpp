// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstring>
#include <stdexcept>

#include "common/find_statistic.h"
#include "common/initiator_tester.h"
#include "common/target_tester.h"
#include "common/trace_recorder.h"
#include "interconnect/lt_interconnect.h"

using epoch::BusAccess;
using epoch::find_statistic;
using epoch::InitiatorTester;
using epoch::InterconnectConfig;
using epoch::LtInterconnect;
using epoch::Statistics;
using epoch::TargetTester;
using epoch::TraceRecorder;
using epoch::UnmappedAccess;
using sc_core::SC_NS;
using sc_core::sc_time;

namespace {

constexpr std::uint64_t low_base = 0x1000, high_base = 0x8'0000'0000;

// A decoupled hart and two DMA masters on a 500 MHz, 64-byte bus (2 ns a beat) with two targets.
struct Bench {
  LtInterconnect bus{"bus", InterconnectConfig{}};
  InitiatorTester hart{"hart"}, dma{"dma"}, fetch{"fetch"};
  TargetTester low{"low", 0x1000}, high{"high", 0x10000};
  std::vector<UnmappedAccess> unmapped;

  Bench() {
    hart.socket.bind(bus.add_initiator("hart", false));
    dma.socket.bind(bus.add_initiator("dma", true));
    fetch.socket.bind(bus.add_initiator("fetch", true));
    bus.add_target("high", high_base, 0x10000).bind(high.socket);
    bus.add_target("low", low_base, 0x1000).bind(low.socket);
    bus.on_unmapped = [this](const UnmappedAccess& access) { unmapped.push_back(access); };
  }
  double statistic(const std::string& name) const {
    Statistics all;
    bus.statistics(all);
    return find_statistic(all, name);
  }
};

sc_time ns(double value) {
  return sc_time(value, SC_NS);
}

std::uint8_t block[4096];

}  // namespace

TEST_CASE("an access reaches its target at an address relative to its base, with BusInfo") {
  Bench bench;
  bench.hart.run([&] {
    bench.hart.write32(low_base + 0x10, 0x12345678);
    CHECK(bench.hart.read32(low_base + 0x10) == 0x12345678);
    bench.dma.write64(high_base + 0xFFF8, 7);
  });
  CHECK(bench.low.log.size() == 2);
  CHECK(bench.low.log[0].address == 0x10);
  CHECK(bench.low.log[0].command == tlm::TLM_WRITE_COMMAND);
  CHECK(bench.low.log[0].has_bus_info);
  CHECK(bench.low.log[0].initiator == 0);
  CHECK_FALSE(bench.low.log[0].reserves);
  CHECK(bench.high.log.size() == 1);
  CHECK(bench.high.log[0].address == 0xFFF8);
  CHECK(bench.high.log[0].initiator == 1);
  CHECK(bench.high.log[0].reserves);
}

TEST_CASE("the payload comes back with its own address and without the bus's extension") {
  Bench bench;
  bench.hart.run([&] {
    std::uint32_t word = 0;
    tlm::tlm_generic_payload payload;
    epoch::fill_payload(payload, tlm::TLM_READ_COMMAND, low_base + 4, &word, 4);
    epoch::BusInfo own;
    own.initiator = 99;
    payload.set_extension(&own);
    CHECK(bench.hart.transport(payload) == tlm::TLM_OK_RESPONSE);
    CHECK(payload.get_address() == low_base + 4);
    CHECK(payload.get_extension<epoch::BusInfo>() == &own);
    CHECK(bench.low.log.back().initiator == 0);
    payload.clear_extension<epoch::BusInfo>();
    CHECK(bench.hart.transport(payload) == tlm::TLM_OK_RESPONSE);
    CHECK(payload.get_extension<epoch::BusInfo>() == nullptr);
  });
}

TEST_CASE("unmapped and straddling accesses are address errors, reported with all that is known") {
  Bench bench;
  bench.hart.run([&] {
    std::uint64_t data = 0;
    CHECK(bench.hart.read(0x20, &data, 4) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(bench.dma.write(low_base + 0xFFC, &data, 8) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(bench.dma.read(high_base - 1, &data, 2) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(bench.dma.read(0x9'0000'0000, &data, 1) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
  });
  CHECK(bench.unmapped.size() == 4);
  CHECK(bench.unmapped[0].initiator == "hart");
  CHECK(bench.unmapped[0].address == 0x20);
  CHECK(bench.unmapped[0].length == 4);
  CHECK_FALSE(bench.unmapped[0].is_write);
  CHECK(bench.unmapped[1].initiator == "dma");
  CHECK(bench.unmapped[1].address == low_base + 0xFFC);
  CHECK(bench.unmapped[1].length == 8);
  CHECK(bench.unmapped[1].is_write);
  CHECK(bench.low.log.empty());
  CHECK(bench.high.log.empty());
  CHECK(bench.statistic("bus.initiator.dma.errors") == 3);
}

TEST_CASE("an observer sees every transaction with its outcome, and no debug access") {
  struct Seen {
    std::uint64_t time_ps, address;
    std::string initiator, target;
    std::uint32_t data;
    bool is_write, ok;
  };
  Bench bench;
  std::vector<Seen> seen;
  bench.bus.on_access = [&](const BusAccess& access) {
    std::uint32_t data = 0;
    std::memcpy(&data, access.data, std::min<std::size_t>(access.length, sizeof data));
    seen.push_back({access.time_ps, access.address, access.initiator,
                    access.range != nullptr ? access.range->name : "", data, access.is_write,
                    access.ok});
  };
  bench.hart.run([&] {
    bench.hart.write32(low_base + 0x10, 0x12345678);
    bench.hart.read32(low_base + 0x10);
    bench.hart.debug_read(low_base, block, 4);
    bench.hart.read(0x10, block, 4);
  });
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].is_write);
  CHECK_FALSE(seen[1].is_write);
  CHECK(seen[1].time_ps >= seen[0].time_ps);
  for (const Seen& access : {seen[0], seen[1]}) {
    CHECK(access.initiator == "hart");
    CHECK(access.target == "low");
    CHECK(access.address == low_base + 0x10);
    CHECK(access.data == 0x12345678);
    CHECK(access.ok);
  }
  CHECK(seen[2].target == "");
  CHECK_FALSE(seen[2].ok);
}

TEST_CASE("a target's error reaches the initiator and moves no counted byte") {
  Bench bench;
  bench.low.response = tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
  bench.hart.run([&] {
    std::uint32_t word = 0;
    CHECK(bench.hart.read(low_base, &word, 4) == tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  });
  CHECK(bench.unmapped.empty());
  CHECK(bench.statistic("bus.initiator.hart.errors") == 1);
  CHECK(bench.statistic("bus.target.low.errors") == 1);
  CHECK(bench.statistic("bus.initiator.hart.read_bytes") == 0);
}

TEST_CASE("an unloaded access takes its beats and the target's latency") {
  Bench bench;
  bench.low.latency = ns(10);
  bench.hart.run([&] {
    const std::pair<unsigned, double> cases[] = {{1, 12}, {64, 12}, {65, 14}, {256, 18}};
    for (const auto& [bytes, expected] : cases)
      for (InitiatorTester* master : {&bench.hart, &bench.dma}) {
        INFO(bytes << " bytes from " << master->name());
        CHECK(master->read(low_base, block, bytes) == tlm::TLM_OK_RESPONSE);
        CHECK(master->last_delay == ns(expected));
      }
  });
}

TEST_CASE("reserving masters queue for a target's port and the hart neither waits nor delays") {
  Bench bench;
  for (InitiatorTester* master : {&bench.hart, &bench.dma, &bench.fetch}) master->decoupled = true;
  bench.hart.run([&] {
    bench.dma.read(high_base, block, 256);  // beats 0 to 8 ns
    CHECK(bench.dma.last_delay == ns(8));
    bench.fetch.read(high_base, block, 64);  // 8 to 10 ns
    CHECK(bench.fetch.last_delay == ns(10));
    bench.hart.read(high_base, block, 64);
    CHECK(bench.hart.last_delay == ns(2));
    bench.fetch.read(low_base, block, 64);  // another port: free
    CHECK(bench.fetch.last_delay == ns(2));
    bench.dma.start_delay = ns(9);
    bench.dma.write(high_base, block, 128);  // arrives at 9, waits for 10
    CHECK(bench.dma.last_delay == ns(14));
    bench.dma.start_delay = ns(20);
    bench.dma.write(high_base, block, 64);  // the port has been idle since 14
    CHECK(bench.dma.last_delay == ns(22));
    sc_core::wait(ns(100));
    bench.fetch.read(high_base, block, 64);
    CHECK(bench.fetch.last_delay == ns(2));
  });
  CHECK(bench.statistic("bus.target.high.busy") == 8 + 2 + 4 + 2 + 2);
  CHECK(bench.statistic("bus.target.high.waiting") == 8 + 1);
  CHECK(bench.statistic("bus.initiator.dma.busy") == 8 + 4 + 2);
  CHECK(bench.statistic("bus.initiator.dma.waiting") == 1);
  CHECK(bench.statistic("bus.initiator.hart.busy") == 0);
  CHECK(bench.statistic("bus.initiator.fetch.waiting") == 8);
  CHECK(bench.statistic("bus.target.high.reads") == 4);
  CHECK(bench.statistic("bus.target.high.writes") == 2);
  CHECK(bench.statistic("bus.target.high.read_bytes") == 256 + 3 * 64);
  CHECK(bench.statistic("bus.target.high.write_bytes") == 192);
}

// Two masters that ask for the same port as fast as they can share exactly one port's bandwidth.
TEST_CASE("contending masters get one port's bandwidth between them") {
  Bench bench;
  int done = 0;
  sc_time last_end;
  for (InitiatorTester* master : {&bench.dma, &bench.fetch})
    master->spawn([&, master] {
      for (int i = 0; i < 100; ++i)
        CHECK(master->read(high_base, block, 256) == tlm::TLM_OK_RESPONSE);
      last_end = sc_core::sc_time_stamp();
      ++done;
    });
  sc_core::sc_start();
  CHECK(done == 2);
  CHECK(last_end == ns(200 * 8));
  CHECK(bench.statistic("bus.target.high.busy") == 1600);
}

TEST_CASE("DMI is translated and clamped to the target's range") {
  Bench bench;
  TargetTester wide("wide", 0x3000);  // larger than the window that the map gives it
  bench.bus.add_target("wide", 0x4000, 0x1000).bind(wide.socket);
  wide.grants_dmi = bench.low.grants_dmi = true;
  bench.hart.run([&] {
    tlm::tlm_dmi dmi;
    CHECK(bench.hart.dmi(low_base + 0x20, tlm::TLM_READ_COMMAND, dmi));
    CHECK(dmi.get_start_address() == low_base);
    CHECK(dmi.get_end_address() == low_base + 0xFFF);
    CHECK(dmi.get_dmi_ptr() == bench.low.memory.data());
    CHECK(dmi.get_read_latency() == ns(2));
    CHECK(bench.hart.dmi(0x4800, tlm::TLM_WRITE_COMMAND, dmi));
    CHECK(dmi.get_start_address() == 0x4000);
    CHECK(dmi.get_end_address() == 0x4FFF);
    CHECK(dmi.is_read_write_allowed());
    CHECK_FALSE(bench.hart.dmi(high_base + 5, tlm::TLM_READ_COMMAND, dmi));  // target refuses
    CHECK(dmi.get_start_address() == high_base);
    CHECK(dmi.get_end_address() == high_base + 0xFFFF);
    CHECK_FALSE(bench.hart.dmi(0x3000, tlm::TLM_READ_COMMAND, dmi));  // unmapped
    CHECK(dmi.get_start_address() == 0x2000);
    CHECK(dmi.get_end_address() == 0x3FFF);
  });
}

TEST_CASE("a DMI invalidation reaches every initiator, translated back and clamped") {
  Bench bench;
  bench.hart.run([&] {
    bench.high.invalidate_dmi(0x1000, 0x1FFF);
    bench.low.invalidate_dmi(0x800, ~std::uint64_t{0});
    bench.low.invalidate_dmi(0x1000, 0x1FFF);  // outside the window: nobody saw it
  });
  for (InitiatorTester* master : {&bench.hart, &bench.dma, &bench.fetch}) {
    INFO(master->name());
    CHECK(master->invalidations.size() == 2);
    CHECK(master->invalidations[0].first == high_base + 0x1000);
    CHECK(master->invalidations[0].last == high_base + 0x1FFF);
    CHECK(master->invalidations[1].first == low_base + 0x800);
    CHECK(master->invalidations[1].last == low_base + 0xFFF);
  }
}

TEST_CASE("debug transport reaches the target and leaves no trace in statistics or time") {
  Bench bench;
  bench.hart.run([&] {
    const std::uint32_t value = 0xFEEDBEEF;
    CHECK(bench.hart.debug_write(high_base + 0x100, &value, 4) == 4);
    CHECK(std::memcmp(bench.high.memory.data() + 0x100, &value, 4) == 0);
    CHECK(bench.dma.debug_read32(high_base + 0x100) == value);
    std::uint64_t wide = 0;
    CHECK(bench.hart.debug_read(0x20, &wide, 4) == 0);
    CHECK(bench.hart.debug_read(low_base + 0xFFC, &wide, 8) == 0);
    CHECK(sc_core::sc_time_stamp() == sc_core::SC_ZERO_TIME);
  });
  CHECK(bench.high.log.empty());
  CHECK(bench.unmapped.empty());
  CHECK(bench.statistic("bus.target.high.reads") == 0);
}

TEST_CASE("trace points show reservations, their owner, and each initiator's accesses") {
  Bench bench;
  TraceRecorder trace;
  bench.bus.attach_trace(trace);
  bench.hart.run([&] {
    sc_core::wait(ns(5));
    bench.fetch.read(high_base + 0x40, block, 128);
    bench.hart.read(low_base + 4, block, 4);
  });
  using Changes = std::vector<TraceRecorder::Change>;
  CHECK(trace.changes("bus.high.busy") == Changes{{0, 0}, {5000, 1}, {9000, 0}});
  CHECK(trace.changes("bus.high.initiator") == Changes{{0, 0}, {5000, 3}, {9000, 0}});
  CHECK(trace.changes("bus.fetch.address") == Changes{{5000, high_base + 0x40}});
  CHECK(trace.changes("bus.hart.target") == Changes{{9000, 1}});
  CHECK(trace.changes("bus.low.busy") == Changes{{0, 0}});
}

TEST_CASE("adding an overlapping target is refused with both names") {
  Bench bench;
  CHECK_THROWS_WITH(bench.bus.add_target("late", low_base + 0xFF0, 0x100),
                    "address ranges overlap: late [0x00001ff0, 0x000020ef] and low [0x00001000, "
                    "0x00001fff]");
  CHECK(bench.bus.map().ranges().size() == 2);
}

TEST_CASE("ports that nobody bound are named before simulation starts") {
  LtInterconnect bus("bus", InterconnectConfig{});
  TargetTester target("target", 16);
  bus.add_target("bound", 0, 16).bind(target.socket);
  bus.add_target("forgotten", 16, 16);
  CHECK_THROWS_WITH(sc_core::sc_start(sc_core::SC_ZERO_TIME),
                    Catch::Contains("target forgotten is not bound"));
}

TEST_CASE("more ports than configured are refused by name") {
  InterconnectConfig config;
  config.initiator_ports = 1;
  config.target_ports = 1;
  LtInterconnect bus("bus", config);
  bus.add_initiator("one", true);
  bus.add_target("one", 0, 1);
  CHECK_THROWS_WITH(bus.add_initiator("two", true), Catch::Contains("initiator two"));
  CHECK_THROWS_WITH(bus.add_target("two", 1, 1), Catch::Contains("target two"));
}
