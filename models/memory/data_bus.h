// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace epoch {

// A data bus of fixed bandwidth that transfers one after the other. Integer arithmetic: the
// fraction of a picosecond that a transfer leaves is carried into the next, so a million
// back-to-back transfers take exactly as long as one of their total size.
class DataBus {
 public:
  explicit DataBus(std::uint64_t bytes_per_second) : bytes_per_second_(bytes_per_second) {}

  struct Slot {  // rounded up to whole picoseconds
    std::uint64_t start_ps;
    std::uint64_t end_ps;
  };
  // The first free slot from `arrival_ps` on; the next one begins where it ends.
  Slot reserve(std::uint64_t arrival_ps, std::uint64_t bytes);

  // Picoseconds for `bytes` on an idle bus, rounded up.
  std::uint64_t transfer_ps(std::uint64_t bytes) const;

 private:
  std::uint64_t bytes_per_second_;
  std::uint64_t free_ps_ = 0;    // whole picoseconds of the time from which the bus is free ...
  std::uint64_t free_part_ = 0;  // ... and the rest, in 1 / bytes_per_second picoseconds
};

}  // namespace epoch
