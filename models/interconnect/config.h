// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace epoch {

// Who of several initiators that ask for a target goes first.
enum class Arbitration {
  round_robin,  // the next by number after the one that went last
  fixed,        // the lowest Share::priority, then the lowest number
  weighted      // each Share::weight of the grants
};

// An initiator's part in arbitration.
struct Share {
  unsigned weight = 1;    // weighted: grants out of every sum of weights; at least 1
  unsigned priority = 0;  // fixed: 0 goes first
};

struct InterconnectConfig {
  double clock_mhz = 500;
  unsigned width_bytes = 64;      // moved in a bus cycle
  unsigned initiator_ports = 16;  // sockets made; add_initiator() takes the next free one
  unsigned target_ports = 32;     // likewise for add_target()

  // Transport at only.
  Arbitration arbitration = Arbitration::round_robin;
  unsigned latency_cycles = 1;              // of the pipeline, each way
  unsigned outstanding_per_initiator = 32;  // transactions between grant and answer
  unsigned outstanding_per_target = 64;     // bursts likewise
  unsigned max_burst_bytes = 4096;  // a power of two; longer transactions are split at multiples
};

}  // namespace epoch
