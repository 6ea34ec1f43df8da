// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace epoch {

// "lw t1,0(t0)" for the bytes of one RISC-V instruction at `pc`, by the objdump of a RISC-V
// toolchain on PATH; "no disassembly: ..." where there is none.
std::string disassemble(std::uint32_t pc, const std::vector<std::uint8_t>& bytes);

// Bytes that the instruction starting with this halfword has: 2 or 4.
constexpr unsigned instruction_bytes(std::uint16_t first) {
  return (first & 3u) == 3u ? 4 : 2;
}

}  // namespace epoch
