// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <systemc>
#include <vector>

#include "common/at_master.h"
#include "common/log.h"
#include "common/statistics.h"
#include "common/time_series.h"
#include "common/trace.h"
#include "common/transport.h"
#include "epochcore/burst_walker.h"
#include "epochcore/counters.h"
#include "epochcore/engine.h"
#include "epochcore/tile_port.h"

namespace epoch {

struct DmaConfig {
  Transport transport = Transport::lt;
  unsigned engine = EPOCH_ENGINE_DMA_IN;  // or EPOCH_ENGINE_DMA_OUT
  std::uint64_t period_ps = 1000;
  unsigned burst_bytes = 256;
  unsigned outstanding = 8;
};

// A DMA engine: LOAD and GATHER (dma_in) from the bus to a buffer, STORE (dma_out) from a buffer to
// the bus.
// One burst may be issued a cycle, `outstanding` may be in flight; answers may come in any order
// and are taken in the order of the bursts.
class Dma : public sc_core::sc_module, public Engine, private AtMaster::Client {
 public:
  TilePort local;

  // Both directions share the device's socket, and in at its master: of two bursts of one time
  // LOAD's goes first.
  Dma(const sc_core::sc_module_name& module_name, const DmaConfig& config,
      tlm::tlm_initiator_socket<>& bus, AtMaster& at, EngineClient& client, Counters& counters);

  std::uint64_t earliest_start(const Command& command) const override;
  void start(const Command& command) override;
  void cancel() override;
  bool busy() const override { return busy_; }

  void attach_trace(TraceSink& sink, const std::string& scope);
  void attach_log(LogSink& sink, const std::string& scope);  // in scope.dma_in, scope.dma_out
  void record_series(const std::string& prefix, SeriesSet& set);
  void statistics(const std::string& prefix, Statistics& out) const;

 private:
  struct InFlight {
    Burst burst;
    std::uint64_t sent_ps;  // onto the bus
    std::uint64_t done_ps;  // unanswered: not known yet
    bool ok;
    std::uint8_t* data;
  };
  static constexpr std::uint64_t unanswered = ~std::uint64_t{0};

  void run();
  void transfer();
  bool read_indices(std::vector<std::uint32_t>& indices);
  std::uint8_t* next_staging();
  void issue(const Burst& burst);
  void issue_lt(const Burst& burst);
  void issue_at(const Burst& burst);
  void answered(AtMaster::Transaction& transaction, std::uint64_t done_ps) override;
  void collect();
  void log_answer(const InFlight& done) const;
  void wait_until(std::uint64_t time_ps);
  void take_turn();
  bool reads_bus() const { return config_.engine == EPOCH_ENGINE_DMA_IN; }

  tlm::tlm_command bus_command() const {
    return reads_bus() ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND;
  }

  const DmaConfig config_;
  tlm::tlm_initiator_socket<>& bus_;
  AtMaster& at_;
  EngineClient& client_;
  Counters& counters_;

  sc_core::sc_event start_event_;
  DmaWork work_;
  std::uint32_t sequence_ = 0;
  bool busy_ = false;
  bool cancelled_ = false;  // discard responses, publish nothing
  bool failed_ = false;

  tlm::tlm_generic_payload payload_;  // of lt
  sc_core::sc_event answered_;        // at: the oldest burst is
  std::deque<InFlight> in_flight_;
  std::uint64_t first_number_ = 0;     // of the oldest burst in flight, counted over all
  std::vector<std::uint8_t> staging_;  // one burst's room for each in flight
  unsigned next_slot_ = 0;
  std::uint64_t next_issue_ps_ = 0;
  std::uint64_t local_done_ps_ = 0;
  std::uint64_t turn_ps_ = ~std::uint64_t{0};  // when it last let the other direction issue first

  std::uint64_t bursts_ = 0;
  std::uint64_t bytes_ = 0;
  TracePoint trace_bursts_;
  TracePoint trace_address_;
  LogPoint log_;
  TimeSeries* outstanding_ = nullptr;
};

}  // namespace epoch
