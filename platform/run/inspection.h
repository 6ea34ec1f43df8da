// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memory_map.h"
#include "report/blockage.h"
#include "report/device_registers.h"
#include "run/workload.h"
#include "soc.h"

namespace epoch {

// Looks at a platform that stands still and says in words what it sees: for messages about why a
// run ended, and for post-mortems. Changes nothing.
class Inspection {
 public:
  Inspection(Soc& soc, const ScenarioConfig& config, const Workload& workload);

  const DeviceRegisters& registers() const { return registers_; }

  // Where `bytes` of sram, dram or the boot rom lie; nullptr if no memory holds all of them.
  std::uint8_t* memory(std::uint64_t address, std::uint64_t bytes) const;
  std::string place(std::uint32_t pc) const;  // "0x80000012 <main+0x12>"
  // Where the hart is: "at pc 0x80000012 <main+0x12>".
  std::string position() const;
  // Cause, pc, instruction and registers, over several lines.
  std::string trap(const TrapInfo& trap, const std::string& by) const;
  // The calls that led to the trap, a line each (backtrace.h).
  std::string backtrace(const TrapInfo& trap) const;
  // The same of a native program.
  std::string native_trap(std::uint32_t mcause) const;
  // "unmapped read of 0x30000000..0x30000003 by cpu, between ... and ...".
  std::string unmapped(const UnmappedAccess& access) const;
  std::string hart() const;  // pc, registers, counts, last trap, and the calls that led to the pc

  unsigned instances() const { return static_cast<unsigned>(soc_.epochcores.size()); }
  BlockageReport blockage(unsigned instance) const;
  // What each EpochCore waits for, its error if it has one, and the interrupt lines: a line each,
  // indented.
  std::string engines() const;
  std::string epochcore_registers(unsigned instance) const;
  // Every register of a device that has a table; "" for another.
  std::string device_registers(const std::string& device) const;
  // The commands that stand in the ring from HEAD to TAIL, as far as it can be read.
  std::vector<CommandView> unfetched(unsigned instance) const;

 private:
  std::string instruction(std::uint32_t pc) const;
  // The value of an EpochCore's register.
  std::uint32_t peek(unsigned instance, std::uint32_t offset) const {
    return soc_.epochcores[instance]->registers().peek(offset);
  }
  std::string device_text(unsigned instance) const;
  std::string error_text(unsigned instance) const;

  Soc& soc_;
  const Workload& workload_;
  std::vector<Region> regions_;
  DeviceRegisters registers_;
};

}  // namespace epoch
