// SPDX-License-Identifier: Apache-2.0
#include "memory/dram_controller/channel.h"

#include <algorithm>

namespace epoch {

DramChannel::DramChannel(const DramDevice& device, const DramControllerConfig& config)
    : config_(config),
      t_(device.timing),
      burst_clocks_(device.burst_clocks()),
      separate_column_bus_(device.organisation.command_buses == 2),
      write_high_(config.write_high_percent / 100.0 * config.write_queue),
      write_low_(config.write_low_percent / 100.0 * config.write_queue),
      state_(device, config.ranks),
      queue_(state_, config),
      opened_for_(state_.banks(), BurstQueue::kNone),
      opened_writes_(state_.banks()),
      opened_(config.ranks),
      refreshes_(config.ranks, Refresh{config.refresh ? device.timing.tREFI : kNoDramClock, 0}),
      wake_(refreshes_[0].due),
      bank_counts_(state_.banks()) {}

void DramChannel::push(QueuedBurst burst, DramClock clock) {
  burst.order = next_order_++;
  if (!burst.write && queue_.holds_write(burst)) {
    ++counts_.forwarded;
    ends_.push_back({burst.request, clock + 1, false});
    return;
  }
  queue_.push(burst);
  wake_ = std::min(wake_, clock);
}

void DramChannel::advance(DramClock last) {
  while (wake_ <= last) {
    if (queue_.empty() && log_ == nullptr) skip_idle_refreshes(last);
    step(wake_);
  }
}

// With nothing to do and every row closed, each rank is refreshed when it is due and nothing of it
// is left to see one interval later: all but the last few intervals need no steps.
void DramChannel::skip_idle_refreshes(DramClock last) {
  const DramClock due = refreshes_[0].due;
  if (wake_ != due || last - due < 3 * DramClock{t_.tREFI}) return;
  for (unsigned rank = 0; rank < state_.ranks(); ++rank) {
    if (!state_.rank_closed(rank) || refreshes_[rank].owed != 0) return;
  }
  const DramClock intervals = (last - due) / t_.tREFI - 2;
  for (Refresh& refresh : refreshes_) refresh.due += intervals * t_.tREFI;
  counts_.refreshes += intervals * state_.ranks();
  wake_ = refreshes_[0].due;
}

void DramChannel::step(DramClock clock) {
  count_due(clock);
  choose_direction();
  column_ = row_ = urgent_ = Choice();
  wake_ = kNoDramClock;
  for (unsigned rank = 0; rank < state_.ranks(); ++rank) {
    if (config_.refresh) {
      wake_ = std::min(wake_, refreshes_[rank].due);
      if (refresh_comes_first(rank)) {
        consider_refresh(rank, clock);
        continue;
      }
    }
    const unsigned first = rank * state_.banks_per_rank();
    for (std::uint64_t mask = banks_waiting(rank); mask != 0; mask &= mask - 1) {
      consider_bank(first + static_cast<unsigned>(__builtin_ctzll(mask)), clock);
    }
  }
  issue_choices(clock);
}

void DramChannel::count_due(DramClock clock) {
  for (Refresh& refresh : refreshes_) {
    for (; refresh.due <= clock; refresh.due += t_.tREFI) ++refresh.owed;
  }
}

// Writes wait until there are many of them or nothing to read, and are then written in one go: a
// change of direction costs the data bus tRTW and tWTR. What a row has been opened for is served
// from there in any case and does not count: the other direction opens its rows meanwhile.
void DramChannel::choose_direction() {
  if (config_.unified_queue) {
    reading_ = writing_ = true;
    return;
  }
  const unsigned reads = queue_.waiting(false) - opened_count_[0];
  const unsigned writes = queue_.waiting(true) - queue_.parked() - opened_count_[1];
  if (writing_) {
    writing_ = writes > 0 && (reads == 0 || writes >= write_low_);
  } else {
    writing_ = writes > 0 && (reads == 0 || writes > write_high_ || !queue_.has_room(true));
  }
  reading_ = !writing_;
}

std::uint64_t DramChannel::banks_waiting(unsigned rank) const {
  return opened_[rank] | (reading_ ? queue_.banks_waiting(false, rank) : 0) |
         (writing_ ? queue_.banks_waiting(true, rank) : 0);
}

std::int32_t DramChannel::older(std::int32_t a, std::int32_t b) const {
  if (a == BurstQueue::kNone || b == BurstQueue::kNone) return a == BurstQueue::kNone ? b : a;
  return queue_.at(a).order < queue_.at(b).order ? a : b;
}

std::int32_t DramChannel::oldest(unsigned bank) const {
  return older(reading_ ? queue_.oldest(false, bank) : BurstQueue::kNone,
               writing_ ? queue_.oldest(true, bank) : BurstQueue::kNone);
}

std::int32_t DramChannel::oldest_hit(unsigned bank) const {
  return older(reading_ ? queue_.oldest_hit(false, bank) : BurstQueue::kNone,
               writing_ ? queue_.oldest_hit(true, bank) : BurstQueue::kNone);
}

bool DramChannel::refresh_comes_first(unsigned rank) const {
  const unsigned owed = refreshes_[rank].owed;
  return owed > config_.refresh_postponed || (owed > 0 && !queue_.rank_waits(rank));
}

void DramChannel::consider_refresh(unsigned rank, DramClock clock) {
  const unsigned bank = rank * state_.banks_per_rank();
  const DramCommand command = state_.rank_closed(rank) ? DramCommand::refab : DramCommand::preab;
  offer(urgent_, command, bank, BurstQueue::kNone, 0, clock);
}

void DramChannel::consider_bank(unsigned bank, DramClock clock) {
  if (const std::int32_t opened = opened_for_[bank]; opened != BurstQueue::kNone) {
    const QueuedBurst& burst = queue_.at(opened);
    if (!(burst.write ? writing_ : reading_)) {
      const DramCommand command = burst.write ? DramCommand::wr : DramCommand::rd;
      return offer(column_, command, bank, opened, burst.order, clock);
    }
  }
  const std::int32_t first = oldest(bank);
  const bool capped = queue_.at(first).passed >= config_.starvation_cap;
  if (state_.open_row(bank) != ChannelState::kClosed) {
    const std::int32_t hit = oldest_hit(bank);
    if (hit != BurstQueue::kNone && (hit == first || !capped)) {
      const QueuedBurst& burst = queue_.at(hit);
      const DramCommand command = burst.write ? DramCommand::wr : DramCommand::rd;
      return offer(column_, command, bank, hit, burst.order, clock);
    }
  }
  const bool closed = state_.open_row(bank) == ChannelState::kClosed;
  offer(capped ? urgent_ : row_, closed ? DramCommand::act : DramCommand::pre, bank, first,
        queue_.at(first).order, clock);
}

void DramChannel::offer(Choice& choice, DramCommand command, unsigned bank, std::int32_t burst,
                        std::uint64_t order, DramClock clock) {
  const DramClock earliest = state_.earliest(command, bank);
  if (earliest > clock) {
    wake_ = std::min(wake_, earliest);
  } else if (!choice.found || order < choice.order) {
    choice = {order, burst, command, bank, true};
  }
}

void DramChannel::issue_choices(DramClock clock) {
  const Choice& row = urgent_.found ? urgent_ : row_;
  if (!row.found && !column_.found) return;
  wake_ = clock + 1;
  if (separate_column_bus_) {
    if (column_.found) issue_column(column_, clock);
    if (row.found) issue_row(row, clock);
  } else if (column_.found && !urgent_.found) {
    issue_column(column_, clock);
  } else {
    issue_row(row, clock);
  }
}

void DramChannel::issue_row(const Choice& choice, DramClock clock) {
  if (choice.command == DramCommand::refab) {
    ++counts_.refreshes;
    --refreshes_[state_.rank_of(choice.bank)].owed;
    issue(choice.command, choice.bank, 0, 0, clock);
    return;
  }
  if (choice.command == DramCommand::preab) {
    ++counts_.precharges;
    issue(choice.command, choice.bank, 0, 0, clock);
    for (unsigned i = 0; i < state_.banks_per_rank(); ++i) {
      queue_.row_changed(choice.bank + i);
      set_opened_for(choice.bank + i, BurstQueue::kNone);
    }
    return;
  }
  QueuedBurst& burst = queue_.at(choice.burst);
  if (choice.command == DramCommand::pre) {
    ++counts_.precharges;
    burst.outcome = RowOutcome::conflict;
  } else {
    ++counts_.activates;
    if (burst.outcome == RowOutcome::hit) burst.outcome = RowOutcome::miss;
  }
  issue(choice.command, choice.bank, burst.row, 0, clock);
  queue_.row_changed(choice.bank);
  set_opened_for(choice.bank,
                 choice.command == DramCommand::act ? choice.burst : BurstQueue::kNone);
}

void DramChannel::set_opened_for(unsigned bank, std::int32_t burst) {
  const std::int32_t before = opened_for_[bank];
  if (before != BurstQueue::kNone) --opened_count_[opened_writes_[bank] ? 1 : 0];
  if (burst != BurstQueue::kNone) {
    opened_writes_[bank] = queue_.at(burst).write;
    ++opened_count_[opened_writes_[bank] ? 1 : 0];
  }
  opened_for_[bank] = burst;
  const std::uint64_t bit = std::uint64_t{1} << (bank % state_.banks_per_rank());
  std::uint64_t& mask = opened_[state_.rank_of(bank)];
  mask = burst == BurstQueue::kNone ? mask & ~bit : mask | bit;
}

// Those of the bank that are older than the one being served. None of them has been passed more
// often than the oldest, which was there all the time: the cap need only look at that one.
void DramChannel::count_passing(std::int32_t served) {
  const std::uint64_t order = queue_.at(served).order;
  for (const bool write : {false, true}) {
    if (write != queue_.at(served).write && !config_.unified_queue) continue;
    std::int32_t index = queue_.oldest(write, queue_.at(served).bank);
    while (index != BurstQueue::kNone && queue_.at(index).order < order) {
      ++queue_.at(index).passed;
      index = queue_.at(index).after;
    }
  }
}

void DramChannel::issue_column(const Choice& choice, DramClock clock) {
  const QueuedBurst burst = queue_.at(choice.burst);
  count_passing(choice.burst);
  queue_.remove(choice.burst);
  ++(burst.write ? counts_.writes : counts_.reads);
  BankCounts& counts = bank_counts_[burst.bank];
  ++(burst.outcome == RowOutcome::hit    ? counts.hits
     : burst.outcome == RowOutcome::miss ? counts.misses
                                         : counts.conflicts);
  const bool closes = closes_row(burst.bank);
  const DramCommand command = burst.write ? (closes ? DramCommand::wra : DramCommand::wr)
                                          : (closes ? DramCommand::rda : DramCommand::rd);
  issue(command, burst.bank, burst.row, burst.column, clock);
  if (closes) queue_.row_changed(burst.bank);
  if (closes || choice.burst == opened_for_[burst.bank]) {
    set_opened_for(burst.bank, BurstQueue::kNone);
  }
  const DramClock latency = burst.write ? t_.CWL : t_.CL;
  ends_.push_back({burst.request, clock + latency + burst_clocks_, burst.write});
}

// Asked once the burst is out of its queue.
bool DramChannel::closes_row(unsigned bank) const {
  const bool hit = queue_.oldest_hit(false, bank) != BurstQueue::kNone ||
                   queue_.oldest_hit(true, bank) != BurstQueue::kNone;
  const bool waits = queue_.oldest(false, bank) != BurstQueue::kNone ||
                     queue_.oldest(true, bank) != BurstQueue::kNone;
  switch (config_.page_policy) {
    case PagePolicy::open:
      return false;
    case PagePolicy::open_adaptive:
      return !hit && waits;
    case PagePolicy::closed:
      return true;
    case PagePolicy::closed_adaptive:
      return !hit;
  }
  return false;
}

void DramChannel::issue(DramCommand command, unsigned bank, std::uint32_t row, std::uint32_t column,
                        DramClock clock) {
  state_.issue(command, bank, row, clock);
  if (log_ != nullptr) log_->push_back({clock, command, bank, row, column});
}

}  // namespace epoch
