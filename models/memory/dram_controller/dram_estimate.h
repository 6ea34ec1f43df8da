// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "memory/dram_controller/address_mapping.h"
#include "memory/dram_controller/channel.h"
#include "memory/dram_controller/config.h"
#include "memory/dram_controller/device.h"

namespace epoch {

// When would this request complete? Answered at once, for transport `lt`. Each bank goes through
// its rows in the order of the calls, with the controller's timings, page policy and refreshes; a
// request that was there before its row gave way to another is served before that, as a row hit.
// What banks share (activates of a rank, column commands, the data bus) is handed out in the order
// of the calls too, but is not held for a bank that is not ready, as a controller that reorders
// does not. Writes are buffered and drained at the controller's marks. README.md says what that
// leaves out.
class DramEstimate {
 public:
  // As DramController.
  DramEstimate(const DramDevice& device, const DramControllerConfig& config);

  // Completion of a request that arrives then; the banks are left as it leaves them. A read ends
  // with its data, a write when the buffer has room for it.
  std::uint64_t reserve(std::uint64_t arrival_ps, std::uint64_t address, std::uint64_t bytes,
                        bool write);
  // Time of a request on a memory that is idle, its row closed: (tRCD + CL + n bursts) clocks, n
  // the bursts on the fullest channel; a write has tRCDWR + CWL. Changes nothing.
  std::uint64_t unloaded_ps(std::uint64_t bytes, bool write) const;

  std::uint64_t size_bytes() const { return size_bytes_; }
  unsigned channels() const { return config_.channels; }
  unsigned banks_per_channel() const { return config_.ranks * device_.banks_per_rank(); }
  const ChannelCounts& counts(unsigned channel) const { return channels_[channel].counts; }
  BankCounts bank_counts(unsigned channel, unsigned bank) const {
    return channels_[channel].banks[bank].counts;
  }
  double busy_ns(unsigned channel) const;  // of the data bus

 private:
  static constexpr std::int64_t kClosed = -1;

  struct Bank {
    std::int64_t row = kClosed;
    DramClock act = 0, rd = 0, wr = 0, pre = 0;  // from this clock on
    std::int64_t row_before = kClosed;           // the row that gave way to `row` ...
    DramClock gave_way = 0;                      // ... at this clock ...
    unsigned late_hits = 0;                      // ... and the hits it got since
    BankCounts counts;
  };
  struct Rank {
    std::uint64_t act_quarters = 0;  // quarter clocks: tFAW / 4 is not a whole number of clocks
    DramClock refresh_due = 0;
  };
  struct Channel {
    std::vector<Bank> banks;
    std::vector<DramClock> groups;  // next column command of each bank group
    std::vector<Rank> ranks;
    DramClock column = 0;  // next column command in the direction of the last
    bool writing = false;
    std::vector<DramAddress> writes;     // buffered: a ring, as long as the write queue
    std::vector<DramClock> write_slots;  // when each place of it is free again
    std::uint64_t writes_taken = 0, writes_drained = 0;
    ChannelCounts counts;
  };

  DramClock write_burst(Channel& channel, const DramAddress& place, DramClock arrival);
  void drain_idle(Channel& channel, DramClock arrival);
  void drain_oldest(Channel& channel, DramClock clock);
  DramClock column(Channel& channel, const DramAddress& place, bool write, DramClock arrival);
  bool hits_row_before(Bank& bank, const DramAddress& place, DramClock arrival);
  void open(Channel& channel, const DramAddress& place, DramClock arrival);
  DramClock column_slot(Channel& channel, unsigned bank, bool write, DramClock arrival);
  void leave(Bank& bank, bool write, DramClock column);
  void catch_up_refreshes(Channel& channel, unsigned bank, DramClock clock);

  const DramDevice device_;
  const DramTiming t_;
  const DramControllerConfig config_;
  const AddressMapping mapping_;
  const std::uint64_t size_bytes_;
  std::vector<Channel> channels_;
};

}  // namespace epoch
