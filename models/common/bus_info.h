// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm>

namespace epoch {

// Ignorable extension that the interconnect attaches: who asks, and whether the request reserves
// shared resources (undecoupled masters) or pays unloaded latency only (a decoupled hart).
struct BusInfo : tlm::tlm_extension<BusInfo> {
  unsigned initiator = 0;
  bool reserves = false;

  tlm::tlm_extension_base* clone() const override { return new BusInfo(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const BusInfo&>(other);
  }
};

}  // namespace epoch
