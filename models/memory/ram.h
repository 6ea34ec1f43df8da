// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <functional>
#include <systemc>

#include "common/statistics.h"
#include "memory/config.h"
#include "memory/storage.h"

namespace epoch {

// On-chip memory: every access takes the same latency; bandwidth is the bus's.
class Ram : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Ram> socket;

  Ram(const sc_core::sc_module_name& name, const RamConfig& config);

  std::uint8_t* data() { return storage_.data(); }
  std::uint64_t size() const { return storage_.size(); }

  // Calls back after each bus write that touches the range; the 4 KiB pages around it stay out of
  // DMI, so a decoupled hart's writes are seen (tohost).
  void watch(std::uint64_t address, std::uint64_t bytes, std::function<void()> callback);

  void statistics(Statistics& out) const;

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);

  Storage storage_;
  const sc_core::sc_time latency_;
  bool dmi_granted_ = false;
  std::uint64_t read_bytes_ = 0, write_bytes_ = 0;
};

}  // namespace epoch
