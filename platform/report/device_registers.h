// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/register_bank.h"

namespace epoch {

// The registers of a platform's devices by name, for whoever prints accesses to them. A device is
// called as the bus calls it.
class DeviceRegisters {
 public:
  // A device whose registers are a bank, which outlives this.
  void add(const std::string& device, const RegisterBank& bank) { devices_[device] = &bank; }
  // A device without a table: its registers are called by offset.
  void add(const std::string& device) { devices_[device] = nullptr; }

  // nullptr: unknown, or without a table.
  const RegisterBank* bank(const std::string& device) const;
  std::vector<std::string> names() const;
  bool has(const std::string& device) const { return devices_.count(device) != 0; }
  // "epochcore.CTRL", "epochcore.SEMAPHORE[3]", "uart+0x5".
  std::string name(const std::string& device, std::uint64_t offset) const;
  // " ENABLE=1 ABORT=0 RESET=0", or "" for a register without fields.
  std::string fields(const std::string& device, std::uint64_t offset, std::uint32_t value) const;

 private:
  const Register* find(const std::string& device, std::uint64_t offset) const;

  std::map<std::string, const RegisterBank*> devices_;
};

// " ENABLE=1 ABORT=0 RESET=0".
std::string fields_text(const Register& reg, std::uint32_t value);

}  // namespace epoch
