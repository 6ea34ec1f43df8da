// SPDX-License-Identifier: Apache-2.0
#include "compiler/crc32.h"

#include <array>

namespace epoch {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t value = 0; value < 256; ++value) {
    std::uint32_t remainder = value;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = remainder >> 1 ^ (remainder & 1 ? 0xEDB88320u : 0u);
    }
    table[value] = remainder;
  }
  return table;
}

constexpr auto table = make_table();

}  // namespace

std::uint32_t crc32(const std::uint8_t* bytes, std::size_t size) {
  std::uint32_t remainder = 0xFFFFFFFFu;
  for (std::size_t i = 0; i < size; ++i) {
    remainder = remainder >> 8 ^ table[(remainder ^ bytes[i]) & 0xFFu];
  }
  return ~remainder;
}

}  // namespace epoch
