// SPDX-License-Identifier: Apache-2.0
#include "epochcore/counters.h"

#include <algorithm>
#include <string>

#include <epochcore.h>

namespace epoch {

const char* name_of(Cause cause) {
  static const char* const names[] = {"useful",       "fill_drain",    "port_limited",
                                      "coefficients", "input_starved", "output_blocked",
                                      "dependency",   "command_wait",  "idle"};
  return names[static_cast<unsigned>(cause)];
}

Counters::Phase Counters::phase_at(std::uint64_t cycle) const {
  if (cycle < useful_end_) return {Cause::useful, useful_end_};
  if (cycle < port_end_) return {Cause::port_limited, port_end_};
  if (cycle < end_) return {Cause::fill_drain, end_};
  return {transferring_ ? Cause::coefficients : waiting_, ~std::uint64_t{0}};
}

void Counters::count(Index index, std::uint64_t amount) const {
  totals_[index] += amount;
  if (!frozen_) values_[index] += amount;
}

void Counters::advance() const {
  const std::uint64_t now = cycle();
  while (last_ < now) {
    const Phase phase = phase_at(last_);
    const std::uint64_t cycles = std::min(now, phase.end) - last_;
    count(CYCLES, cycles);
    count(static_cast<Index>(CAUSE_USEFUL + static_cast<unsigned>(phase.cause)), cycles);
    if (last_ < end_) count(PE_CYCLES, cycles * pes_);
    if (useful_ != nullptr && phase.cause == Cause::useful)
      useful_->add_interval(last_ * period_ps_, (last_ + cycles) * period_ps_);
    last_ += cycles;
  }
}

void Counters::execute(const ArrayTiming& timing) {
  advance();
  useful_end_ = last_ + timing.useful;
  port_end_ = useful_end_ + timing.port_limited;
  end_ = std::max(port_end_, last_ + timing.total);
  pes_ = timing.pes;
}

void Counters::stop_execution() {
  advance();
  useful_end_ = port_end_ = end_ = last_;
}

void Counters::set_transferring(bool transferring) {
  if (transferring == transferring_) return;
  advance();
  transferring_ = transferring;
}

void Counters::set_waiting(Cause cause) {
  if (cause == waiting_) return;
  advance();
  waiting_ = cause;
}

void Counters::command_started() {
  advance();
  if (!frozen_ && values_[FIRST_START] == 0) values_[FIRST_START] = values_[CYCLES] + 1;
  if (totals_[FIRST_START] == 0) totals_[FIRST_START] = totals_[CYCLES] + 1;
}

void Counters::command_retired() {
  advance();
  count(COMMANDS, 1);
  if (!frozen_) values_[LAST_RETIRE] = values_[CYCLES] + 1;
  totals_[LAST_RETIRE] = totals_[CYCLES] + 1;
}

void Counters::add(Index index, std::uint64_t amount) {
  take_added();
  totals_[index] += amount;
  added_[index] += amount;
  added_ps_ = now_();
  added_any_ = true;
}

// What was added at an earlier time goes where the registers see it.
void Counters::take_added() const {
  if (!added_any_ || added_ps_ == now_()) return;
  if (!frozen_)
    for (std::size_t i = 0; i < COUNT; ++i) values_[i] += added_[i];
  added_.fill(0);
  added_any_ = false;
}

std::uint64_t Counters::value(Index index) const {
  advance();
  take_added();
  return values_[index];
}

std::uint64_t Counters::total(Index index) const {
  advance();
  return totals_[index];
}

Cause Counters::cause() const {
  return phase_at(cycle()).cause;
}

std::uint64_t Counters::next_change() const {
  const Phase phase = phase_at(cycle());
  return phase.end == ~std::uint64_t{0} ? 0 : phase.end;
}

void Counters::control(std::uint32_t value) {
  advance();
  take_added();
  frozen_ = EPOCH_GET(value, COUNTER_CTRL, FREEZE) != 0;
  if (EPOCH_GET(value, COUNTER_CTRL, CLEAR) != 0) values_.fill(0);
}

void Counters::attach(RegisterBank& bank) {
  static constexpr std::uint32_t offsets[] = {
#define EPOCH_X_OFFSET(X, name, offset, unit, description) offset,
      EPOCH_COUNTERS(EPOCH_X_OFFSET, )
#undef EPOCH_X_OFFSET
  };
  for (unsigned i = 0; i < COUNT; ++i) {
    const auto index = static_cast<Index>(i);
    bank.on_read(offsets[i],
                 [this, index](unsigned) { return static_cast<std::uint32_t>(value(index)); });
    bank.on_read(offsets[i] + 4, [this, index](unsigned) {
      return static_cast<std::uint32_t>(value(index) >> 32);
    });
  }
  bank.on_read(EPOCH_REG_COUNTER_CTRL,
               [this](unsigned) { return EPOCH_PUT(frozen_ ? 1 : 0, COUNTER_CTRL, FREEZE); });
  bank.on_write(EPOCH_REG_COUNTER_CTRL, [this](unsigned, std::uint32_t value) { control(value); });
}

void Counters::record_series(const std::string& prefix, SeriesSet& set) {
  useful_ = &set.add(prefix + ".array_utilisation", "1",
                     "Share of time in cycles whose cause is useful", SeriesValue::mean);
  set.before_reading([this] { advance(); });
}

void Counters::statistics(const std::string& prefix, Statistics& out) const {
  static constexpr struct {
    const char* name;
    const char* unit;
    const char* description;
  } rows[] = {
#define EPOCH_X_ROW(X, name, offset, unit, description) {#name, unit, description},
      EPOCH_COUNTERS(EPOCH_X_ROW, )
#undef EPOCH_X_ROW
  };
  for (unsigned i = 0; i < COUNT; ++i) {
    const std::string description = rows[i].description;
    std::string name = rows[i].name;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    out.push_back({prefix + "." + name, total(static_cast<Index>(i)), rows[i].unit,
                   description + " (never cleared or frozen)"});
  }
}

}  // namespace epoch
