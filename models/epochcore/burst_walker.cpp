// SPDX-License-Identifier: Apache-2.0
#include "epochcore/burst_walker.h"

#include <algorithm>
#include <utility>

namespace epoch {

namespace {

constexpr std::uint64_t boundary_bytes = 4096;

bool contiguous(std::int32_t bus_stride, std::int32_t local_stride, std::uint64_t bytes) {
  return bus_stride >= 0 && bus_stride == local_stride &&
         static_cast<std::uint64_t>(bus_stride) == bytes;
}

std::uint64_t offset_of(std::uint32_t count, std::int32_t stride) {
  return static_cast<std::uint64_t>(std::int64_t{stride} * std::int64_t{count});
}

}  // namespace

BurstWalker::BurstWalker(const DmaWork& work, std::uint32_t burst_bytes,
                         std::vector<std::uint32_t> indices)
    : work_(work), burst_bytes_(burst_bytes), indices_(std::move(indices)) {
  if (!indices_.empty()) return;
  if (contiguous(work_.bus_row_stride, work_.local_row_stride, work_.row_bytes)) {
    work_.row_bytes *= work_.rows;
    work_.rows = 1;
  }
  if (work_.rows == 1 &&
      contiguous(work_.bus_plane_stride, work_.local_plane_stride, work_.row_bytes)) {
    work_.row_bytes *= work_.planes;
    work_.planes = 1;
  }
}

Burst BurstWalker::next() {
  const std::uint32_t bus_row = indices_.empty() ? row_ : indices_[row_];
  const std::uint64_t bus = work_.bus + offset_of(plane_, work_.bus_plane_stride) +
                            offset_of(bus_row, work_.bus_row_stride) + byte_;
  const std::uint64_t local = work_.local + offset_of(plane_, work_.local_plane_stride) +
                              offset_of(row_, work_.local_row_stride) + byte_;
  const std::uint64_t to_boundary = boundary_bytes - bus % boundary_bytes;
  const auto bytes = static_cast<std::uint32_t>(
      std::min<std::uint64_t>({burst_bytes_, work_.row_bytes - byte_, to_boundary}));
  byte_ += bytes;
  if (byte_ == work_.row_bytes) {
    byte_ = 0;
    if (++row_ == work_.rows) {
      row_ = 0;
      ++plane_;
    }
  }
  return {bus, static_cast<std::uint32_t>(local), bytes};
}

}  // namespace epoch
