// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace epoch {

// How long interrupts wait for the hart: from the moment in which an input is up and the hart would
// take it to its trap. What firmware masks is firmware's own time and does not count.
class InterruptLatency {
 public:
  // Input `number` of mip changed.
  void level(unsigned number, bool up, std::uint64_t ps) {
    if (up) since_[number].up = ps;
  }
  // What the hart takes from here on, as bits of mip.
  void takeable(std::uint32_t mask, std::uint64_t ps) {
    for (unsigned number = 0; number < kInputs; ++number)
      if ((mask & ~takeable_) >> number & 1u) since_[number].takeable = ps;
    takeable_ = mask;
  }
  void taken(unsigned number, std::uint64_t ps) {
    const std::uint64_t since = std::max(since_[number].up, since_[number].takeable);
    const std::uint64_t waited = ps - std::min(since, ps);
    ++count_;
    total_ps_ += waited;
    longest_ps_ = std::max(longest_ps_, waited);
    takeable_ = 0;  // the trap masks all of them
  }

  double mean_ps() const {
    return count_ == 0 ? 0 : static_cast<double>(total_ps_) / static_cast<double>(count_);
  }
  std::uint64_t longest_ps() const { return longest_ps_; }

 private:
  static constexpr unsigned kInputs = 12;  // mip's bits up to MEI
  struct Since {
    std::uint64_t up = 0, takeable = 0;
  };
  std::array<Since, kInputs> since_{};
  std::uint32_t takeable_ = 0;
  std::uint64_t count_ = 0, total_ps_ = 0, longest_ps_ = 0;
};

}  // namespace epoch
