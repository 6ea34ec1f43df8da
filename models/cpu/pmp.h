// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "cpu/trap.h"

namespace epoch {

enum class AccessKind : std::uint8_t { read = 1, write = 2, execute = 4 };  // bits of pmpcfg

// Physical memory protection (privileged specification v1.12, 3.7) at a granularity of four bytes.
// The registers of sixteen regions exist, as the specification wants them; those of regions that
// the hart does not have read zero.
class Pmp {
 public:
  static constexpr unsigned kMostRegions = 16;
  static constexpr std::uint32_t kConfig = 0x3a0, kAddress = 0x3b0;  // pmpcfg0, pmpaddr0

  explicit Pmp(unsigned regions) : count_(regions) {}

  static constexpr bool has(std::uint32_t csr) {
    return (csr >= kConfig && csr < kConfig + 4) ||
           (csr >= kAddress && csr < kAddress + kMostRegions);
  }
  std::uint32_t read(std::uint32_t csr) const;
  void write(std::uint32_t csr, std::uint32_t value);

  // An access of `bytes` in that mode. A region that holds only a part of it refuses it.
  bool allows(std::uint32_t address, std::uint32_t bytes, AccessKind kind, Privilege mode) const;
  // True: nothing is ever refused in this mode, whatever the address.
  bool allows_everything(Privilege mode) const {
    return count_ == 0 || (mode == Privilege::machine && !any_locked_);
  }

 private:
  struct Region {
    std::uint64_t first = 1;  // none if last < first
    std::uint64_t last = 0;   // inclusive
  };

  bool locked(unsigned n) const;
  bool address_locked(unsigned n) const;
  void write_config(unsigned n, std::uint8_t value);
  void update_regions();

  unsigned count_;
  std::array<std::uint8_t, kMostRegions> config_{};
  std::array<std::uint32_t, kMostRegions> address_{};
  std::array<Region, kMostRegions> regions_{};
  bool any_locked_ = false;
};

}  // namespace epoch
