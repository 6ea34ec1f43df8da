// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "memory/dram_controller/burst_queue.h"
#include "memory/dram_controller/channel_state.h"
#include "memory/dram_controller/config.h"
#include "memory/dram_controller/device.h"

namespace epoch {

struct BankCounts {
  std::uint64_t hits = 0, misses = 0, conflicts = 0;
};

struct ChannelCounts {
  std::uint64_t reads = 0, writes = 0;  // bursts on the data bus
  std::uint64_t forwarded = 0;          // reads answered from the write queue
  std::uint64_t activates = 0, precharges = 0, refreshes = 0;
};

// A command as it went over the bus, for tests and traces.
struct CommandRecord {
  DramClock clock;
  DramCommand command;
  unsigned bank;  // of the channel; preab, refab: any of the rank
  std::uint32_t row, column;
};

// A burst whose data end is settled.
struct BurstEnd {
  std::uint32_t request;
  DramClock clock;  // after its last transfer
  bool write;
};

// One channel: its queues, its refreshes, and which command goes next (first ready, first come
// first served; README.md). Moves from clock to clock at which something can happen.
class DramChannel {
 public:
  DramChannel(const DramDevice& device, const DramControllerConfig& config);
  DramChannel(const DramChannel&) = delete;
  DramChannel& operator=(const DramChannel&) = delete;

  bool has_room(bool write) const { return queue_.has_room(write); }
  bool busy() const { return !queue_.empty(); }
  // A burst that arrives at `clock`; there must be room.
  void push(QueuedBurst burst, DramClock clock);

  // The first clock at which step() may do anything.
  DramClock next_clock() const { return wake_; }
  // Issues what can be issued at `clock`, at most one command for each command bus.
  void step(DramClock clock);
  // Every step up to and including `last`.
  void advance(DramClock last);

  // Data ends that steps and push() settled; the reader empties it.
  std::vector<BurstEnd>& ends() { return ends_; }

  const ChannelCounts& counts() const { return counts_; }
  const std::vector<BankCounts>& bank_counts() const { return bank_counts_; }
  void record(std::vector<CommandRecord>* log) { log_ = log; }

 private:
  struct Refresh {
    DramClock due;      // the next one
    unsigned owed = 0;  // due and not yet done
  };
  // What a bus could carry now: the oldest burst's of those that are ready.
  struct Choice {
    std::uint64_t order = ~std::uint64_t{0};
    std::int32_t burst = BurstQueue::kNone;
    DramCommand command = DramCommand::act;
    unsigned bank = 0;
    bool found = false;
  };

  void skip_idle_refreshes(DramClock last);
  void choose_direction();
  std::uint64_t banks_waiting(unsigned rank) const;
  std::int32_t oldest(unsigned bank) const;
  std::int32_t oldest_hit(unsigned bank) const;
  std::int32_t older(std::int32_t a, std::int32_t b) const;
  void count_due(DramClock clock);
  bool refresh_comes_first(unsigned rank) const;
  void consider_refresh(unsigned rank, DramClock clock);
  void consider_bank(unsigned bank, DramClock clock);
  void offer(Choice& choice, DramCommand command, unsigned bank, std::int32_t burst,
             std::uint64_t order, DramClock clock);
  void count_passing(std::int32_t served);
  void set_opened_for(unsigned bank, std::int32_t burst);
  void issue_choices(DramClock clock);
  void issue_row(const Choice& choice, DramClock clock);
  void issue_column(const Choice& choice, DramClock clock);
  bool closes_row(unsigned bank) const;
  void issue(DramCommand command, unsigned bank, std::uint32_t row, std::uint32_t column,
             DramClock clock);

  const DramControllerConfig config_;
  const DramTiming t_;
  const unsigned burst_clocks_;
  const bool separate_column_bus_;
  const double write_high_, write_low_;  // bursts
  ChannelState state_;
  BurstQueue queue_;
  bool reading_ = true, writing_ = false;  // directions of the column commands
  // [bank]: whose activate opened the row, until it is served or the row closed. It is served even
  // if the direction has changed meanwhile. And those banks of each rank, a bit each.
  std::vector<std::int32_t> opened_for_;
  std::vector<bool> opened_writes_;         // whether that is a write
  std::array<unsigned, 2> opened_count_{};  // such reads, such writes
  std::vector<std::uint64_t> opened_;
  std::vector<Refresh> refreshes_;  // of each rank
  Choice column_, row_, urgent_;    // of the step under way; urgent: before columns
  DramClock wake_ = 0;
  std::uint64_t next_order_ = 0;
  std::vector<BurstEnd> ends_;
  ChannelCounts counts_;
  std::vector<BankCounts> bank_counts_;
  std::vector<CommandRecord>* log_ = nullptr;
};

}  // namespace epoch
