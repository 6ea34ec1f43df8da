// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <tlm>

namespace epoch {

// Extension of the sockets between an engine and a scratchpad: the payload moves `rows` rows of
// `row_bytes`, packed in the data pointer, `stride` bytes apart in the buffer from the payload's
// address on (negative strides run down). Without it the payload is one contiguous row.
struct TileAccess : tlm::tlm_extension<TileAccess> {
  std::uint32_t rows = 1;
  std::uint32_t row_bytes = 0;
  std::int64_t stride = 0;

  tlm::tlm_extension_base* clone() const override { return new TileAccess(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const TileAccess&>(other);
  }
};

}  // namespace epoch
