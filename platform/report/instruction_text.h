// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace epoch {

// What an instruction is and which effects of it can be told, for a trace of instructions.
struct InstructionText {
  std::string mnemonic;          // that of the 32-bit form: c.addi is addi
  std::string operands;          // "a0,a1,-16"; "-" if there are none
  bool writes_register = false;  // x[rd]
  bool writes_float = false;     // f[rd]
  bool reads_memory = false;     // at x[rs1] + imm
  bool writes_memory = false;
};

// `bits` as they stand at `pc`; targets of jumps and branches are addresses.
InstructionText instruction_text(std::uint32_t pc, std::uint32_t bits);

}  // namespace epoch
