// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <stdexcept>
#include <vector>

#include "common/find_statistic.h"
#include "common/initiator_tester.h"
#include "memory/ram.h"

using epoch::InitiatorTester;
using epoch::Ram;
using epoch::RamConfig;
using epoch::Statistics;
using sc_core::SC_NS;
using sc_core::sc_time;

namespace {

struct Bench {
  Ram ram;
  InitiatorTester master{"master"};

  explicit Bench(const RamConfig& config) : ram("ram", config) { master.socket.bind(ram.socket); }
};

RamConfig small(bool read_only = false) {
  return {0x4000, 2.5, read_only};
}

}  // namespace

TEST_CASE("ram starts zeroed and keeps what is written, at any alignment and size") {
  Bench bench(small());
  const unsigned seed = 31;
  CAPTURE(seed);
  bench.master.run([&] {
    std::mt19937 random(seed);
    std::vector<std::uint8_t> model(0x4000), data(300);
    for (int i = 0; i < 3000; ++i) {
      const unsigned bytes = 1 + static_cast<unsigned>(random() % 300);
      const std::uint64_t address = random() % (0x4000 - bytes + 1);
      if (random() % 2 == 0) {
        for (auto& byte : data) byte = static_cast<std::uint8_t>(random());
        CHECK(bench.master.write(address, data.data(), bytes) == tlm::TLM_OK_RESPONSE);
        std::memcpy(model.data() + address, data.data(), bytes);
      } else {
        CHECK(bench.master.read(address, data.data(), bytes) == tlm::TLM_OK_RESPONSE);
        CHECK(std::memcmp(model.data() + address, data.data(), bytes) == 0);
      }
    }
  });
  CHECK(bench.ram.size() == 0x4000);
}

TEST_CASE("every ram access takes the configured latency") {
  Bench bench(small());
  bench.master.run([&] {
    std::uint8_t data[64];
    CHECK(bench.master.read(0, data, 64) == tlm::TLM_OK_RESPONSE);
    CHECK(bench.master.last_delay == sc_time(2.5, SC_NS));
    bench.master.start_delay = sc_time(7, SC_NS);
    CHECK(bench.master.write(0, data, 1) == tlm::TLM_OK_RESPONSE);
    CHECK(bench.master.last_delay == sc_time(9.5, SC_NS));
  });
}

