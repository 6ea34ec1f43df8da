// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <systemc>
#include <tlm>
#include <vector>

#include "common/bus_master.h"
#include "common/statistics.h"
#include "common/trace.h"
#include "cpu/config.h"
#include "cpu/interrupt_inputs.h"
#include "cpu/sleep_time.h"

namespace epoch {

// A processor whose program is host code, run in its thread: the program calls back for everything
// that touches the platform, and only then does time pass. Ports, statistics and signals are those
// of Cpu as far as there is something to say.
class NativeCpu : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<NativeCpu> bus;
  sc_core::sc_in<bool> software_interrupt;
  sc_core::sc_in<bool> timer_interrupt;
  sc_core::sc_in<bool> external_interrupt;

  NativeCpu(const sc_core::sc_module_name& name, const CpuConfig& config);

  // Runs in this module's thread from time 0 on. Set before the simulation starts.
  std::function<void(NativeCpu&)> program;

  // ---- For the program, in its thread ----

  // One transaction. It takes one clock cycle, or as long as the target says, up to a clock edge.
  // False: a bus error.
  bool read(std::uint64_t address, void* data, unsigned bytes);
  bool write(std::uint64_t address, const void* data, unsigned bytes);
  // Levels of the three inputs, as bits of mip.
  std::uint32_t interrupts() const { return inputs_.levels(); }
  // Until one of the inputs in `enabled` is up.
  void sleep(std::uint32_t enabled);
  void spin(std::uint64_t cycles);
  // Memory at a bus address, by direct access; nullptr if it does not grant all of it. A grant
  // cannot be taken back: the program keeps the pointer.
  void* pointer(std::uint64_t address, std::uint64_t bytes);
  // Bus address of what pointer() gave; throws std::invalid_argument for anything else.
  std::uint64_t address(const void* pointer) const;

  // ---- For the platform ----

  void attach_trace(TraceSink& sink);
  void statistics(Statistics& out) const;
  bool sleeping() const { return sleep_.asleep(); }
  const AtMaster& at_master() const { return master_.at(); }
  std::uint64_t bus_accesses() const { return bus_accesses_; }
  // The latest access that the bus refused.
  struct Fault {
    std::uint64_t address = 0;
    bool is_write = false;
  };
  const std::optional<Fault>& last_fault() const { return last_fault_; }

 private:
  struct Window {
    std::uint64_t first, last;
    std::uint8_t* host;
  };

  void execute();
  void trace_interrupts();
  std::uint64_t edge_after(std::uint64_t ps) const {
    return cycles_up_to(ps, period_ps_) * period_ps_;
  }
  bool transport(tlm::tlm_command command, std::uint64_t address, void* data, unsigned bytes);
  const Window* window(std::uint64_t address, std::uint64_t bytes) const;
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  void invalidate_direct(sc_dt::uint64 first, sc_dt::uint64 last);

  std::uint64_t period_ps_;
  InterruptInputs inputs_;
  BusMaster master_;
  std::vector<Window> windows_;
  std::optional<Fault> last_fault_;
  std::uint64_t bus_accesses_ = 0;
  SleepTime sleep_;
  TracePoint sleeping_trace_;
};

}  // namespace epoch
