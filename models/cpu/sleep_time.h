// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace epoch {

// How long a processor has slept, the sleep under way included. Times in picoseconds.
class SleepTime {
 public:
  void begin(std::uint64_t now) { since_ = now; }
  void end(std::uint64_t now) {
    slept_ = total(now);
    since_.reset();
  }
  bool asleep() const { return since_.has_value(); }
  std::uint64_t total(std::uint64_t now) const { return slept_ + (since_ ? now - *since_ : 0); }

 private:
  std::uint64_t slept_ = 0;
  std::optional<std::uint64_t> since_;
};

}  // namespace epoch
