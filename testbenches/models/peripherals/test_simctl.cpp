// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <vector>

#include "common/initiator_tester.h"
#include "peripherals/simctl.h"

using epoch::InitiatorTester;
using epoch::SimCtl;

namespace {

constexpr std::uint64_t exit_code = 0x00, trap = 0x04, time_low = 0x08, time_high = 0x0C;

struct Bench {
  SimCtl simctl{"simctl"};
  InitiatorTester master{"master"};
  std::vector<std::uint32_t> exits, traps;

  Bench() {
    master.socket.bind(simctl.socket);
    simctl.on_exit = [this](std::uint32_t code) { exits.push_back(code); };
    simctl.on_trap = [this](std::uint32_t cause) { traps.push_back(cause); };
  }
};

}  // namespace

TEST_CASE("exit codes and trap causes are handed on as written") {
  Bench bench;
  bench.master.run([&] {
    bench.master.write32(exit_code, 0);
    bench.master.write32(exit_code, 0x80000001);
    bench.master.write32(trap, 0x8000000B);
    CHECK(bench.master.read32(exit_code) == 0x80000001);
    CHECK(bench.master.read32(trap) == 0x8000000B);
  });
  CHECK(bench.exits == std::vector<std::uint32_t>{0, 0x80000001});
  CHECK(bench.traps == std::vector<std::uint32_t>{0x8000000B});
}

TEST_CASE("simulated time is read in nanoseconds, its high word latched by the low one") {
  Bench bench;
  bench.master.run([&] {
    CHECK(bench.master.read32(time_low) == 0);
    sc_core::wait(4'294'967'295.0, sc_core::SC_NS);  // 2^32 - 1 ns
    CHECK(bench.master.read32(time_low) == 0xFFFFFFFF);
    sc_core::wait(2, sc_core::SC_NS);
    CHECK(bench.master.read32(time_high) == 0);
    CHECK(bench.master.read32(time_low) == 1);
    CHECK(bench.master.read32(time_high) == 1);
  });
}

TEST_CASE("simulated time includes the delay of a decoupled access") {
  Bench bench;
  bench.master.run([&] {
    bench.master.decoupled = true;
    bench.master.start_delay = sc_core::sc_time(1234, sc_core::SC_NS);
    CHECK(bench.master.read32(time_low) == 1234);
  });
}

TEST_CASE("time cannot be written, and debug writes do not end the simulation") {
  Bench bench;
  bench.master.run([&] {
    bench.master.write32(time_low, 99);
    CHECK(bench.master.read32(time_low) == 0);
    const std::uint32_t code = 1;
    CHECK(bench.master.debug_write(exit_code, &code, 4) == 0);
    std::uint32_t word = 0;
    CHECK(bench.master.write(exit_code, &word, 1) == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(bench.master.read(0xFFF, &word, 4) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
  });
  CHECK(bench.exits.empty());
}
