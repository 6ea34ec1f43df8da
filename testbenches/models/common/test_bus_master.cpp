// SPDX-License-Identifier: Apache-2.0
#include <tlm_utils/simple_initiator_socket.h>

#include <catch2/catch.hpp>

#include "common/bus_master.h"
#include "common/sim_time.h"
#include "common/target_tester.h"

using namespace epoch;

namespace {

// A module with a BusMaster and a body in its thread.
class Master : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<Master> socket;
  BusMaster bus;
  std::function<void()> body;
  bool ended = false;

  Master(const sc_core::sc_module_name& module_name, Transport transport)
      : sc_module(module_name), socket("socket"), bus(socket, transport) {
    SC_HAS_PROCESS(Master);
    socket.register_nb_transport_bw(this, &Master::nb_transport_bw);
    SC_THREAD(run);
  }

 private:
  void run() {
    body();
    ended = true;
  }
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) {
    return bus.at().nb_transport_bw(payload, phase, delay);
  }
};

}  // namespace

TEST_CASE("a bus master moves the same data in either transport, and waits in at") {
  Master lt("lt", Transport::lt), at("at", Transport::at);
  TargetTester lt_memory("lt_memory", 256), at_memory("at_memory", 256);
  lt.socket.bind(lt_memory.socket);
  at.socket.bind(at_memory.socket);
  const auto bodies = [](Master& master, TargetTester& memory) {
    master.body = [&] {
      std::uint64_t expected_ps = 0;
      for (const unsigned latency_ns : {50u, 0u, 7u, 0u}) {
        memory.latency = sc_core::sc_time(latency_ns, sc_core::SC_NS);
        std::uint32_t word = 0x01020304 + latency_ns, back = 0;
        BusMaster::Answer answer = master.bus.access(tlm::TLM_WRITE_COMMAND, 8, &word, 4);
        CHECK(answer.ok);
        CHECK(answer.done_ps ==
              now_ps() +
                  (master.bus.transport() == Transport::lt ? std::uint64_t{latency_ns} * 1000 : 0));
        answer = master.bus.access(tlm::TLM_READ_COMMAND, 8, &back, 4);
        CHECK(back == word);
        expected_ps += 2 * std::uint64_t{latency_ns} * 1000;
        if (master.bus.transport() == Transport::at) CHECK(now_ps() == expected_ps);
      }
      std::uint8_t byte = 0;
      memory.response = tlm::TLM_GENERIC_ERROR_RESPONSE;
      CHECK_FALSE(master.bus.access(tlm::TLM_READ_COMMAND, 0, &byte, 1).ok);
    };
  };
  bodies(lt, lt_memory);
  bodies(at, at_memory);
  sc_core::sc_start();
  CHECK(lt.ended);
  CHECK(at.ended);
  CHECK(at.bus.at().totals().answered == 9);
  CHECK(at.bus.at().totals().read_bytes == 16);
  CHECK(at.bus.at().totals().write_bytes == 16);
}
