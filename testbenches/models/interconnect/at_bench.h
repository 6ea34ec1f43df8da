// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "common/at_initiator_tester.h"
#include "common/find_statistic.h"
#include "common/target_tester.h"
#include "interconnect/at_interconnect.h"
#include "interconnect/protocol_checker.h"
#include "memory/dram.h"

namespace epoch {

// As many masters, all with the same share.
inline std::vector<Share> alike(std::size_t masters) {
  return std::vector<Share>(masters);
}

// Masters m0, m1, ... on an AtInterconnect with three targets: a dram at `dram_base`, a target that
// speaks at and is the test's at `at_base`, one that speaks lt at `lt_base`. A protocol checker is
// on every hop; its violations are in `violations`.
class AtBench {
 public:
  static constexpr std::uint64_t dram_base = 0x8000'0000, at_base = 0x1'0000, lt_base = 0x10'0000;

  // 500 MHz, 64 bytes: a beat of 2 ns. The dram: 60 ns and 25.6 GB/s, so 10 ns for 256 bytes.
  explicit AtBench(std::vector<Share> shares, const InterconnectConfig& config = {},
                   const DramConfig& dram_config = {}, bool reverse = false)
      : bus("bus", config),
        dram("dram", dram_config),
        device("device", 0x1'0000),
        slow("slow", 0x1'0000) {
    for (std::size_t n = 0; n < shares.size(); ++n) masters.emplace_back();
    for (std::size_t n = 0; n < shares.size(); ++n) {  // the order of their processes
      const std::size_t i = reverse ? shares.size() - 1 - n : n;
      masters[i] = std::make_unique<AtInitiatorTester>(("m" + std::to_string(i)).c_str());
    }
    for (std::size_t i = 0; i < shares.size(); ++i) {
      const std::string name = "m" + std::to_string(i);
      connect("check_" + name, masters[i]->socket, bus.add_initiator(name, shares[i]));
    }
    connect("check_dram", bus.add_target("dram", dram_base, dram.size(), Transport::at),
            dram.socket);
    connect("check_device", bus.add_target("device", at_base, 0x1'0000, Transport::at),
            device.socket);
    bus.add_target("slow", lt_base, 0x1'0000).bind(slow.socket);
  }

  AtInitiatorTester& master(std::size_t i) { return *masters[i]; }
  void run() {
    sc_core::sc_start();
    for (auto& checker : checkers) checker->check_finished();
  }
  double statistic(const std::string& name) const {
    Statistics all;
    bus.statistics(all);
    dram.statistics(all);
    return find_statistic(all, name);
  }
  // Of the accesses that reached `device`, in order.
  std::vector<unsigned> initiators() const {
    std::vector<unsigned> order;
    for (const auto& access : device.log) order.push_back(access.initiator);
    return order;
  }

  AtInterconnect bus;
  Dram dram;
  TargetTester device, slow;
  std::vector<std::unique_ptr<AtInitiatorTester>> masters;
  std::vector<std::unique_ptr<ProtocolChecker>> checkers;
  std::vector<std::string> violations;

 private:
  template <typename From, typename To>
  void connect(const std::string& name, From& from, To& to) {
    checkers.push_back(std::make_unique<ProtocolChecker>(name.c_str()));
    ProtocolChecker& checker = *checkers.back();
    checker.on_violation = [this](const std::string& text) { violations.push_back(text); };
    from.bind(checker.from_initiator);
    checker.to_target.bind(to);
  }
};

}  // namespace epoch
