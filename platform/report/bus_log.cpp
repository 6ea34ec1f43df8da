// SPDX-License-Identifier: Apache-2.0
#include "report/bus_log.h"

#include "config/key_value.h"

namespace epoch {

void BusLog::attach(LogSink& sink, const Interconnect& interconnect) {
  attached_ = true;
  refusals_.attach(sink, "interconnect");
  for (const AddressRange& range : interconnect.map().ranges())
    targets_[range.name].attach(sink, range.name + ".bus");
}

// "epochcore.CTRL", "dram 0x80001000".
std::string BusLog::place(const BusAccess& access) const {
  if (access.range == nullptr) return "unmapped " + hex_address(access.address);
  const std::string& range = access.range->name;
  const std::uint64_t offset = access.address - access.range->base;
  return registers_.has(range) ? registers_.name(range, offset)
                               : range + " " + hex_address(access.address);
}

void BusLog::access(const BusAccess& access) const {
  if (!attached_) return;
  const auto tell = [&](const LogPoint& log, LogLevel level, const char* answer) {
    if (!log.on(level)) return;
    log.write(level, access.time_ps, "%s %s %s %u B, %s after %.3f ns", access.initiator.c_str(),
              access.is_write ? "writes" : "reads", place(access).c_str(), access.length, answer,
              static_cast<double>(access.end_ps - access.time_ps) / 1e3);
  };
  if (access.range == nullptr) return tell(refusals_, LogLevel::error, "refused");
  if (!access.ok) tell(refusals_, LogLevel::warning, "refused");
  tell(targets_.at(access.range->name), LogLevel::debug, access.ok ? "answered" : "refused");
}

}  // namespace epoch
