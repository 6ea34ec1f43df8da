// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <systemc>

#include "common/statistics.h"
#include "common/trace.h"
#include "memory/config.h"
#include "memory/data_bus.h"
#include "memory/dram_controller/dram_estimate.h"
#include "memory/storage.h"

namespace epoch {

// Main memory. Device `ideal`: a fixed latency and one data bus shared by reads and writes.
// Requests whose BusInfo says `reserves` queue for the data bus:
//   start = max(arrival, bus free), bus free = start + bytes / bandwidth,
//   completion = start + latency + bytes / bandwidth.
// Others complete at arrival + latency + bytes / bandwidth and occupy nothing.
// A real device: reserving requests complete as DramEstimate says; others take its unloaded
// time.
class Dram : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Dram> socket;

  Dram(const sc_core::sc_module_name& name, const DramConfig& config);

  std::uint8_t* data() { return storage_.data(); }
  std::uint64_t size() const { return storage_.size(); }

  // As Ram::watch.
  void watch(std::uint64_t address, std::uint64_t bytes, std::function<void()> callback);

  void attach_trace(TraceSink& sink);
  void statistics(Statistics& out) const;

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);

  std::uint64_t completion_ps(const tlm::tlm_generic_payload& payload, std::uint64_t arrival);
  std::uint64_t unloaded_ps(std::uint64_t bytes, bool write) const;
  void device_statistics(Statistics& out) const;
  void count(const tlm::tlm_generic_payload& payload, std::uint64_t latency);

  Storage storage_;
  const std::uint64_t latency_ps_;
  DataBus data_bus_;
  std::unique_ptr<DramEstimate> device_;  // none: ideal
  bool dmi_granted_ = false;
  std::uint64_t requests_ = 0, read_bytes_ = 0, write_bytes_ = 0, reserved_bytes_ = 0;
  std::uint64_t total_latency_ps_ = 0;
  TracePoint busy_;
};

}  // namespace epoch
