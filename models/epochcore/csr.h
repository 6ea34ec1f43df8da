// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "common/register_bank.h"
#include "epochcore/config.h"

namespace epoch {

// The register table of firmware/include/epochcore.h.
std::vector<Register> epoch_registers();

// An error for the ERROR_* registers.
struct ErrorReport {
  std::uint32_t code = EPOCH_ERROR_NONE;
  std::uint32_t sequence = 0;
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint16_t context = 0;
};

// Control and status registers: the bank with CAPS filled in, the interrupt and the first error.
// The command processor and the counters attach the registers that are theirs.
class Csr {
 public:
  // `now` gives the simulated time in picoseconds.
  Csr(const EpochCoreConfig& config, std::function<std::uint64_t()> now);
  Csr(const Csr&) = delete;
  Csr& operator=(const Csr&) = delete;

  RegisterBank& bank() { return bank_; }
  const RegisterBank& bank() const { return bank_; }

  // Sets bits of IRQ_STATUS, enabled or not. A W1C at the same time does not clear them.
  void raise(std::uint32_t bits);
  // Fills ERROR_* and raises error, unless an earlier error is still there. One that comes at the
  // time of that one's W1C takes its place, whichever of the two is called first.
  void report(const ErrorReport& error);

  bool interrupt_line() const;
  bool error_pending() const;
  bool numeric_trap() const;
  // Called when interrupt_line() may have changed.
  void on_interrupt(std::function<void()> function) { on_interrupt_ = std::move(function); }

 private:
  void fill_caps(const EpochCoreConfig& config);
  void clear_interrupts(std::uint32_t bits);
  void fill_error(const ErrorReport& error);
  void interrupt_changed() {
    if (on_interrupt_) on_interrupt_();
  }

  RegisterBank bank_;
  std::function<std::uint64_t()> now_;
  std::function<void()> on_interrupt_;
  std::array<std::uint64_t, 32> raised_at_;  // picoseconds, per bit of IRQ_STATUS
  ErrorReport second_error_;                 // came while another was pending
  std::uint64_t second_error_at_;
};

}  // namespace epoch
