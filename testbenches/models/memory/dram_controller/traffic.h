// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "memory/dram_controller/controller.h"

namespace epoch::test {

struct TrafficRequest {
  DramClock clock;
  std::uint64_t address;
  std::uint64_t bytes;
  bool write;
};

// Plays requests in order, each at its clock or as soon after as it is taken, and gives the
// completion of each in picoseconds.
inline std::vector<std::uint64_t> play(DramController& controller,
                                       const std::vector<TrafficRequest>& requests) {
  const std::uint64_t period = controller.device().timing.tCK;
  std::vector<std::uint64_t> completions(requests.size(), ~std::uint64_t{0});
  std::uint64_t now = 0;
  const auto advance = [&](std::uint64_t to) {
    controller.advance_to(now = std::max(now, to));
    DramController::Completion done;
    while (controller.pop_completion(done)) completions[done.id] = done.time_ps;
  };
  for (std::uint64_t id = 0; id < requests.size(); ++id) {
    const TrafficRequest& r = requests[id];
    // Requests of one clock are all there before anything happens at it.
    if (r.clock * period > now) advance(r.clock * period);
    while (!controller.can_accept(r.write, r.address)) advance(controller.next_event_ps());
    controller.enqueue(id, r.address, r.bytes, r.write, now);
  }
  while (controller.next_event_ps() != kNoDramClock) advance(controller.next_event_ps());
  return completions;
}

}  // namespace epoch::test
