// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "report/event_trace.h"

namespace epoch {

// Amounts by window of simulated time, as a counter of the trace: its value is the amount in the
// window, so a sum over windows is the whole. Amounts may come out of order; advance() says up to
// where they are complete.
template <std::size_t series>
class WindowCounter {
 public:
  static constexpr std::uint64_t kWindowPs = 1'000'000;  // 1 us: a byte a window is 1 MB/s
  using Amounts = std::array<std::uint64_t, series>;
  using Names = std::array<const char*, series>;

  // `text` makes the number that the counter shows out of an amount.
  using Text = std::string (*)(std::uint64_t amount);

  WindowCounter(
      EventTrace& out, EventTrace::Track track, const Names& names,
      Text text = [](std::uint64_t amount) { return std::to_string(amount); })
      : out_(out), track_(track), names_(names), text_(text) {}

  void add(std::size_t which, std::uint64_t time_ps, std::uint64_t amount) {
    if (amount != 0) windows_[time_ps / kWindowPs][which] += amount;
  }
  // An amount that is time: every window gets the picoseconds in it.
  void add_span(std::size_t which, std::uint64_t from_ps, std::uint64_t to_ps) {
    while (from_ps < to_ps) {
      const std::uint64_t end = std::min(to_ps, (from_ps / kWindowPs + 1) * kWindowPs);
      add(which, from_ps, end - from_ps);
      from_ps = end;
    }
  }
  void advance(std::uint64_t now_ps) {
    while (!windows_.empty() && (windows_.begin()->first + 1) * kWindowPs <= now_ps) write_first();
  }
  void finish() {
    while (!windows_.empty()) write_first();
    if (next_ != 0) put(next_, {});
  }

 private:
  void write_first() {
    const auto first = windows_.begin();
    if (next_ != 0 && first->first != next_) put(next_, {});  // nothing in the windows between
    put(first->first, first->second);
    next_ = first->first + 1;
    windows_.erase(first);
  }
  void put(std::uint64_t window, const Amounts& amounts) {
    TraceArguments values;
    for (std::size_t i = 0; i < series; ++i) values.add_json(names_[i], text_(amounts[i]));
    out_.count(track_, window * kWindowPs, values.take());
  }

  EventTrace& out_;
  const EventTrace::Track track_;
  const Names names_;
  const Text text_;
  std::map<std::uint64_t, Amounts> windows_;
  std::uint64_t next_ = 0;  // window behind the last one written
};

}  // namespace epoch
