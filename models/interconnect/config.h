// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace epoch {

struct InterconnectConfig {
  double clock_mhz = 500;
  unsigned width_bytes = 64;      // moved in a bus cycle
  unsigned initiator_ports = 16;  // sockets made; add_initiator() takes the next free one
  unsigned target_ports = 32;     // likewise for add_target()
};

}  // namespace epoch
