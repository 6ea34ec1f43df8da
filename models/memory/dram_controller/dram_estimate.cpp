// SPDX-License-Identifier: Apache-2.0
#include "memory/dram_controller/dram_estimate.h"

#include <algorithm>

namespace epoch {

DramEstimate::DramEstimate(const DramDevice& device, const DramControllerConfig& config)
    : device_(device),
      t_(device.timing),
      config_(config),
      mapping_(config.mapping, device, config.channels, config.ranks, config.bank_xor),
      size_bytes_(device.rank_bytes() * config.ranks * config.channels),
      channels_(config.channels) {
  for (Channel& channel : channels_) {
    channel.banks.resize(banks_per_channel());
    channel.groups.resize(std::size_t{config.ranks} * device.organisation.bank_groups);
    channel.ranks.resize(config.ranks, {0, config.refresh ? t_.tREFI : kNoDramClock});
    channel.writes.resize(config.write_queue);
    channel.write_slots.resize(config.write_queue);
  }
}

std::uint64_t DramEstimate::reserve(std::uint64_t arrival_ps, std::uint64_t address,
                                    std::uint64_t bytes, bool write) {
  const DramClock arrival = (arrival_ps + t_.tCK - 1) / t_.tCK;
  const std::uint64_t last = (address + bytes - 1) / device_.burst_bytes();
  DramClock completion = arrival;
  for (std::uint64_t burst = address / device_.burst_bytes(); burst <= last; ++burst) {
    const DramAddress place = mapping_.decode(burst);
    Channel& channel = channels_[place.channel];
    drain_idle(channel, arrival);
    const DramClock end =
        write ? write_burst(channel, place, arrival)
              : column(channel, place, false, arrival) + t_.CL + device_.burst_clocks();
    completion = std::max(completion, end);
  }
  return completion * t_.tCK;
}

std::uint64_t DramEstimate::unloaded_ps(std::uint64_t bytes, bool write) const {
  const std::uint64_t bursts = (bytes + device_.burst_bytes() - 1) / device_.burst_bytes();
  const std::uint64_t fullest = (bursts + config_.channels - 1) / config_.channels;
  const std::uint64_t first = write ? t_.tRCDWR + t_.CWL : t_.tRCDRD + t_.CL;
  return (first + fullest * device_.burst_clocks()) * t_.tCK;
}

double DramEstimate::busy_ns(unsigned channel) const {
  const ChannelCounts& counts = channels_[channel].counts;
  return static_cast<double>((counts.reads + counts.writes) * device_.burst_clocks() * t_.tCK) /
         1e3;
}

DramClock DramEstimate::write_burst(Channel& channel, const DramAddress& place, DramClock arrival) {
  const std::size_t depth = channel.writes.size();
  const std::size_t slot = channel.writes_taken++ % depth;
  const DramClock taken = std::max(arrival, channel.write_slots[slot]);
  channel.writes[slot] = place;
  if (channel.column <= taken) {  // nothing to read: it is written at once
    while (channel.writes_taken != channel.writes_drained) drain_oldest(channel, taken);
    return taken;
  }
  const auto waiting = [&channel] { return channel.writes_taken - channel.writes_drained; };
  if (waiting() * 100 > config_.write_high_percent * depth || waiting() == depth) {
    do {
      drain_oldest(channel, taken);
    } while (waiting() != 0 && waiting() * 100 >= config_.write_low_percent * depth);
  }
  return taken;
}

// What a controller has written while nothing was to be read: as much as ends before `arrival`.
void DramEstimate::drain_idle(Channel& channel, DramClock arrival) {
  const DramClock longest = t_.tRTW + t_.tRP + t_.tRCDWR;  // to a column command
  while (channel.writes_taken != channel.writes_drained) {
    const std::size_t slot = channel.writes_drained % channel.writes.size();
    const DramClock ready = std::max(channel.column, channel.banks[channel.writes[slot].bank].pre);
    if (ready + longest >= arrival) return;
    drain_oldest(channel, channel.column);
  }
}

void DramEstimate::drain_oldest(Channel& channel, DramClock clock) {
  const std::size_t slot = channel.writes_drained++ % channel.writes.size();
  channel.write_slots[slot] = column(channel, channel.writes[slot], true, clock);
}

// The clock of the burst's column command.
DramClock DramEstimate::column(Channel& channel, const DramAddress& place, bool write,
                               DramClock arrival) {
  catch_up_refreshes(channel, place.bank, std::max(arrival, channel.column));
  ++(write ? channel.counts.writes : channel.counts.reads);
  Bank& bank = channel.banks[place.bank];
  if (hits_row_before(bank, place, arrival)) {
    return column_slot(channel, place.bank, write, arrival);
  }
  open(channel, place, arrival);
  const DramClock slot = column_slot(channel, place.bank, write, arrival);
  const DramClock clock = std::max(slot, write ? bank.wr : bank.rd);
  leave(bank, write, clock);
  return clock;
}

bool DramEstimate::hits_row_before(Bank& bank, const DramAddress& place, DramClock arrival) {
  if (bank.row_before != place.row || bank.gave_way <= arrival ||
      bank.late_hits >= config_.starvation_cap) {
    return false;
  }
  ++bank.late_hits;
  ++bank.counts.hits;
  return true;
}

void DramEstimate::open(Channel& channel, const DramAddress& place, DramClock arrival) {
  Bank& bank = channel.banks[place.bank];
  if (bank.row == place.row) {
    ++bank.counts.hits;
    return;
  }
  DramClock act = std::max(arrival, bank.act);
  if (bank.row != kClosed) {
    ++bank.counts.conflicts;
    ++channel.counts.precharges;
    bank.row_before = bank.row;
    bank.gave_way = std::max(arrival, bank.pre);
    bank.late_hits = 0;
    act = std::max(act, bank.gave_way + t_.tRP);
  } else {
    ++bank.counts.misses;
  }
  Rank& rank = channel.ranks[place.bank / device_.banks_per_rank()];
  const std::uint64_t turn = std::max(rank.act_quarters, 4 * arrival);
  rank.act_quarters = turn + std::max(4 * t_.tRRD_S, t_.tFAW);
  act = std::max(act, (turn + 3) / 4);
  ++channel.counts.activates;
  bank.row = place.row;
  bank.act = act + t_.tRC;
  bank.rd = act + t_.tRCDRD;
  bank.wr = act + t_.tRCDWR;
  bank.pre = act + t_.tRAS;
}

// The next free place for a column command; a change of direction moves it by the turnaround.
DramClock DramEstimate::column_slot(Channel& channel, unsigned bank, bool write,
                                    DramClock arrival) {
  if (channel.writing != write) {
    const unsigned turnaround =
        write ? t_.tRTW : t_.CWL + device_.burst_clocks() + t_.tWTR_S;  // from the last command
    channel.column += turnaround - std::min(turnaround, t_.tCCD_S);
    channel.writing = write;
  }
  DramClock& group = channel.groups[bank / device_.organisation.banks];
  const DramClock slot = std::max({arrival, channel.column, group});
  channel.column = std::max(arrival, channel.column) + t_.tCCD_S;
  group = std::max(arrival, group) + t_.tCCD_L;
  return slot;
}

void DramEstimate::leave(Bank& bank, bool write, DramClock column) {
  const unsigned recovery = write ? t_.CWL + device_.burst_clocks() + t_.tWR : t_.tRTP;
  bank.pre = std::max(bank.pre, column + recovery);
  bank.rd = std::max(bank.rd, column + t_.tCCD_L);
  bank.wr = std::max(bank.wr, column + t_.tCCD_L);
  if (config_.page_policy == PagePolicy::closed ||
      config_.page_policy == PagePolicy::closed_adaptive) {
    bank.row = kClosed;
    bank.act = std::max(bank.act, bank.pre + t_.tRP);
  }
}

void DramEstimate::catch_up_refreshes(Channel& channel, unsigned bank_number, DramClock clock) {
  const unsigned number = bank_number / device_.banks_per_rank();
  Rank& rank = channel.ranks[number];
  Bank* const first = &channel.banks[std::size_t{number} * device_.banks_per_rank()];
  Bank* const end = first + device_.banks_per_rank();
  while (rank.refresh_due <= clock) {
    DramClock ready = rank.refresh_due;
    for (Bank* bank = first; bank != end; ++bank) {
      ready = std::max(ready, bank->row == kClosed ? bank->act : bank->pre + t_.tRPab);
    }
    for (Bank* bank = first; bank != end; ++bank) {
      bank->row = kClosed;
      bank->act = ready + t_.tRFC;
    }
    // Of a long pause, only the last refresh is felt.
    const DramClock intervals = std::max<DramClock>(1, (clock - rank.refresh_due) / t_.tREFI);
    rank.refresh_due += intervals * t_.tREFI;
    channel.counts.refreshes += intervals;
  }
}

}  // namespace epoch
