// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace epoch {

// Addresses and strides of a descriptor can span more than 64 bits signed.
__extension__ using Wide = __int128;

// Rows of a tile in a buffer: row r is row_bytes at address + r * stride. No rows: no tile.
struct LocalTile {
  std::uint32_t address = 0;  // EPOCH_LOCAL
  std::uint32_t rows = 0;
  std::uint32_t row_bytes = 0;
  std::int32_t stride = 0;

  std::uint64_t bytes() const { return std::uint64_t{rows} * row_bytes; }
  bool operator==(const LocalTile& other) const;
};

// Whether two tiles share a byte; exact for any strides.
bool tiles_overlap(const LocalTile& a, const LocalTile& b);

// Bytes [low, high) of an address space.
struct Hull {
  Wide low;
  Wide high;
};
// Bytes that `count` pieces, `stride` apart, can reach; those of a tile, as offsets in its buffer.
Hull stretch(Hull piece, std::uint64_t count, std::int32_t stride);
Hull hull_of(const LocalTile& tile);

}  // namespace epoch
