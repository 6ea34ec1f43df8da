// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace epoch {

// As encoded in mstatus.MPP.
enum class Privilege : std::uint8_t { user = 0, machine = 3 };

// mcause values (privileged specification v1.12, table 3.6).
namespace cause {
constexpr std::uint32_t instruction_access_fault = 1;
constexpr std::uint32_t illegal_instruction = 2;
constexpr std::uint32_t breakpoint = 3;
constexpr std::uint32_t load_address_misaligned = 4;
constexpr std::uint32_t load_access_fault = 5;
constexpr std::uint32_t store_address_misaligned = 6;
constexpr std::uint32_t store_access_fault = 7;
constexpr std::uint32_t ecall_from_u = 8;
constexpr std::uint32_t ecall_from_m = 11;
constexpr std::uint32_t interrupt = 0x80000000u;
}  // namespace cause

// Interrupt numbers: bit positions in mip and mie, codes in mcause.
constexpr unsigned kSoftwareInterrupt = 3;
constexpr unsigned kTimerInterrupt = 7;
constexpr unsigned kExternalInterrupt = 11;

// A trap as its taker finds it: what was written to mcause, mepc and mtval, and the registers.
struct TrapInfo {
  std::uint32_t cause = 0;
  std::uint32_t pc = 0;
  std::uint32_t tval = 0;
  std::array<std::uint32_t, 32> x{};
};

}  // namespace epoch
