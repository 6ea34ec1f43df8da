// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <systemc>

#include "common/log.h"
#include "common/statistics.h"
#include "common/time_series.h"
#include "common/trace.h"
#include "epochcore/command_processor.h"
#include "epochcore/config.h"
#include "epochcore/counters.h"
#include "epochcore/csr.h"
#include "epochcore/dma.h"
#include "epochcore/pe_grid.h"
#include "epochcore/scratchpad.h"
#include "epochcore/vector_unit.h"

namespace epoch {

// The EpochCore device: registers, command processor, four engines, three buffers.
class EpochCore : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<EpochCore> csr;          // registers, 4 KiB
  tlm_utils::simple_target_socket<EpochCore> debug;        // buffer n at n * 0x0040'0000
  tlm_utils::simple_initiator_socket<EpochCore> dma;       // bus master of LOAD and STORE
  tlm_utils::simple_initiator_socket<EpochCore> commands;  // bus master of descriptor fetch
  sc_core::sc_out<bool> irq;                               // level

  // Throws std::invalid_argument for a configuration that hardware could not have.
  EpochCore(const sc_core::sc_module_name& module_name, const EpochCoreConfig& config);

  const EpochCoreConfig& config() const { return config_; }
  std::uint64_t period_ps() const { return period_ps_; }
  const RegisterBank& registers() const { return registers_.bank(); }
  std::vector<CommandView> pending() const { return processor_.pending(); }
  void on_command(std::function<void(std::uint64_t time_ps, const CommandView&)> function) {
    processor_.on_command = std::move(function);
  }

  // Who sends over dma and over commands in at.
  const AtMaster& dma_master() const { return dma_master_; }
  const AtMaster& command_master() const { return processor_.at_master(); }

  void observe_ring(RingObserver& observer) { processor_.ring_observers.push_back(&observer); }

  // Signals in scope name() and below.
  void attach_trace(TraceSink& sink);
  void attach_log(LogSink& sink);
  void record_series(SeriesSet& set);
  void statistics(Statistics& out) const;

 private:
  void csr_access(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned csr_debug(tlm::tlm_generic_payload& payload);
  void debug_access(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned debug_debug(tlm::tlm_generic_payload& payload);
  tlm::tlm_sync_enum dma_backward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                  sc_core::sc_time& delay);
  tlm::tlm_sync_enum commands_backward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
  Scratchpad* window_buffer(tlm::tlm_generic_payload& payload);
  void drive_irq();
  void connect();

  const EpochCoreConfig config_;
  const std::uint64_t period_ps_;
  Csr registers_;
  Counters counters_;
  std::array<std::unique_ptr<Scratchpad>, EPOCH_BUFFERS> buffers_;
  AtMaster dma_master_;
  CommandProcessor processor_;
  Dma dma_in_;
  Dma dma_out_;
  PeGrid pe_grid_;
  VectorUnit vector_unit_;

  sc_core::sc_event irq_event_;
  TracePoint trace_irq_;
  LogPoint log_irq_;
};

}  // namespace epoch
