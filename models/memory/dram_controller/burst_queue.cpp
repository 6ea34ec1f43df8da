// SPDX-License-Identifier: Apache-2.0
#include "memory/dram_controller/burst_queue.h"

#include <algorithm>

namespace epoch {

BurstQueue::BurstQueue(const ChannelState& state, const DramControllerConfig& config)
    : state_(state),
      unified_(config.unified_queue),
      depth_{config.read_queue, config.write_queue},
      bursts_(config.read_queue + config.write_queue) {
  for (std::size_t i = bursts_.size(); i > 0; --i) free_.push_back(static_cast<int>(i - 1));
  for (const bool write : {false, true}) {
    lists_[write].resize(state.banks());
    waiting_[write].resize(state.ranks());
  }
  parked_.reserve(config.write_queue);
}

bool BurstQueue::rank_waits(unsigned rank) const {
  if ((waiting_[0][rank] | waiting_[1][rank]) != 0) return true;
  return std::any_of(parked_.begin(), parked_.end(),
                     [&](std::int32_t index) { return state_.rank_of(at(index).bank) == rank; });
}

bool BurstQueue::holds_write(const QueuedBurst& read) const {
  for (std::int32_t i = lists_[1][read.bank].head; i != kNone;) {
    const QueuedBurst& write = at(i);
    if (same_place(write, read)) return true;
    i = write.after;
  }
  return holds_parked(read);
}

bool BurstQueue::holds_read(const QueuedBurst& write) const {
  for (std::int32_t i = lists_[0][write.bank].head; i != kNone;) {
    const QueuedBurst& read = at(i);
    if (same_place(write, read)) return true;
    i = read.after;
  }
  return false;
}

bool BurstQueue::holds_parked(const QueuedBurst& burst) const {
  return std::any_of(parked_.begin(), parked_.end(),
                     [&](std::int32_t index) { return same_place(at(index), burst); });
}

void BurstQueue::push(const QueuedBurst& burst) {
  const std::int32_t index = free_.back();
  free_.pop_back();
  at(index) = burst;
  ++count_[burst.write];
  if (burst.write && (holds_read(burst) || holds_parked(burst))) {
    parked_.push_back(index);
  } else {
    link(index);
  }
}

void BurstQueue::link(std::int32_t index) {
  QueuedBurst& burst = at(index);
  List& list = lists_[burst.write][burst.bank];
  burst.before = list.tail;
  burst.after = kNone;
  if (list.tail == kNone) {
    list.head = index;
  } else {
    at(list.tail).after = index;
  }
  list.tail = index;
  if (list.hit == kNone && state_.open_row(burst.bank) == burst.row) list.hit = index;
  const unsigned rank = state_.rank_of(burst.bank);
  waiting_[burst.write][rank] |= std::uint64_t{1} << (burst.bank % state_.banks_per_rank());
}

void BurstQueue::remove(std::int32_t index) {
  const QueuedBurst burst = at(index);
  List& list = lists_[burst.write][burst.bank];
  (burst.before == kNone ? list.head : at(burst.before).after) = burst.after;
  (burst.after == kNone ? list.tail : at(burst.after).before) = burst.before;
  if (list.hit == index) list.hit = find_hit(burst.after, burst.row);
  if (list.head == kNone) {
    const unsigned rank = state_.rank_of(burst.bank);
    waiting_[burst.write][rank] &= ~(std::uint64_t{1} << (burst.bank % state_.banks_per_rank()));
  }
  free_.push_back(index);
  --count_[burst.write];
  if (!burst.write && !parked_.empty()) release_parked(burst);
}

// Every parked write of the place that no read precedes any more: all of them, in order, or none.
void BurstQueue::release_parked(const QueuedBurst& read) {
  if (holds_read(read)) return;
  for (std::size_t i = 0; i < parked_.size();) {
    if (same_place(at(parked_[i]), read)) {
      link(parked_[i]);
      parked_.erase(parked_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

std::int32_t BurstQueue::find_hit(std::int32_t from, std::int64_t row) const {
  while (from != kNone && at(from).row != row) {
    from = at(from).after;
  }
  return from;
}

void BurstQueue::row_changed(unsigned bank) {
  const std::int64_t row = state_.open_row(bank);
  for (std::vector<List>& lists : lists_) {
    List& list = lists[bank];
    list.hit = row == ChannelState::kClosed ? kNone : find_hit(list.head, row);
  }
}

}  // namespace epoch
