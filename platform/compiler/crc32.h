// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace epoch {

// CRC-32 of IEEE 802.3 (reflected, polynomial 04C11DB7): "123456789" gives CBF43926.
std::uint32_t crc32(const std::uint8_t* bytes, std::size_t size);

}  // namespace epoch
