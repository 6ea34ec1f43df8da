// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <functional>
#include <map>
#include <systemc>
#include <tlm>
#include <vector>

namespace epoch {

// A device under a test's control, the other end of any initiator socket: a memory whose latency
// and response the test sets, and which keeps a log of what reached it.
//
//   TargetTester memory("memory", 4096);
//   dma.socket.bind(memory.socket);
//   memory.latency = sc_core::sc_time(50, sc_core::SC_NS);
//   memory.response = tlm::TLM_GENERIC_ERROR_RESPONSE;    // from now on every access fails
//
// Its socket takes both transports. In at it accepts each request at once and answers each after
// its latency, so answers may overtake each other; sc_max_time(): never.
class TargetTester : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<TargetTester> socket;

  TargetTester(const sc_core::sc_module_name& name, std::size_t bytes);

  sc_core::sc_time latency;                                      // added to every delay
  tlm::tlm_response_status response = tlm::TLM_OK_RESPONSE;      // else: no bytes move
  bool grants_dmi = false;                                       // to the whole memory
  std::function<void(tlm::tlm_generic_payload&)> before_access;  // may change the members above
  std::vector<std::uint8_t> memory;

  struct Access {
    tlm::tlm_command command;
    std::uint64_t address;
    unsigned length;
    sc_core::sc_time arrival;  // kernel time plus the delay annotated on arrival
    bool has_bus_info;
    unsigned initiator;  // of the BusInfo
    bool reserves;
  };
  std::vector<Access> log;  // of transactions; an access outside the memory is an address error

  void invalidate_dmi(std::uint64_t first, std::uint64_t last);

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  void respond();
  bool move(tlm::tlm_generic_payload& payload);

  std::multimap<sc_core::sc_time, tlm::tlm_generic_payload*> answers_;  // by when they are due
  bool responding_ = false;                                             // BEGIN_RESP, no END_RESP
  sc_core::sc_event respond_event_;
};

}  // namespace epoch
