// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "common/statistics.h"
#include "common/trace.h"
#include "config/scenario.h"
#include "cpu/cpu.h"
#include "epochcore/epochcore.h"
#include "interconnect/interconnect.h"
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
  explicit Soc(const ScenarioConfig& config);

  void attach_trace(TraceSink& sink);
  Statistics statistics() const;

  Cpu cpu;
  Interconnect interconnect;
  Ram boot_rom;
  Ram sram;
  Dram dram;
  Clint clint;
  Plic plic;
  Uart uart;
  SimCtl simctl;
  std::vector<std::unique_ptr<EpochCore>> epochcores;  // named by epochcore_name()

 private:
  void bind_bus(const ScenarioConfig& config);
  void bind_interrupts();

  sc_core::sc_signal<bool> software_interrupt_, timer_interrupt_, external_interrupt_;
  sc_core::sc_signal<bool> uart_irq_;
  sc_core::sc_vector<sc_core::sc_signal<bool>> epochcore_irqs_;
};

}  // namespace epoch
