// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "memory/dram_controller/address_mapping.h"
#include "memory/dram_controller/channel.h"
#include "memory/dram_controller/config.h"
#include "memory/dram_controller/device.h"

namespace epoch {

// What happened so far. Latencies: from a request's acceptance to the end of its last transfer on
// the data bus; a read that the write queue answered ends one clock after it came.
struct ControllerCounts {
  std::uint64_t reads = 0, writes = 0;  // requests
  std::uint64_t read_bytes = 0, write_bytes = 0;
  std::uint64_t read_latency = 0, write_latency = 0;              // clocks, summed over requests
  std::uint64_t longest_read_latency = 0;                         // clocks
  DramClock last_end = 0;                                         // of all data
  std::uint64_t row_hits = 0, row_misses = 0, row_conflicts = 0;  // bursts
  ChannelCounts channels;                                         // summed
};

// A memory controller for one device type: requests of any length in, split into bursts over the
// channels; each channel reorders for itself. Driven from event to event:
//
//   controller.advance_to(now);
//   while (controller.pop_completion(done)) ...;
//   if (controller.can_accept(write, address)) controller.enqueue(id, address, bytes, write, now);
//   wait until controller.next_event_ps() or the next request, whichever is first
//
// Time never goes back. Bytes are not moved here. A read completes when its last transfer ends; a
// write as soon as its last burst is in the queue (it is posted; reads of its place are answered
// from there). A request is taken when its first burst finds room; until the others have found
// theirs, no further one is.
class DramController {
 public:
  struct Completion {
    std::uint64_t id;
    std::uint64_t time_ps;
    bool write;
  };

  // std::invalid_argument for a mapping that does not cover the space, as AddressMapping.
  DramController(const DramDevice& device, const DramControllerConfig& config);

  std::uint64_t size_bytes() const { return size_bytes_; }
  double peak_gb_per_s() const { return device_.peak_gb_per_s() * config_.channels; }
  const DramDevice& device() const { return device_; }
  const DramControllerConfig& config() const { return config_; }

  // As of the time advanced to.
  bool can_accept(bool write, std::uint64_t address) const;
  // can_accept() must hold, `bytes` be positive and the range inside the memory; `now_ps` counts
  // from the next clock on if it lies between two.
  void enqueue(std::uint64_t id, std::uint64_t address, std::uint64_t bytes, bool write,
               std::uint64_t now_ps);

  // When advance_to() will next change what can_accept() or pop_completion() say; kNoDramClock if
  // nothing is under way (refreshes go on, but are caught up with later).
  std::uint64_t next_event_ps() const;
  void advance_to(std::uint64_t now_ps);
  // The earliest completion at or before the time advanced to.
  bool pop_completion(Completion& completion);

  // Nothing waits, no data is on its way.
  bool idle() const { return open_requests_ == 0; }

  ControllerCounts counts() const;
  unsigned channels() const { return config_.channels; }
  const ChannelCounts& channel_counts(unsigned channel) const {
    return channels_[channel].counts();
  }
  double busy_ns(unsigned channel) const;  // of its data bus
  BankCounts bank_counts(unsigned channel, unsigned bank) const {
    return channels_[channel].bank_counts()[bank];
  }
  unsigned banks_per_channel() const { return config_.ranks * device_.banks_per_rank(); }
  // Every command of a channel from now on, for tests.
  void record(unsigned channel, std::vector<CommandRecord>* log) { channels_[channel].record(log); }

 private:
  struct Request {
    std::uint64_t id = 0;
    DramClock accepted = 0, end = 0;
    std::uint64_t bursts_left = 0;  // without a data end
    bool write = false;
  };
  struct Waiting {  // completions, the earliest on top of a heap
    DramClock clock;
    std::uint64_t order;
    std::uint64_t id;
    bool write;
    bool operator>(const Waiting& other) const {
      return clock != other.clock ? clock > other.clock : order > other.order;
    }
  };

  std::uint32_t new_request(std::uint64_t id, DramClock clock, std::uint64_t bursts, bool write);
  void feed(DramClock clock);
  void advance_splitting(DramClock last);
  void collect(DramChannel& channel);
  void finish(Request& request);
  void complete(std::uint64_t id, DramClock clock, bool write);
  DramChannel& earliest_channel();

  const DramDevice device_;
  const DramControllerConfig config_;
  const AddressMapping mapping_;
  const std::uint64_t burst_bytes_;
  const std::uint64_t size_bytes_;
  std::deque<DramChannel> channels_;  // never moved
  std::vector<Request> requests_;
  std::vector<std::uint32_t> free_requests_;
  std::vector<Waiting> completions_;
  std::uint64_t next_order_ = 0;
  std::uint64_t open_requests_ = 0;
  // The request being split: bursts [next_burst_, end_burst_) have not found room yet.
  std::uint64_t next_burst_ = 0, end_burst_ = 0;
  std::uint32_t split_request_ = 0;
  DramClock now_ = 0;
  ControllerCounts counts_;
};

}  // namespace epoch
