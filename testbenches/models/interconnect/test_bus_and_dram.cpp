// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <deque>

#include "common/initiator_tester.h"
#include "interconnect/lt_interconnect.h"
#include "memory/dram.h"

using epoch::Dram;
using epoch::DramConfig;
using epoch::InitiatorTester;
using epoch::InterconnectConfig;
using epoch::LtInterconnect;

namespace {

constexpr std::uint64_t base = 0x8000'0000;
constexpr unsigned burst = 256;

std::uint8_t block[burst];

// Streams bursts with `outstanding` in flight; returns the time of the last completion in ns.
double stream(unsigned width_bytes, int bursts, std::size_t outstanding) {
  InterconnectConfig config;
  config.width_bytes = width_bytes;
  LtInterconnect bus("bus", config);
  Dram dram("dram", DramConfig{});
  InitiatorTester dma("dma");
  dma.socket.bind(bus.add_initiator("dma", true));
  bus.add_target("dram", base, dram.size()).bind(dram.socket);
  dma.decoupled = true;
  std::deque<sc_core::sc_time> in_flight;
  dma.run([&] {
    for (int i = 0; i < bursts; ++i) {
      dma.start_delay = sc_core::SC_ZERO_TIME;
      if (in_flight.size() == outstanding) {
        dma.start_delay = in_flight.front();
        in_flight.pop_front();
      }
      CHECK(dma.read(base + burst * static_cast<unsigned>(i), block, burst) ==
            tlm::TLM_OK_RESPONSE);
      in_flight.push_back(dma.last_delay);
    }
  });
  return in_flight.back().to_seconds() * 1e9;
}

}  // namespace

// Bus: 500 MHz, so 4 beats of 64 bytes take 8 ns; dram: 10 ns a burst after 60 ns of latency.
TEST_CASE("a burst alone takes the bus's beats, the dram's latency and its transfer") {
  CHECK(stream(64, 1, 1) == Approx(8 + 60 + 10));
}

TEST_CASE("a wide bus leaves the dram's bandwidth to a streaming master") {
  CHECK(stream(64, 1000, 16) == Approx(8 + 60 + 1000 * 10.0));
}

TEST_CASE("a narrow bus limits a streaming master to its own bandwidth") {
  CHECK(stream(32, 1000, 16) == Approx(1000 * 16.0 + 60 + 10));
}

TEST_CASE("one burst at a time is limited by latency") {
  CHECK(stream(64, 100, 1) == Approx(100 * 78.0));
}
