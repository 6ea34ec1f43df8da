// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "memory/dram_controller/address_mapping.h"
#include "memory/dram_controller/channel.h"
#include "memory/dram_controller/channel_state.h"
#include "memory/dram_controller/config.h"
#include "memory/dram_controller/device.h"

namespace epoch {

// When would this request complete? Answered at once, for transport `lt`: requests are served in
// the order of the calls on the same banks, timings, page policy and refreshes as the controller's,
// with writes buffered and drained at the same marks, but nothing is reordered (README.md).
class InOrderEstimate {
 public:
  // As DramController.
  InOrderEstimate(const DramDevice& device, const DramControllerConfig& config);

  // Completion of a request that arrives then; the banks are left as it leaves them. A read ends
  // with its data, a write when the buffer has room for it.
  std::uint64_t reserve(std::uint64_t arrival_ps, std::uint64_t address, std::uint64_t bytes,
                        bool write);
  // Time of a request on a memory that is idle, its row closed: (tRCD + CL + n bursts) clocks, n
  // the bursts on the fullest channel; a write has tRCDWR + CWL. Changes nothing.
  std::uint64_t unloaded_ps(std::uint64_t bytes, bool write) const;

  std::uint64_t size_bytes() const { return size_bytes_; }
  unsigned channels() const { return config_.channels; }
  unsigned banks_per_channel() const { return channels_[0].state.banks(); }
  const ChannelCounts& counts(unsigned channel) const { return channels_[channel].counts; }
  BankCounts bank_counts(unsigned channel, unsigned bank) const {
    return channels_[channel].banks[bank];
  }
  double busy_ns(unsigned channel) const;  // of the data bus

 private:
  struct ChannelEstimate {
    ChannelState state;
    std::vector<DramClock> refresh_due;  // of each rank
    std::deque<DramAddress> writes;      // buffered
    std::vector<DramClock> write_slots;  // a ring: when each place of the buffer is free again
    std::uint64_t writes_taken = 0, writes_drained = 0;
    DramClock last_column = 0;
    ChannelCounts counts;
    std::vector<BankCounts> banks;
  };

  DramClock read_burst(ChannelEstimate& channel, const DramAddress& place, DramClock arrival);
  DramClock write_burst(ChannelEstimate& channel, const DramAddress& place, DramClock arrival);
  void drain_idle(ChannelEstimate& channel, DramClock arrival);
  void drain_oldest(ChannelEstimate& channel, DramClock clock);
  DramClock column(ChannelEstimate& channel, const DramAddress& place, bool write,
                   DramClock arrival);
  void open(ChannelEstimate& channel, const DramAddress& place, DramClock arrival);
  void catch_up_refreshes(ChannelEstimate& channel, unsigned bank, DramClock clock);
  DramClock issue(ChannelEstimate& channel, DramCommand command, const DramAddress& place,
                  DramClock not_before);

  const DramDevice device_;  // command_buses 0
  const DramControllerConfig config_;
  const AddressMapping mapping_;
  const std::uint64_t size_bytes_;
  std::vector<ChannelEstimate> channels_;
};

}  // namespace epoch
