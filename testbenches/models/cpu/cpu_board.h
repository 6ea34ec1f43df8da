// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "common/target_tester.h"
#include "cpu/cpu.h"

namespace epoch {

// The smallest machine: a Cpu, 64 KiB of memory at address 0 that grants direct access, a device of
// 4 KiB at 0x1000_0000 that does not, an address error elsewhere, and the three interrupt lines.
// Nothing else happens in it than what a test does. A program ends by a trap without handler.
class CpuBoard : public sc_core::sc_module {
 public:
  static constexpr std::uint32_t kMemoryBytes = 0x10000, kDevice = 0x10000000;

  CpuBoard(const sc_core::sc_module_name& name, const CpuConfig& config);

  void load(std::uint32_t address, const std::vector<std::uint32_t>& words);
  void load_file(const std::string& path);
  std::uint32_t word(std::uint32_t address) const;
  // Simulates until the program has ended; throws std::runtime_error if it never does.
  void run_to_end();

  TargetTester memory;
  TargetTester device;
  sc_core::sc_signal<bool> software, timer, external;
  Cpu cpu;
  bool ended = false;
  TrapInfo trap;  // that ended the program
  sc_core::sc_time end_time;

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  void invalidate(sc_dt::uint64 first, sc_dt::uint64 last);

  tlm_utils::simple_target_socket<CpuBoard> from_cpu_;
  tlm_utils::simple_initiator_socket<CpuBoard> to_memory_;
  tlm_utils::simple_initiator_socket<CpuBoard> to_device_;
};

}  // namespace epoch
