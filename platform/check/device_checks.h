// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "check/dma_checker.h"
#include "check/race_checker.h"
#include "config/scenario.h"
#include "soc.h"

namespace epoch {

class Inspection;

// What `--check` asks for.
struct CheckOptions {
  bool dma = false;
  bool races = false;
  bool any() const { return dma || races; }
};

// The checkers on a platform: tells them what passes the bus, the ring and the hart, and counts
// what they find. Before the simulation starts.
class DeviceChecks {
 public:
  // Told of each finding, in one line; of a kind, the first twenty.
  std::function<void(const std::string&)> on_finding;

  DeviceChecks(Soc& soc, const ScenarioConfig& config, const Inspection& inspection,
               CheckOptions options);
  ~DeviceChecks();

  void on_access(const BusAccess& access);
  void on_command(unsigned device, const CommandView& command);
  std::uint64_t findings() const;
  void statistics(Statistics& out) const;

 private:
  class Device;
  struct Counter {
    const char* check;
    std::string name;
    std::string description;
    std::uint64_t count = 0;
  };
  void found(Counter& counter, const std::string& text);

  CheckOptions options_;
  std::unique_ptr<DmaChecker> dma_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<Counter> dma_counters_;
  Counter races_, ambiguous_;
};

}  // namespace epoch
