// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "common/statistics.h"
#include "common/time_series.h"
#include "common/trace.h"
#include "config/scenario.h"
#include "cpu/cpu.h"
#include "cpu/native_cpu.h"
#include "epochcore/epochcore.h"
#include "interconnect/at_interconnect.h"
#include "interconnect/protocol_checker.h"
#include "memory/dram.h"
#include "memory/ram.h"
#include "peripherals/clint.h"
#include "peripherals/plic.h"
#include "peripherals/simctl.h"
#include "peripherals/uart.h"

namespace epoch {

// One platform, wired:
//
//   cpu ----------------+                 +-- boot_rom, sram, dram
//   epochcore.dma ------+-- interconnect --+-- clint, plic, uart, simctl
//   epochcore.commands -+                 +-- epochcore.csr, scratchpad window
//
// with as many epochcores as the scenario asks for.
//
// The modules stand at the top level of the hierarchy, so names, statistics and scopes of a
// waveform begin with the block.
class Soc {
 public:
  // The order in which modules are made is the kernel's order of their processes at one time; it
  // changes nothing that anybody sees, and a test that reverses it shows that.
  enum class Elaboration { forward, reverse };

  explicit Soc(const ScenarioConfig& config, Elaboration order = Elaboration::forward);

  void attach_trace(TraceSink& sink);
  void attach_log(LogSink& sink);
  void record_series(SeriesSet& set);
  Statistics statistics() const;
  // Transport at: empty if no transaction is lost and the bytes of initiators, interconnect and
  // memories agree; else what does not, with both figures.
  std::string conservation() const;
  // Of whichever processor there is.
  bool sleeping() const { return cpu ? cpu->sleeping() : native_cpu->sleeping(); }
  std::uint64_t instructions() const { return cpu ? cpu->hart().instructions() : 0; }
  // Levels of the hart's inputs: external, timer, software.
  std::array<bool, 3> interrupt_inputs() const;

  std::unique_ptr<Cpu> cpu;               // one of the two: cpu.kind = rv32,
  std::unique_ptr<NativeCpu> native_cpu;  // or native; both are "cpu" by name
  std::unique_ptr<Interconnect> interconnect;
  std::unique_ptr<Ram> boot_rom;
  std::unique_ptr<Ram> sram;
  std::unique_ptr<Dram> dram;
  std::unique_ptr<Clint> clint;
  std::unique_ptr<Plic> plic;
  std::unique_ptr<Uart> uart;
  std::unique_ptr<SimCtl> simctl;
  std::vector<std::unique_ptr<EpochCore>> epochcores;  // named by epochcore_name()

 private:
  void make_modules(const ScenarioConfig& config, Elaboration order);
  void make_interconnect(const ScenarioConfig& config);
  void bind_bus(const ScenarioConfig& config);
  void bind_interrupts();
  template <typename Processor>
  void bind_processor(const ScenarioConfig& config, Processor& processor);
  void bind_targets(const ScenarioConfig& config);
  // An initiator's socket to the interconnect's next port, or that to a target, with a checker
  // between them if the scenario asks for it.
  template <typename Socket>
  void add_initiator(const ScenarioConfig& config, const std::string& name, Socket& socket,
                     bool reserves, const Share& share, const AtMaster& master);
  template <typename From, typename To>
  void connect(bool checked, const std::string& name, From& from, To& to);
  std::string lost(std::size_t initiator) const;

  AtInterconnect* at_interconnect_ = nullptr;  // the interconnect, in transport at
  struct Master {
    std::string name;
    const AtMaster* at;
  };
  std::vector<Master> masters_;                             // by initiator number
  std::vector<std::unique_ptr<ProtocolChecker>> checkers_;  // of initiators, then of targets
  sc_core::sc_signal<bool> software_interrupt_, timer_interrupt_, external_interrupt_;
  sc_core::sc_signal<bool> uart_irq_;
  sc_core::sc_vector<sc_core::sc_signal<bool>> epochcore_irqs_;
};

}  // namespace epoch
