// SPDX-License-Identifier: Apache-2.0
#include "memtest/replay.h"

#include <algorithm>

#include "errors.h"

namespace epoch {
namespace {

struct Waits {
  DramClock first = 0;       // the first request's clock in the trace
  std::uint64_t clocks = 0;  // that requests waited before they were taken, summed
};

void take_completions(DramController& controller) {
  DramController::Completion done;
  while (controller.pop_completion(done)) {
  }
}

Waits play(DramController& controller, TraceFile& trace, const std::string& name) {
  const std::uint64_t period = controller.device().timing.tCK;
  Waits waits;
  TraceLine line;
  std::uint64_t id = 0;
  for (DramClock now = 0; trace.next(line); ++id) {
    if (id == 0) waits.first = line.clock;
    if (line.clock > now) {  // requests of one clock are all there before anything happens at it
      now = line.clock;
      controller.advance_to(now * period);
      take_completions(controller);
    }
    while (!controller.can_accept(line.write, line.address)) {
      now = controller.next_event_ps() / period;
      controller.advance_to(now * period);
      take_completions(controller);
    }
    controller.enqueue(id, line.address, line.bytes, line.write, now * period);
    waits.clocks += now - line.clock;
  }
  if (id == 0) throw InputError(name, "no requests; a line is <clk> R|W 0x<addr> <bytes>");
  while (!controller.idle()) {
    controller.advance_to(controller.next_event_ps());
    take_completions(controller);
  }
  return waits;
}

double ratio(double sum, std::uint64_t count) {
  return count == 0 ? 0.0 : sum / static_cast<double>(count);
}

Json latencies(const ControllerCounts& c, const Waits& waits, double period_ns) {
  const double reads = static_cast<double>(c.read_latency) * period_ns;
  const double writes = static_cast<double>(c.write_latency) * period_ns;
  const double waited = static_cast<double>(waits.clocks) * period_ns;
  return {{"mean_latency_ns", c.reads != 0 ? ratio(reads, c.reads) : ratio(writes, c.writes)},
          {"mean_read_latency_ns", ratio(reads, c.reads)},
          {"longest_read_latency_ns", static_cast<double>(c.longest_read_latency) * period_ns},
          {"mean_write_latency_ns", ratio(writes, c.writes)},
          {"mean_wait_ns", ratio(waited, c.reads + c.writes)},
          {"mean_latency_from_trace_clock_ns", ratio(reads + writes + waited, c.reads + c.writes)}};
}

}  // namespace

Json replay(DramController& controller, TraceFile& trace, const std::string& name) {
  const Waits waits = play(controller, trace, name);
  const ControllerCounts c = controller.counts();
  const DramDevice& device = controller.device();
  const double period_ns = device.timing.tCK / 1e3;
  const DramClock clocks = c.last_end - waits.first;
  const double ns = static_cast<double>(clocks) * period_ns;
  const auto gb_per_s = [ns](std::uint64_t bytes) { return static_cast<double>(bytes) / ns; };
  const std::uint64_t bursts = c.channels.reads + c.channels.writes;
  Json result = {
      {"bandwidth_gb_s", gb_per_s(c.read_bytes + c.write_bytes)},
      {"read_bandwidth_gb_s", gb_per_s(c.read_bytes)},
      {"write_bandwidth_gb_s", gb_per_s(c.write_bytes)},
      {"peak_gb_s", controller.peak_gb_per_s()},
      {"utilisation", gb_per_s(bursts * device.burst_bytes()) / controller.peak_gb_per_s()}};
  result.update(latencies(c, waits, period_ns));
  result.update({{"reads", c.reads},
                 {"writes", c.writes},
                 {"read_bytes", c.read_bytes},
                 {"write_bytes", c.write_bytes},
                 {"read_bursts", c.channels.reads},
                 {"write_bursts", c.channels.writes},
                 {"forwarded_reads", c.channels.forwarded},
                 {"row_hits", c.row_hits},
                 {"row_misses", c.row_misses},
                 {"row_conflicts", c.row_conflicts},
                 {"activates", c.channels.activates},
                 {"precharges", c.channels.precharges},
                 {"refreshes", c.channels.refreshes},
                 {"clocks", clocks},
                 {"clock_ns", period_ns},
                 {"device", device.name},
                 {"channels", controller.config().channels},
                 {"ranks", controller.config().ranks}});
  return result;
}

}  // namespace epoch
