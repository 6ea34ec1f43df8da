// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "epochcore/command.h"
#include "interconnect/interconnect.h"
#include "loaders/elf.h"
#include "report/device_registers.h"

namespace epoch {

// A bus transaction, copied so that it can be told later. Names belong to the interconnect.
struct RecordedAccess {
  RecordedAccess() = default;
  // `pc` is the instruction's that asked, 0 where no instruction did.
  RecordedAccess(const BusAccess& access, std::uint32_t access_pc);

  std::uint64_t time_ps = 0;
  const std::string* initiator = nullptr;
  const AddressRange* range = nullptr;  // nullptr: nobody answers there
  std::uint64_t address = 0;
  std::uint64_t value = 0;  // of the first eight bytes, little endian
  unsigned length = 0;
  std::uint32_t pc = 0;
  bool is_write = false;
  bool ok = false;
};

// Lines for traces and post-mortems: what a register access and a command were.
class AccessText {
 public:
  AccessText(const ElfFile& elf, const DeviceRegisters& registers)
      : elf_(elf), registers_(registers) {}

  // time in ps, initiator, pc, symbol, read or write, register, value, fields
  std::string access(const RecordedAccess& access) const;
  // time in ps, "command", fetched, started, retired or dropped, device and engine, opcode,
  // sequence, context, semaphores
  static std::string command(std::uint64_t time_ps, const std::string& device,
                             const CommandView& command);

  // " context=0x0003 waits=1,2 signals=3"
  static std::string tags(const CommandView& command);

  static constexpr const char* kAccessColumns =
      "# time_ps initiator pc symbol access register value fields\n";
  static constexpr const char* kCommandColumns =
      "# time_ps command step engine opcode sequence context semaphores\n";

 private:
  const ElfFile& elf_;
  const DeviceRegisters& registers_;
};

}  // namespace epoch
