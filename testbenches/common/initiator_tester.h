// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <functional>
#include <systemc>
#include <tlm>
#include <vector>

namespace epoch {

// A bus master under a test's control, the other end of any target socket:
//
//   Ram ram("ram", {});
//   InitiatorTester master("master");
//   master.socket.bind(ram.socket);
//   master.run([&] {
//     master.write32(0x10, 7);                                   // CHECKs the response
//     CHECK(master.read(0x10, &byte, 1) == tlm::TLM_OK_RESPONSE);
//   });
//
// Bodies run in SystemC threads: use CHECK in them, not REQUIRE. Accesses block until their
// annotated delay has passed, so sc_time_stamp() is then the time of completion; with
// `decoupled` they return at once and `last_delay` says how long they took.
class InitiatorTester : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<InitiatorTester> socket;

  explicit InitiatorTester(const sc_core::sc_module_name& name);

  // Starts a thread that runs the body; it begins when simulation (next) runs.
  void spawn(std::function<void()> body);
  // Spawns the body and simulates until it has ended; throws std::runtime_error if it never does.
  // May be called several times.
  void run(std::function<void()> body);

  // b_transport from a body.
  tlm::tlm_response_status read(std::uint64_t address, void* data, unsigned bytes);
  tlm::tlm_response_status write(std::uint64_t address, const void* data, unsigned bytes);
  // As above with a payload of the caller's, for what a well-behaved master never sends.
  tlm::tlm_response_status transport(tlm::tlm_generic_payload& payload);

  // One register or memory access of a fixed size that must be answered OK (a CHECK).
  std::uint8_t read8(std::uint64_t address);
  std::uint32_t read32(std::uint64_t address);
  std::uint64_t read64(std::uint64_t address);
  void write8(std::uint64_t address, std::uint8_t value);
  void write32(std::uint64_t address, std::uint32_t value);
  void write64(std::uint64_t address, std::uint64_t value);

  // Debug transport and DMI, from anywhere after elaboration. Debug returns the bytes moved.
  unsigned debug_read(std::uint64_t address, void* data, unsigned bytes);
  unsigned debug_write(std::uint64_t address, const void* data, unsigned bytes);
  std::uint32_t debug_read32(std::uint64_t address);
  bool dmi(std::uint64_t address, tlm::tlm_command command, tlm::tlm_dmi& result);

  bool decoupled = false;
  sc_core::sc_time start_delay;   // annotated when an access starts
  sc_core::sc_time last_delay;    // annotated when the last access returned
  bool last_dmi_allowed = false;  // DMI hint of the last access

  struct Range {
    std::uint64_t first, last;
  };
  std::vector<Range> invalidations;  // invalidate_direct_mem_ptr calls received

 private:
  template <typename T>
  T read_value(std::uint64_t address);
  template <typename T>
  void write_value(std::uint64_t address, T value);
  void invalidate(sc_dt::uint64 first, sc_dt::uint64 last);
};

// A payload as a well-behaved master sends it, to be bent by the test.
void fill_payload(tlm::tlm_generic_payload& payload, tlm::tlm_command command,
                  std::uint64_t address, void* data, unsigned bytes);

}  // namespace epoch
