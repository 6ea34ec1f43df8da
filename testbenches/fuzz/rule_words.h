// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace epoch::fuzz {

// Small things that the files of DescriptorRules share.

inline bool bit(std::uint32_t set, std::uint32_t number) {
  return number < 32 && (set >> number & 1u) != 0;
}

// Bytes of an element by EPOCH_TYPE_*: fp32, bf16, bf16d, int8.
inline std::uint64_t own_bytes(std::uint32_t type) {
  constexpr std::uint64_t bytes[] = {4, 2, 2, 1};
  return bytes[type];
}

inline std::uint64_t at_least_one(std::uint64_t number) {
  return number == 0 ? 1 : number;
}

}  // namespace epoch::fuzz
