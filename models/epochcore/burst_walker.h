// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "epochcore/command.h"

namespace epoch {

// One bus transaction of a DMA command and its place in the buffer.
struct Burst {
  std::uint64_t bus = 0;
  std::uint32_t local = 0;  // EPOCH_LOCAL
  std::uint32_t bytes = 0;
};

// Cuts a 3-D strided transfer into bursts, plane by plane and row by row: at most `burst_bytes`
// each, none across a 4 KiB boundary of the bus (AXI's rule). Rows that are contiguous on both
// sides are joined first, unless they are gathered.
class BurstWalker {
 public:
  BurstWalker() = default;
  // GATHER: row r is row indices[r] of the table.
  BurstWalker(const DmaWork& work, std::uint32_t burst_bytes,
              std::vector<std::uint32_t> indices = {});

  bool done() const { return plane_ == work_.planes; }
  Burst next();

 private:
  DmaWork work_;
  std::uint32_t burst_bytes_ = 0;
  std::vector<std::uint32_t> indices_;
  std::uint32_t plane_ = 0;
  std::uint32_t row_ = 0;
  std::uint32_t byte_ = 0;
};

}  // namespace epoch
