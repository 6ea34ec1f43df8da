// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "memory/dram_controller/device.h"

namespace epoch {

enum class DramCommand : std::uint8_t {
  act,  // opens a row
  rd,   // column read of one burst
  wr,   // column write of one burst
  rda,  // the same two, closing the row as soon as tRTP or tWR and tRAS allow
  wra,
  pre,    // closes a bank
  preab,  // closes every bank of a rank
  refab,  // refreshes every bank of a rank
};

// The banks, ranks and buses of one channel as a device sees them: which row is open, and from
// which clock on each command is allowed. Keeps the first allowed clock of each command at each
// level that a constraint speaks of; a command is allowed at the latest of them.
class ChannelState {
 public:
  static constexpr std::int64_t kClosed = -1;

  ChannelState(const DramDevice& device, unsigned ranks);

  // First clock at which timing allows `command` to `bank` (preab, refab: to the bank's rank).
  // Whether the row is right (rd, wr), closed (act) or all are (refab) is the caller's to look at.
  DramClock earliest(DramCommand command, unsigned bank) const;
  // `row` is for act. The clock must not be before earliest().
  void issue(DramCommand command, unsigned bank, std::uint32_t row, DramClock clock);

  std::int64_t open_row(unsigned bank) const { return banks_[bank].row; }
  bool rank_closed(unsigned rank) const { return ranks_[rank].open_banks == 0; }
  unsigned rank_of(unsigned bank) const { return bank >> bank_bits_; }
  unsigned ranks() const { return static_cast<unsigned>(ranks_.size()); }
  unsigned banks() const { return static_cast<unsigned>(banks_.size()); }
  unsigned banks_per_rank() const { return 1u << bank_bits_; }

 private:
  struct Bank {
    std::int64_t row = kClosed;
    DramClock act = 0, rd = 0, wr = 0, pre = 0;
  };
  struct Group {
    DramClock act = 0, rd = 0, wr = 0;
  };
  struct Rank {
    DramClock act = 0, rd = 0, wr = 0, ref = 0;
    std::array<DramClock, 4> last_acts{};  // clock + tFAW of the last four, a ring
    unsigned oldest_act = 0;
    unsigned open_banks = 0;
  };

  void activate(unsigned bank, std::uint32_t row, DramClock clock);
  void column_read(unsigned bank, DramClock clock);
  void column_write(unsigned bank, DramClock clock);
  // The row closes; the next may be opened, and the rank refreshed, `recovery` clocks later.
  void close(unsigned bank, DramClock clock, unsigned recovery);
  void precharge_all(unsigned rank, DramClock clock);
  void refresh(unsigned rank, DramClock clock);
  DramClock all_prechargeable(unsigned rank) const;

  const DramTiming t_;
  const unsigned burst_;  // clocks on the data bus
  const bool separate_column_bus_;
  const unsigned bank_bits_;    // of a rank
  const unsigned group_shift_;  // bank of the channel >> this = bank group of the channel
  std::vector<Bank> banks_;
  std::vector<Group> groups_;
  std::vector<Rank> ranks_;
  DramClock row_bus_ = 0,
            column_bus_ = 0;  // free from this clock on; one bus if they are not separate
};

}  // namespace epoch
