// SPDX-License-Identifier: Apache-2.0
#include "memory/dram_controller/in_order_estimate.h"

#include <algorithm>

namespace epoch {
namespace {

// Row commands of later requests are issued before the columns of earlier ones, as a controller
// that looks ahead does; their order on a bus is not known here.
DramDevice without_command_bus(DramDevice device) {
  device.organisation.command_buses = 0;
  return device;
}

}  // namespace

InOrderEstimate::InOrderEstimate(const DramDevice& device, const DramControllerConfig& config)
    : device_(without_command_bus(device)),
      config_(config),
      mapping_(config.mapping, device, config.channels, config.ranks, config.bank_xor),
      size_bytes_(device.rank_bytes() * config.ranks * config.channels) {
  const DramClock due = config.refresh ? device.timing.tREFI : kNoDramClock;
  for (unsigned i = 0; i < config.channels; ++i) {
    ChannelState state(device_, config.ranks);
    const std::size_t banks = state.banks();
    channels_.push_back({std::move(state),
                         std::vector<DramClock>(config.ranks, due),
                         {},
                         std::vector<DramClock>(config.write_queue),
                         0,
                         0,
                         0,
                         {},
                         std::vector<BankCounts>(banks)});
  }
}

std::uint64_t InOrderEstimate::reserve(std::uint64_t arrival_ps, std::uint64_t address,
                                       std::uint64_t bytes, bool write) {
  const std::uint64_t period = device_.timing.tCK;
  const DramClock arrival = (arrival_ps + period - 1) / period;
  const std::uint64_t end = (address + bytes - 1) / device_.burst_bytes();
  DramClock completion = arrival;
  for (std::uint64_t burst = address / device_.burst_bytes(); burst <= end; ++burst) {
    const DramAddress place = mapping_.decode(burst);
    ChannelEstimate& channel = channels_[place.channel];
    drain_idle(channel, arrival);
    completion = std::max(completion, write ? write_burst(channel, place, arrival)
                                            : read_burst(channel, place, arrival));
  }
  return completion * period;
}

std::uint64_t InOrderEstimate::unloaded_ps(std::uint64_t bytes, bool write) const {
  const DramTiming& t = device_.timing;
  const std::uint64_t bursts = (bytes + device_.burst_bytes() - 1) / device_.burst_bytes();
  const std::uint64_t fullest = (bursts + config_.channels - 1) / config_.channels;
  const std::uint64_t first = write ? t.tRCDWR + t.CWL : t.tRCDRD + t.CL;
  return (first + fullest * device_.burst_clocks()) * t.tCK;
}

double InOrderEstimate::busy_ns(unsigned channel) const {
  const ChannelCounts& counts = channels_[channel].counts;
  return static_cast<double>((counts.reads + counts.writes) * device_.burst_clocks() *
                             device_.timing.tCK) /
         1e3;
}

DramClock InOrderEstimate::read_burst(ChannelEstimate& channel, const DramAddress& place,
                                      DramClock arrival) {
  return column(channel, place, false, arrival) + device_.timing.CL + device_.burst_clocks();
}

DramClock InOrderEstimate::write_burst(ChannelEstimate& channel, const DramAddress& place,
                                       DramClock arrival) {
  const DramClock room = channel.write_slots[channel.writes_taken++ % channel.write_slots.size()];
  const DramClock taken = std::max(arrival, room);
  channel.writes.push_back(place);
  const std::size_t depth = channel.write_slots.size();
  if (channel.writes.size() * 100 > config_.write_high_percent * depth ||
      channel.writes.size() == depth) {
    do {
      drain_oldest(channel, taken);
    } while (channel.writes.size() * 100 >= config_.write_low_percent * depth &&
             !channel.writes.empty());
  }
  return taken;
}

// What the controller wrote while nothing was to be read: as much as fits before `arrival`.
void InOrderEstimate::drain_idle(ChannelEstimate& channel, DramClock arrival) {
  const DramTiming& t = device_.timing;
  while (!channel.writes.empty() &&
         std::max(channel.last_column,
                  channel.state.earliest(DramCommand::wr, channel.writes.front().bank)) +
                 t.tRP + t.tRCDWR <
             arrival) {
    drain_oldest(channel, channel.last_column);
  }
}

void InOrderEstimate::drain_oldest(ChannelEstimate& channel, DramClock clock) {
  const DramClock written = column(channel, channel.writes.front(), true, clock);
  channel.writes.pop_front();
  channel.write_slots[channel.writes_drained++ % channel.write_slots.size()] = written;
}

DramClock InOrderEstimate::column(ChannelEstimate& channel, const DramAddress& place, bool write,
                                  DramClock arrival) {
  catch_up_refreshes(channel, place.bank, std::max(arrival, channel.last_column));
  open(channel, place, arrival);
  const bool closes = config_.page_policy == PagePolicy::closed ||
                      config_.page_policy == PagePolicy::closed_adaptive;
  const DramCommand command = write ? (closes ? DramCommand::wra : DramCommand::wr)
                                    : (closes ? DramCommand::rda : DramCommand::rd);
  channel.last_column = issue(channel, command, place, std::max(arrival, channel.last_column));
  ++(write ? channel.counts.writes : channel.counts.reads);
  return channel.last_column;
}

void InOrderEstimate::open(ChannelEstimate& channel, const DramAddress& place, DramClock arrival) {
  const std::int64_t row = channel.state.open_row(place.bank);
  BankCounts& counts = channel.banks[place.bank];
  if (row == place.row) {
    ++counts.hits;
    return;
  }
  if (row != ChannelState::kClosed) {
    ++counts.conflicts;
    ++channel.counts.precharges;
    issue(channel, DramCommand::pre, place, arrival);
  } else {
    ++counts.misses;
  }
  ++channel.counts.activates;
  issue(channel, DramCommand::act, place, arrival);
}

void InOrderEstimate::catch_up_refreshes(ChannelEstimate& channel, unsigned bank, DramClock clock) {
  const unsigned rank = channel.state.rank_of(bank);
  const DramClock interval = device_.timing.tREFI;
  const DramAddress place{0, rank * channel.state.banks_per_rank(), 0, 0};
  DramClock& due = channel.refresh_due[rank];
  while (due <= clock) {
    if (!channel.state.rank_closed(rank)) {
      ++channel.counts.precharges;
      issue(channel, DramCommand::preab, place, due);
    }
    issue(channel, DramCommand::refab, place, due);
    // Of a long pause with every row closed, only the last refresh is felt.
    const DramClock passed = due + interval <= clock ? (clock - due) / interval : 1;
    due += passed * interval;
    channel.counts.refreshes += passed;
  }
}

DramClock InOrderEstimate::issue(ChannelEstimate& channel, DramCommand command,
                                 const DramAddress& place, DramClock not_before) {
  const DramClock clock = std::max(not_before, channel.state.earliest(command, place.bank));
  channel.state.issue(command, place.bank, place.row, clock);
  return clock;
}

}  // namespace epoch
