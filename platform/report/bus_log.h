// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "common/log.h"
#include "interconnect/interconnect.h"
#include "report/device_registers.h"

namespace epoch {

// What the bus carries, in the log: refusals as warnings of `interconnect`, every transaction as
// debug of the range that it goes to (dram, uart, ...).
class BusLog {
 public:
  explicit BusLog(const DeviceRegisters& registers) : registers_(registers) {}
  void attach(LogSink& sink, const Interconnect& interconnect);
  void access(const BusAccess& access) const;

 private:
  std::string place(const BusAccess& access) const;

  const DeviceRegisters& registers_;
  bool attached_ = false;
  LogPoint refusals_;
  std::map<std::string, LogPoint> targets_;  // by range
};

}  // namespace epoch
