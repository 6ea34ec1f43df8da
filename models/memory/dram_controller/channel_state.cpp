// SPDX-License-Identifier: Apache-2.0
#include "memory/dram_controller/channel_state.h"

#include <algorithm>

namespace epoch {
namespace {

unsigned log2_of(unsigned power) {
  unsigned bits = 0;
  while ((1u << bits) < power) ++bits;
  return bits;
}

void not_before(DramClock& allowed, DramClock clock) {
  allowed = std::max(allowed, clock);
}

// a + b - c, never before now: a bus that changes direction or rank.
unsigned difference(unsigned sum, unsigned minus) {
  return sum > minus ? sum - minus : 0;
}

}  // namespace

ChannelState::ChannelState(const DramDevice& device, unsigned ranks)
    : t_(device.timing),
      burst_(device.burst_clocks()),
      separate_column_bus_(device.organisation.command_buses == 2),
      bank_bits_(log2_of(device.banks_per_rank())),
      group_shift_(log2_of(device.organisation.banks)),
      banks_(std::size_t{ranks} * device.banks_per_rank()),
      groups_(std::size_t{ranks} * device.organisation.bank_groups),
      ranks_(ranks) {}

DramClock ChannelState::earliest(DramCommand command, unsigned bank_number) const {
  const Bank& bank = banks_[bank_number];
  const Group& group = groups_[bank_number >> group_shift_];
  const Rank& rank = ranks_[rank_of(bank_number)];
  switch (command) {
    case DramCommand::act:
      return std::max({bank.act, group.act, rank.act, rank.last_acts[rank.oldest_act], row_bus_});
    case DramCommand::rd:
    case DramCommand::rda:
      return std::max({bank.rd, group.rd, rank.rd, column_bus_});
    case DramCommand::wr:
    case DramCommand::wra:
      return std::max({bank.wr, group.wr, rank.wr, column_bus_});
    case DramCommand::pre:
      return std::max(bank.pre, row_bus_);
    case DramCommand::preab:
      return std::max(all_prechargeable(rank_of(bank_number)), row_bus_);
    case DramCommand::refab:
      return std::max(rank.ref, row_bus_);
  }
  return kNoDramClock;
}

DramClock ChannelState::all_prechargeable(unsigned rank) const {
  DramClock clock = 0;
  const unsigned first = rank << bank_bits_;
  for (unsigned bank = first; bank < first + banks_per_rank(); ++bank) {
    clock = std::max(clock, banks_[bank].pre);  // a closed bank may be in its auto-precharge
  }
  return clock;
}

void ChannelState::issue(DramCommand command, unsigned bank, std::uint32_t row, DramClock clock) {
  const bool column = command == DramCommand::rd || command == DramCommand::wr ||
                      command == DramCommand::rda || command == DramCommand::wra;
  if (separate_column_bus_) {
    (column ? column_bus_ : row_bus_) = clock + 1;
  } else {
    row_bus_ = column_bus_ = clock + 1;
  }
  switch (command) {
    case DramCommand::act:
      return activate(bank, row, clock);
    case DramCommand::rd:
      return column_read(bank, clock);
    case DramCommand::wr:
      return column_write(bank, clock);
    case DramCommand::rda:
      column_read(bank, clock);
      return close(bank, banks_[bank].pre, t_.tRP);
    case DramCommand::wra:
      column_write(bank, clock);
      return close(bank, banks_[bank].pre, t_.tRP);
    case DramCommand::pre:
      return close(bank, clock, t_.tRP);
    case DramCommand::preab:
      return precharge_all(rank_of(bank), clock);
    case DramCommand::refab:
      return refresh(rank_of(bank), clock);
  }
}

void ChannelState::activate(unsigned bank_number, std::uint32_t row, DramClock clock) {
  Bank& bank = banks_[bank_number];
  Rank& rank = ranks_[rank_of(bank_number)];
  bank.row = row;
  ++rank.open_banks;
  bank.act = clock + t_.tRC;
  bank.rd = clock + t_.tRCDRD;
  bank.wr = clock + t_.tRCDWR;
  bank.pre = clock + t_.tRAS;
  groups_[bank_number >> group_shift_].act = clock + t_.tRRD_L;
  not_before(rank.act, clock + t_.tRRD_S);
  not_before(rank.ref, clock + t_.tRC);
  rank.last_acts[rank.oldest_act] = clock + t_.tFAW;
  rank.oldest_act = (rank.oldest_act + 1) % 4;
}

void ChannelState::column_read(unsigned bank_number, DramClock clock) {
  not_before(banks_[bank_number].pre, clock + t_.tRTP);
  Group& group = groups_[bank_number >> group_shift_];
  not_before(group.rd, clock + t_.tCCD_L);
  const unsigned own = rank_of(bank_number);
  for (unsigned number = 0; number < ranks(); ++number) {
    Rank& rank = ranks_[number];
    if (number == own) {
      not_before(rank.rd, clock + t_.tCCD_S);
      not_before(rank.wr, clock + t_.tRTW);
    } else {
      not_before(rank.rd, clock + burst_ + t_.tRTRS);
      not_before(rank.wr, clock + difference(t_.CL + burst_ + t_.tRTRS, t_.CWL));
    }
  }
}

void ChannelState::column_write(unsigned bank_number, DramClock clock) {
  const unsigned data_end = t_.CWL + burst_;
  not_before(banks_[bank_number].pre, clock + data_end + t_.tWR);
  Group& group = groups_[bank_number >> group_shift_];
  not_before(group.wr, clock + t_.tCCD_L);
  not_before(group.rd, clock + data_end + t_.tWTR_L);
  const unsigned own = rank_of(bank_number);
  for (unsigned number = 0; number < ranks(); ++number) {
    Rank& rank = ranks_[number];
    if (number == own) {
      not_before(rank.wr, clock + t_.tCCD_S);
      not_before(rank.rd, clock + data_end + t_.tWTR_S);
    } else {
      not_before(rank.wr, clock + burst_ + t_.tRTRS);
      not_before(rank.rd, clock + difference(data_end + t_.tRTRS, t_.CL));
    }
  }
}

void ChannelState::close(unsigned bank_number, DramClock clock, unsigned recovery) {
  Bank& bank = banks_[bank_number];
  Rank& rank = ranks_[rank_of(bank_number)];
  if (bank.row != kClosed) --rank.open_banks;
  bank.row = kClosed;
  not_before(bank.act, clock + recovery);
  not_before(rank.ref, clock + recovery);
}

void ChannelState::precharge_all(unsigned rank, DramClock clock) {
  const unsigned first = rank << bank_bits_;
  for (unsigned bank = first; bank < first + banks_per_rank(); ++bank) {
    close(bank, clock, t_.tRPab);
  }
}

void ChannelState::refresh(unsigned rank_number, DramClock clock) {
  Rank& rank = ranks_[rank_number];
  not_before(rank.act, clock + t_.tRFC);
  not_before(rank.ref, clock + t_.tRFC);
}

}  // namespace epoch
