// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <systemc>
#include <vector>

#include "common/statistics.h"
#include "common/time_series.h"
#include "common/trace.h"
#include "memory/config.h"
#include "memory/data_bus.h"
#include "memory/dram_controller/controller.h"
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
//
// Its socket takes both transports. In at every access queues, a real device's in DramController;
// arrival is when it is accepted: while the queue is full, END_REQ waits. Bytes move on acceptance.
class Dram : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Dram> socket;

  Dram(const sc_core::sc_module_name& name, const DramConfig& config);

  std::uint8_t* data() { return storage_.data(); }
  std::uint64_t size() const { return storage_.size(); }

  // As Ram::watch.
  void watch(std::uint64_t address, std::uint64_t bytes, std::function<void()> callback);

  void attach_trace(TraceSink& sink);
  // Bandwidth, at the time at which a request completes; requests between arrival and completion.
  void record_series(SeriesSet& set);
  void statistics(Statistics& out) const;

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);

  std::uint64_t completion_ps(const tlm::tlm_generic_payload& payload, std::uint64_t arrival);
  std::uint64_t unloaded_ps(std::uint64_t bytes, bool write) const;
  std::uint64_t error_ps() const;
  void device_statistics(Statistics& out) const;
  std::uint64_t queued_completion_ps(std::uint64_t bytes, std::uint64_t arrival);
  void count(const tlm::tlm_generic_payload& payload, std::uint64_t arrival_ps,
             std::uint64_t done_ps);
  // Not inlined: count() is hot, and few ask for series.
  [[gnu::noinline]] void record(const tlm::tlm_generic_payload& payload, std::uint64_t arrival_ps,
                                std::uint64_t done_ps);

  // Transport at (dram_at.cpp).
  struct Access {
    tlm::tlm_generic_payload* payload;
    std::uint64_t arrival_ps;
    std::uint64_t done_ps;
  };
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  bool full(const tlm::tlm_generic_payload& payload) const;
  void accept(tlm::tlm_generic_payload& payload, std::uint64_t arrival_ps);
  void accept_refused();
  void step();
  void respond();
  void end_response(const Access& access, std::uint64_t at_ps);
  void enqueue(const Access& access);
  void complete(std::uint64_t until_ps);
  void enqueue_ideal(const Access& access);
  void enqueue_device(const Access& access);
  void complete_ideal(std::uint64_t until_ps);
  void complete_device(std::uint64_t until_ps);
  void wait_for_controller();

  Storage storage_;
  const std::uint64_t latency_ps_;
  DataBus data_bus_;
  std::unique_ptr<DramEstimate> device_;  // none: ideal
  bool dmi_granted_ = false;
  std::uint64_t requests_ = 0, read_bytes_ = 0, write_bytes_ = 0, reserved_bytes_ = 0;
  std::uint64_t total_latency_ps_ = 0;
  TracePoint busy_;

  const DramConfig config_;
  std::deque<Access> queued_;     // ideal: accepted, in the order of completion
  std::deque<Access> completed_;  // wait for the response channel; the first may be on it
  std::unique_ptr<DramController> controller_;  // a real device's, from the first access in at on
  std::vector<Access> at_controller_;           // by the controller's id
  std::vector<std::size_t> free_ids_;
  unsigned outstanding_ = 0;  // accepted without an answer
  bool responding_ = false;   // BEGIN_RESP without END_RESP
  std::uint64_t response_free_ps_ = 0;
  tlm::tlm_generic_payload* refused_ = nullptr;  // BEGIN_REQ without END_REQ
  std::uint64_t refused_ps_ = 0;                 // its arrival
  sc_core::sc_event step_event_;
  DirectedSeries bandwidth_, queue_depth_;
};

}  // namespace epoch
