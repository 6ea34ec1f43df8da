// SPDX-License-Identifier: Apache-2.0
#include "epochcore/tile.h"

#include <algorithm>

#include <epochcore.h>

namespace epoch {

namespace {

// The rows of a tile as equally long intervals with ascending starts.
struct Rows {
  std::int64_t first;
  std::int64_t step;
  std::uint64_t count;
  std::int64_t length;

  explicit Rows(const LocalTile& tile)
      : first(EPOCH_LOCAL_OFFSET(tile.address)),
        step(tile.stride),
        count(tile.stride == 0 ? 1 : tile.rows),
        length(tile.row_bytes) {
    if (step < 0) {
      first += step * static_cast<std::int64_t>(count - 1);
      step = -step;
    }
  }
  std::int64_t at(std::uint64_t row) const { return first + step * static_cast<std::int64_t>(row); }
};

bool rows_meet(const Rows& a, const Rows& b) {
  std::uint64_t i = 0;
  std::uint64_t j = 0;
  while (i < a.count && j < b.count) {
    if (a.at(i) + a.length <= b.at(j)) {
      ++i;
    } else if (b.at(j) + b.length <= a.at(i)) {
      ++j;
    } else {
      return true;
    }
  }
  return false;
}

}  // namespace

Hull stretch(Hull piece, std::uint64_t count, std::int32_t stride) {
  const Wide reach = Wide{stride} * static_cast<Wide>(count - 1);
  return {piece.low + std::min<Wide>(reach, 0), piece.high + std::max<Wide>(reach, 0)};
}

Hull hull_of(const LocalTile& tile) {
  const Wide first = EPOCH_LOCAL_OFFSET(tile.address);
  return stretch({first, first + tile.row_bytes}, tile.rows, tile.stride);
}

bool LocalTile::operator==(const LocalTile& other) const {
  return address == other.address && rows == other.rows && row_bytes == other.row_bytes &&
         (stride == other.stride || rows <= 1);
}

bool tiles_overlap(const LocalTile& a, const LocalTile& b) {
  if (a.rows == 0 || b.rows == 0) return false;
  if (EPOCH_LOCAL_BUFFER(a.address) != EPOCH_LOCAL_BUFFER(b.address)) return false;
  const Hull hull_a = hull_of(a);
  const Hull hull_b = hull_of(b);
  if (hull_a.high <= hull_b.low || hull_b.high <= hull_a.low) return false;
  return rows_meet(Rows(a), Rows(b));
}

}  // namespace epoch
