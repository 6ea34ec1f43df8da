// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include <epochcore.h>
#include "common/register_bank.h"
#include "common/statistics.h"
#include "common/time_series.h"
#include "epochcore/pe_grid/array.h"

namespace epoch {

// Why an array cycle passed; in the order of the CAUSE_* counters of epochcore.h.
enum class Cause {
  useful,
  fill_drain,
  port_limited,
  coefficients,
  input_starved,
  output_blocked,
  dependency,
  command_wait,
  idle
};
const char* name_of(Cause cause);

// The COUNTER block: counts events, and gives every cycle of the array clock exactly one cause
// (array specification "Where the time went"): executing, else a transfer of coefficients or state,
// else what the command processor says. Counted by intervals between events, not cycle by cycle.
class Counters {
 public:
  enum Index {
#define EPOCH_X_INDEX(X, name, offset, unit, description) name,
    EPOCH_COUNTERS(EPOCH_X_INDEX, )
#undef EPOCH_X_INDEX
        COUNT
  };

  // `now` gives the simulated time, `period_ps` is the array clock's, both in picoseconds.
  Counters(std::function<std::uint64_t()> now, std::uint64_t period_ps)
      : now_(std::move(now)), period_ps_(period_ps) {}

  // An array command starts now; it takes over from the tail of the one before.
  void execute(const ArrayTiming& timing);
  void stop_execution();
  void set_transferring(bool transferring);
  // The cause while the array neither executes nor transfers.
  void set_waiting(Cause cause);

  void command_started();
  void command_retired();
  // From any process: the registers show it, and freeze and clear see it, from the next time on, so
  // that the order of processes does not matter.
  void add(Index index, std::uint64_t amount);

  std::uint64_t value(Index index) const;  // what the registers say
  std::uint64_t total(
      Index index) const;  // since the start of simulation: neither cleared nor frozen
  Cause cause() const;
  // The next cycle at which the cause changes by itself; 0 if it will not.
  std::uint64_t next_change() const;

  void record_series(const std::string& prefix, SeriesSet& set);
  void attach(RegisterBank& bank);  // the COUNTER registers
  void statistics(const std::string& prefix, Statistics& out) const;

 private:
  struct Phase {
    Cause cause;
    std::uint64_t end;  // cycle; never reached if not executing
  };
  using Values = std::array<std::uint64_t, COUNT>;

  Phase phase_at(std::uint64_t cycle) const;
  void advance() const;  // attributes the cycles up to now: bookkeeping, not a visible change
  void count(Index index, std::uint64_t amount) const;
  std::uint64_t cycle() const {
    return now_() / period_ps_;
  }
  void take_added() const;
  void control(std::uint32_t value);

  const std::function<std::uint64_t()> now_;
  const std::uint64_t period_ps_;
  mutable Values values_{};
  mutable Values totals_{};
  mutable Values added_{};  // at added_ps_, not in values_ yet
  mutable std::uint64_t added_ps_ = 0;
  mutable bool added_any_ = false;
  mutable std::uint64_t last_ = 0;  // cycles below are attributed
  bool frozen_ = false;
  bool transferring_ = false;
  Cause waiting_ = Cause::idle;
  std::uint64_t useful_end_ = 0;  // the running array command, in cycles
  std::uint64_t port_end_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t pes_ = 0;
  TimeSeries* useful_ = nullptr;
};

}  // namespace epoch
