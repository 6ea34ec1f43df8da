// SPDX-License-Identifier: Apache-2.0
#include "memory/dram_controller/controller.h"

#include <algorithm>
#include <functional>

namespace epoch {

DramController::DramController(const DramDevice& device, const DramControllerConfig& config)
    : device_(device),
      config_(config),
      mapping_(config.mapping, device, config.channels, config.ranks, config.bank_xor),
      burst_bytes_(device.burst_bytes()),
      size_bytes_(device.rank_bytes() * config.ranks * config.channels) {
  for (unsigned i = 0; i < config.channels; ++i) channels_.emplace_back(device_, config_);
}

bool DramController::can_accept(bool write, std::uint64_t address) const {
  if (next_burst_ != end_burst_) return false;
  return channels_[mapping_.decode(address / burst_bytes_).channel].has_room(write);
}

void DramController::enqueue(std::uint64_t id, std::uint64_t address, std::uint64_t bytes,
                             bool write, std::uint64_t now_ps) {
  const DramClock clock = (now_ps + device_.timing.tCK - 1) / device_.timing.tCK;
  next_burst_ = address / burst_bytes_;
  end_burst_ = (address + bytes - 1) / burst_bytes_ + 1;
  split_request_ = new_request(id, clock, end_burst_ - next_burst_, write);
  ++(write ? counts_.writes : counts_.reads);
  (write ? counts_.write_bytes : counts_.read_bytes) += bytes;
  feed(clock);
}

std::uint32_t DramController::new_request(std::uint64_t id, DramClock clock, std::uint64_t bursts,
                                          bool write) {
  if (free_requests_.empty()) {
    free_requests_.push_back(static_cast<std::uint32_t>(requests_.size()));
    requests_.emplace_back();
  }
  const std::uint32_t index = free_requests_.back();
  free_requests_.pop_back();
  requests_[index] = {id, clock, 0, bursts, write};
  ++open_requests_;
  return index;
}

// Bursts of the request being split into their queues, in order, as long as there is room.
void DramController::feed(DramClock clock) {
  if (next_burst_ == end_burst_) return;
  const Request& request = requests_[split_request_];
  const bool write = request.write;
  const std::uint64_t id = request.id;
  for (; next_burst_ != end_burst_; ++next_burst_) {
    const DramAddress place = mapping_.decode(next_burst_);
    DramChannel& channel = channels_[place.channel];
    if (!channel.has_room(write)) return;
    QueuedBurst burst;
    burst.request = split_request_;
    burst.bank = place.bank;
    burst.row = place.row;
    burst.column = place.column;
    burst.write = write;
    channel.push(burst, clock);
    collect(channel);
  }
  if (write) complete(id, clock, true);
}

void DramController::collect(DramChannel& channel) {
  for (const BurstEnd& end : channel.ends()) {
    Request& request = requests_[end.request];
    request.end = std::max(request.end, end.clock);
    if (--request.bursts_left == 0) {
      finish(request);
      free_requests_.push_back(end.request);
    }
  }
  channel.ends().clear();
}

void DramController::finish(Request& request) {
  --open_requests_;
  counts_.last_end = std::max(counts_.last_end, request.end);
  const DramClock latency = request.end - request.accepted;
  if (request.write) {
    counts_.write_latency += latency;
    return;
  }
  counts_.read_latency += latency;
  counts_.longest_read_latency = std::max(counts_.longest_read_latency, latency);
  complete(request.id, request.end, false);
}

void DramController::complete(std::uint64_t id, DramClock clock, bool write) {
  completions_.push_back({clock, next_order_++, id, write});
  std::push_heap(completions_.begin(), completions_.end(), std::greater<Waiting>());
}

DramChannel& DramController::earliest_channel() {
  return *std::min_element(
      channels_.begin(), channels_.end(),
      [](const DramChannel& a, const DramChannel& b) { return a.next_clock() < b.next_clock(); });
}

std::uint64_t DramController::next_event_ps() const {
  DramClock clock = completions_.empty() ? kNoDramClock : completions_.front().clock;
  for (const DramChannel& channel : channels_) {
    if (channel.busy()) clock = std::min(clock, channel.next_clock());
  }
  return clock == kNoDramClock ? kNoDramClock : clock * device_.timing.tCK;
}

void DramController::advance_to(std::uint64_t now_ps) {
  const DramClock last = now_ps / device_.timing.tCK;
  if (next_burst_ != end_burst_) advance_splitting(last);
  for (DramChannel& channel : channels_) {
    channel.advance(last);
    collect(channel);
  }
  now_ = std::max(now_, last);
}

// Channels in step with each other, since room in one lets the next burst into another.
void DramController::advance_splitting(DramClock last) {
  while (next_burst_ != end_burst_) {
    DramChannel& channel = earliest_channel();
    const DramClock clock = channel.next_clock();
    if (clock > last) return;
    channel.step(clock);
    collect(channel);
    feed(clock);
  }
}

bool DramController::pop_completion(Completion& completion) {
  if (completions_.empty() || completions_.front().clock > now_) return false;
  const Waiting& first = completions_.front();
  completion = {first.id, first.clock * device_.timing.tCK, first.write};
  std::pop_heap(completions_.begin(), completions_.end(), std::greater<Waiting>());
  completions_.pop_back();
  return true;
}

double DramController::busy_ns(unsigned channel) const {
  const ChannelCounts& counts = channels_[channel].counts();
  const std::uint64_t clocks = (counts.reads + counts.writes) * device_.burst_clocks();
  return static_cast<double>(clocks * device_.timing.tCK) / 1e3;
}

ControllerCounts DramController::counts() const {
  ControllerCounts counts = counts_;
  for (const DramChannel& channel : channels_) {
    const ChannelCounts& c = channel.counts();
    counts.channels.reads += c.reads;
    counts.channels.writes += c.writes;
    counts.channels.forwarded += c.forwarded;
    counts.channels.activates += c.activates;
    counts.channels.precharges += c.precharges;
    counts.channels.refreshes += c.refreshes;
    for (const BankCounts& bank : channel.bank_counts()) {
      counts.row_hits += bank.hits;
      counts.row_misses += bank.misses;
      counts.row_conflicts += bank.conflicts;
    }
  }
  return counts;
}

}  // namespace epoch
