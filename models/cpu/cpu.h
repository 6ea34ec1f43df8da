// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <systemc>
#include <tlm>

#include "common/bus_master.h"
#include "common/log.h"
#include "common/statistics.h"
#include "common/trace.h"
#include "cpu/config.h"
#include "cpu/hart.h"
#include "cpu/interrupt_inputs.h"
#include "cpu/interrupt_latency.h"
#include "cpu/sleep_time.h"

namespace epoch {

// A hart in time and on the bus: a thread that runs the hart ahead of the kernel by up to a quantum
// and waits for the kernel to follow.
class Cpu : public sc_core::sc_module, private HartBus, private HartObserver {
 public:
  tlm_utils::simple_initiator_socket<Cpu> bus;
  sc_core::sc_in<bool> software_interrupt;
  sc_core::sc_in<bool> timer_interrupt;
  sc_core::sc_in<bool> external_interrupt;

  Cpu(const sc_core::sc_module_name& name, const CpuConfig& config);

  // Called in the hart's thread when a trap finds mtvec's base zero; the hart then stands still.
  std::function<void(const TrapInfo&)> on_unhandled_trap;

  // Signals pc (at the start of a block), sleeping, and the three interrupt inputs. Before the
  // simulation starts.
  void attach_trace(TraceSink& sink);
  void attach_log(LogSink& sink) { log_.attach(sink, name()); }
  // Shows it every instruction and interrupt, in the hart's thread; slows the simulation down and
  // changes nothing else. Before the simulation starts.
  void observe_instructions(InstructionObserver& observer) { hart_.observe_instructions(observer); }
  std::uint64_t period_ps() const { return period_ps_; }
  void statistics(Statistics& out) const;
  // Tells every access of the hart to memory, which makes it slow. Before the simulation starts.
  void observe_memory(MemoryObserver& observer) { hart_.observe_memory(observer); }
  const Hart& hart() const { return hart_; }
  const AtMaster& at_master() const { return master_.at(); }
  // How far the hart has got: ahead of the kernel by up to a quantum, behind it while asleep.
  std::uint64_t local_ps() const { return hart_.cycles() * period_ps_; }
  bool sleeping() const { return sleep_.asleep(); }

  // From here on a debugger can stop the hart. Before the simulation starts.
  HartDebugger& attach_debugger();
  // A debugger's look at the bus: takes no time and has no side effects. Returns the bytes moved;
  // registers of devices cannot be written.
  unsigned debug_transport(tlm::tlm_command command, std::uint64_t address, std::uint8_t* data,
                           unsigned bytes);
  // The interrupt inputs as they stand, as bits of mip.
  std::uint32_t interrupt_levels() const { return inputs_.levels(); }
  // A debugger has moved the pc: ends a sleep in WFI without an interrupt, or keeps one from
  // beginning.
  void wake();
  // Memory was written behind the hart's back (by a debugger): decode it anew.
  void forget_code(std::uint32_t first, std::uint32_t last) { hart_.forget_code(first, last); }

 private:
  void execute();
  void sleep();
  void trace_interrupts();
  void note_latency();

  // Lets simulated time catch up with the hart's.
  void synchronise();
  std::uint64_t first_cycle_at(std::uint64_t ps) const { return cycles_up_to(ps, period_ps_); }
  BusReply transport(tlm::tlm_command command, std::uint32_t address, std::uint8_t* data,
                     unsigned bytes);
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  void invalidate_direct(sc_dt::uint64 first, sc_dt::uint64 last);
  bool direct_memory(tlm::tlm_command command, std::uint32_t address, tlm::tlm_dmi& dmi);

  BusReply read(std::uint32_t address, std::uint8_t* data, unsigned bytes) override;
  BusReply write(std::uint32_t address, const std::uint8_t* data, unsigned bytes) override;
  BusReply fetch(std::uint32_t address, std::uint8_t* data) override;
  BusReply transfer_line(std::uint32_t address, unsigned bytes, bool write) override;
  std::optional<DirectRegion> direct_region(std::uint32_t address, bool write) override;
  std::uint64_t time() override;
  std::uint32_t interrupts() override;
  void on_jump(std::uint64_t cycle, std::uint32_t pc) override;

  std::uint64_t period_ps_;
  std::uint64_t quantum_cycles_;
  bool grants_direct_;  // at: what is direct is cached, and takes its time as lines
  std::uint64_t timebase_hz_;
  Hart hart_;
  BusMaster master_;
  InterruptInputs inputs_;
  SleepTime sleep_;
  InterruptLatency latency_;
  std::unique_ptr<HartDebugger> debugger_;
  sc_core::sc_event woken_;
  bool wake_ = false;

  TracePoint pc_trace_;
  TracePoint sleeping_trace_;
  LogPoint log_;
};

}  // namespace epoch