TEST_CASE("ram answers each malformed access with its own status") {
  Bench bench(small());
  bench.master.run([&] {
    std::uint8_t data[8] = {}, enables[8] = {};
    CHECK(bench.master.read(0x4000, data, 1) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(bench.master.write(0x3FFF, data, 2) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(bench.master.read(~std::uint64_t{0}, data, 8) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(bench.master.read(0, data, 0) == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(bench.master.read(0, nullptr, 4) == tlm::TLM_GENERIC_ERROR_RESPONSE);
    tlm::tlm_generic_payload payload;
    epoch::fill_payload(payload, tlm::TLM_WRITE_COMMAND, 0, data, 8);
    payload.set_streaming_width(4);
    CHECK(bench.master.transport(payload) == tlm::TLM_BURST_ERROR_RESPONSE);
    epoch::fill_payload(payload, tlm::TLM_WRITE_COMMAND, 0, data, 8);
    payload.set_byte_enable_ptr(enables);
    payload.set_byte_enable_length(8);
    CHECK(bench.master.transport(payload) == tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    epoch::fill_payload(payload, tlm::TLM_IGNORE_COMMAND, 0, data, 8);
    CHECK(bench.master.transport(payload) == tlm::TLM_OK_RESPONSE);
  });
  Statistics all;
  bench.ram.statistics(all);
  CHECK(epoch::find_statistic(all, "ram.read_bytes") == 0);
  CHECK(epoch::find_statistic(all, "ram.write_bytes") == 0);
}

TEST_CASE("ram grants DMI to all of its bytes, and hints at it") {
  Bench bench(small());
  bench.master.run([&] {
    bench.master.write32(0x123, 0xAABBCCDD);
    CHECK(bench.master.last_dmi_allowed);
    tlm::tlm_dmi dmi;
    CHECK(bench.master.dmi(0x2000, tlm::TLM_READ_COMMAND, dmi));
    CHECK(dmi.is_read_write_allowed());
    CHECK(dmi.get_start_address() == 0);
    CHECK(dmi.get_end_address() == 0x3FFF);
    CHECK(dmi.get_read_latency() == sc_time(2.5, SC_NS));
    CHECK(dmi.get_dmi_ptr()[0x123] == 0xDD);
    dmi.get_dmi_ptr()[0x124] = 0x55;
    CHECK(bench.master.read32(0x123) == 0xAABB55DD);
    CHECK_FALSE(bench.master.dmi(0x4000, tlm::TLM_READ_COMMAND, dmi));
  });
}

TEST_CASE("a boot rom refuses bus writes and write DMI, and is filled by debug writes") {
  Bench bench(small(true));
  const std::uint32_t code = 0x00000297;
  bench.master.run([&] {
    CHECK(bench.master.debug_write(8, &code, 4) == 4);
    CHECK(bench.master.read32(8) == code);
    std::uint32_t other = 1;
    CHECK(bench.master.write(8, &other, 4) == tlm::TLM_COMMAND_ERROR_RESPONSE);
    CHECK(bench.master.write(0x4000, &other, 4) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(bench.master.debug_read32(8) == code);
    tlm::tlm_dmi dmi;
    CHECK_FALSE(bench.master.dmi(8, tlm::TLM_WRITE_COMMAND, dmi));
    CHECK(bench.master.dmi(8, tlm::TLM_READ_COMMAND, dmi));
    CHECK(dmi.is_read_allowed());
    CHECK_FALSE(dmi.is_write_allowed());
  });
}

TEST_CASE("debug transport is clipped at the end and takes no time") {
  Bench bench(small());
  bench.master.run([&] {
    std::uint8_t data[16] = {1, 2, 3, 4, 5, 6, 7, 8};
    CHECK(bench.master.debug_write(0x3FFC, data, 16) == 4);
    CHECK(bench.master.debug_read(0x3FFE, data + 8, 8) == 2);
    CHECK(data[8] == 3);
    CHECK(data[9] == 4);
    CHECK(bench.master.debug_read(0x4000, data, 1) == 0);
    CHECK(sc_core::sc_time_stamp() == sc_core::SC_ZERO_TIME);
  });
}

TEST_CASE("a watch is called after writes that touch it, and only those") {
  Bench bench(small());
  std::vector<std::uint32_t> seen;
  bench.ram.watch(0x1808, 8, [&] {
    std::uint32_t value;
    std::memcpy(&value, bench.ram.data() + 0x1808, sizeof value);
    seen.push_back(value);
  });
  bench.master.run([&] {
    bench.master.write32(0x1804, 1);  // ends just before
    bench.master.write32(0x1810, 2);  // begins just after
    bench.master.read32(0x1808);
    const std::uint32_t unseen = 3;
    CHECK(bench.master.debug_write(0x1808, &unseen, 4) == 4);
    CHECK(seen.empty());
    bench.master.write32(0x1808, 4);
    bench.master.write8(0x180F, 5);
    bench.master.write64(0x1801, 0);  // its last byte is the watch's first
  });
  CHECK(seen == std::vector<std::uint32_t>{4, 4, 0});
}

TEST_CASE("watched pages stay out of DMI on either side") {
  Bench bench(small());
  bench.ram.watch(0x1FFC, 8, [] {});  // touches pages 0x1000 and 0x2000
  bench.master.run([&] {
    tlm::tlm_dmi dmi;
    CHECK(bench.master.dmi(0x800, tlm::TLM_READ_COMMAND, dmi));
    CHECK(dmi.get_start_address() == 0);
    CHECK(dmi.get_end_address() == 0xFFF);
    CHECK_FALSE(bench.master.dmi(0x2FFF, tlm::TLM_WRITE_COMMAND, dmi));
    CHECK(dmi.get_start_address() == 0x1000);
    CHECK(dmi.get_end_address() == 0x2FFF);
    CHECK(bench.master.dmi(0x3000, tlm::TLM_READ_COMMAND, dmi));
    CHECK(dmi.get_start_address() == 0x3000);
    CHECK(dmi.get_end_address() == 0x3FFF);
    CHECK(dmi.get_dmi_ptr() == bench.ram.data() + 0x3000);
    bench.master.read32(0x1000);
    CHECK_FALSE(bench.master.last_dmi_allowed);
    bench.master.read32(0x0);
    CHECK(bench.master.last_dmi_allowed);
  });
}

TEST_CASE("watching after DMI was granted takes the grant back") {
  Bench bench(small());
  bench.master.run([&] {
    bench.ram.watch(0x0, 4, [] {});
    CHECK(bench.master.invalidations.empty());  // nobody has a grant yet
    tlm::tlm_dmi dmi;
    CHECK(bench.master.dmi(0x1000, tlm::TLM_READ_COMMAND, dmi));
    bench.ram.watch(0x2000, 4, [] {});
    CHECK(bench.master.invalidations.size() == 1);
    CHECK(bench.master.invalidations[0].first <= 0x2000);
    CHECK(bench.master.invalidations[0].last >= 0x2FFF);
  });
}

TEST_CASE("a memory without bytes and a watch outside it are refused") {
  CHECK_THROWS_AS(Ram("none", RamConfig{0, 1, false}), std::invalid_argument);
  Bench bench(small());
  CHECK_THROWS_AS(bench.ram.watch(0x3FFF, 2, [] {}), std::out_of_range);
  CHECK_THROWS_AS(bench.ram.watch(0x10, 0, [] {}), std::out_of_range);
}
