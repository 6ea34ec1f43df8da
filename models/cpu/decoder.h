// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "cpu/instruction.h"

namespace epoch {

// Whether an instruction that starts with this halfword is 16 bits long.
constexpr bool is_compressed(std::uint32_t low_half) {
  return (low_half & 3u) != 3u;
}

// Decodes either form; the upper half is ignored if the instruction is compressed. What the
// unprivileged specification (20191213) reserves, or this hart lacks, decodes to Op::illegal.
Instruction decode(std::uint32_t bits);

}  // namespace epoch
