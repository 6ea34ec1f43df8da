// SPDX-License-Identifier: Apache-2.0
#include "memory/data_bus.h"

namespace epoch {

namespace {

// bytes * 1e12 exceeds 64 bits from 18 MB on.
__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t ps_per_second = 1'000'000'000'000;

}  // namespace

DataBus::Slot DataBus::reserve(std::uint64_t arrival_ps, std::uint64_t bytes) {
  if (arrival_ps > free_ps_) {
    free_ps_ = arrival_ps;
    free_part_ = 0;
  }
  Slot slot{free_ps_ + (free_part_ != 0 ? 1 : 0), 0};
  const Wide parts = static_cast<Wide>(bytes) * ps_per_second + free_part_;
  free_ps_ += static_cast<std::uint64_t>(parts / bytes_per_second_);
  free_part_ = static_cast<std::uint64_t>(parts % bytes_per_second_);
  slot.end_ps = free_ps_ + (free_part_ != 0 ? 1 : 0);
  return slot;
}

std::uint64_t DataBus::transfer_ps(std::uint64_t bytes) const {
  const Wide parts = static_cast<Wide>(bytes) * ps_per_second;
  return static_cast<std::uint64_t>((parts + bytes_per_second_ - 1) / bytes_per_second_);
}

}  // namespace epoch
