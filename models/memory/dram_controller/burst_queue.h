// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "memory/dram_controller/channel_state.h"
#include "memory/dram_controller/config.h"

namespace epoch {

// What a burst found when its turn came.
enum class RowOutcome : std::uint8_t { hit, miss, conflict };

// One column command that waits.
struct QueuedBurst {
  std::uint32_t request = 0;  // whose part it is
  std::uint32_t bank = 0;     // of the channel
  std::uint32_t row = 0;
  std::uint32_t column = 0;
  std::uint64_t order = 0;   // of arrival
  std::uint32_t passed = 0;  // younger bursts of its bank that were served before it
  bool write = false;
  RowOutcome outcome = RowOutcome::hit;
  std::int32_t before = -1, after = -1;  // neighbours in the bank's list
};

// The read and the write queue of one channel: a list for each bank and direction in order of
// arrival, which knows its first burst for the open row. A write that a read of the same burst
// precedes is parked outside its list until that read has gone; a read that a write of the same
// burst precedes is answered from the queue (holds_write) and never enters.
class BurstQueue {
 public:
  static constexpr std::int32_t kNone = -1;

  BurstQueue(const ChannelState& state, const DramControllerConfig& config);

  bool has_room(bool write) const {
    return unified_ ? count_[0] + count_[1] < depth_[0] : count_[write] < depth_[write];
  }
  unsigned waiting(bool write) const { return count_[write]; }
  unsigned parked() const { return static_cast<unsigned>(parked_.size()); }
  bool empty() const { return count_[0] + count_[1] == 0; }
  // Whether anything waits for this rank.
  bool rank_waits(unsigned rank) const;

  bool holds_write(const QueuedBurst& read) const;
  // There must be room.
  void push(const QueuedBurst& burst);
  // Takes a burst out once its column command is issued; parked writes of its place come in.
  void remove(std::int32_t index);

  QueuedBurst& at(std::int32_t index) { return bursts_[static_cast<std::size_t>(index)]; }
  const QueuedBurst& at(std::int32_t index) const {
    return bursts_[static_cast<std::size_t>(index)];
  }
  std::int32_t oldest(bool write, unsigned bank) const { return lists_[write][bank].head; }
  // The oldest burst for the bank's open row.
  std::int32_t oldest_hit(bool write, unsigned bank) const { return lists_[write][bank].hit; }
  // One bit for each bank of the rank that has bursts in this direction, parked ones excluded.
  std::uint64_t banks_waiting(bool write, unsigned rank) const { return waiting_[write][rank]; }

  // The state has opened or closed the bank's row.
  void row_changed(unsigned bank);

 private:
  struct List {
    std::int32_t head = kNone, tail = kNone, hit = kNone;
  };

  void link(std::int32_t index);
  std::int32_t find_hit(std::int32_t from, std::int64_t row) const;
  bool holds_read(const QueuedBurst& write) const;
  bool holds_parked(const QueuedBurst& burst) const;
  void release_parked(const QueuedBurst& read);
  static bool same_place(const QueuedBurst& a, const QueuedBurst& b) {
    return a.bank == b.bank && a.row == b.row && a.column == b.column;
  }

  const ChannelState& state_;
  const bool unified_;
  const unsigned depth_[2];
  unsigned count_[2] = {0, 0};
  std::vector<QueuedBurst> bursts_;
  std::vector<std::int32_t> free_;
  std::vector<List> lists_[2];             // [write][bank]
  std::vector<std::uint64_t> waiting_[2];  // [write][rank]
  std::vector<std::int32_t> parked_;       // in order of arrival
};

}  // namespace epoch
