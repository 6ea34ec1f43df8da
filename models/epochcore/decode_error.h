// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "epochcore/command.h"

namespace epoch {

// Helpers of the decoder's three files.

constexpr DecodeError no_error{};

inline DecodeError refuse(std::uint32_t code, std::uint64_t address = 0, std::uint64_t length = 0) {
  return {code, address, static_cast<std::uint32_t>(std::min<std::uint64_t>(length, 0xFFFFFFFFu))};
}

inline bool failed(const DecodeError& error) {
  return error.code != EPOCH_ERROR_NONE;
}

inline LocalTile tile_of(std::uint32_t address, std::uint64_t rows, std::uint64_t row_bytes,
                         std::uint32_t stride) {
  return {address, static_cast<std::uint32_t>(rows), static_cast<std::uint32_t>(row_bytes),
          static_cast<std::int32_t>(stride)};
}

// A destination may be exactly a source, or share no byte with it.
inline DecodeError check_overlap(const LocalTile& source, const LocalTile& destination) {
  if (source.rows == 0 || source == destination || !tiles_overlap(source, destination))
    return no_error;
  return refuse(EPOCH_ERROR_OVERLAP, destination.address, destination.bytes());
}

inline bool has_bit(std::uint32_t bits, std::uint32_t number) {
  return number < 32 && (bits >> number & 1u) != 0;
}

}  // namespace epoch
