// SPDX-License-Identifier: Apache-2.0
#include "cpu/pmp.h"

namespace epoch {
namespace {

// Fields of a configuration byte (figure 3.34).
constexpr unsigned kRead = 1, kWrite = 2, kExecute = 4, kMatch = 3u << 3, kLock = 1u << 7;
constexpr unsigned kTor = 1u << 3, kNa4 = 2u << 3, kNapot = 3u << 3;

}  // namespace

bool Pmp::locked(unsigned n) const {
  return n < count_ && (config_[n] & kLock) != 0;
}

// A locked region that reaches up from the address below it locks that address too.
bool Pmp::address_locked(unsigned n) const {
  return locked(n) || (locked(n + 1) && (config_[n + 1] & kMatch) == kTor);
}

std::uint32_t Pmp::read(std::uint32_t csr) const {
  if (csr >= kAddress) return address_[csr - kAddress];
  const unsigned first = 4 * (csr - kConfig);
  std::uint32_t value = 0;
  for (unsigned n = 0; n < 4; ++n) {
    value |= static_cast<std::uint32_t>(config_[first + n]) << 8 * n;
  }
  return value;
}

void Pmp::write(std::uint32_t csr, std::uint32_t value) {
  if (csr >= kAddress) {
    const unsigned n = csr - kAddress;
    if (n < count_ && !address_locked(n)) address_[n] = value;
  } else {
    const unsigned first = 4 * (csr - kConfig);
    for (unsigned n = 0; n < 4; ++n) {
      write_config(first + n, static_cast<std::uint8_t>(value >> 8 * n));
    }
  }
  update_regions();
}

// Writable but not readable is reserved: such a region permits nothing.
void Pmp::write_config(unsigned n, std::uint8_t value) {
  if (n >= count_ || locked(n)) return;
  unsigned config = value & (kRead | kWrite | kExecute | kMatch | kLock);
  if ((config & (kRead | kWrite)) == kWrite) config &= ~(kRead | kWrite | kExecute);
  config_[n] = static_cast<std::uint8_t>(config);
}

void Pmp::update_regions() {
  any_locked_ = false;
  for (unsigned n = 0; n < count_; ++n) {
    any_locked_ = any_locked_ || locked(n);
    const std::uint64_t address = std::uint64_t{address_[n]} << 2;
    // The trailing ones of a NAPOT address and the zero above them are size, not address.
    const std::uint64_t size_bits = (std::uint64_t{address_[n] ^ (address_[n] + 1ull)} << 2) | 3;
    switch (config_[n] & kMatch) {
      case kTor: {
        const std::uint64_t below = n == 0 ? 0 : std::uint64_t{address_[n - 1]} << 2;
        regions_[n] = address > below ? Region{below, address - 1} : Region{};
        break;
      }
      case kNa4:
        regions_[n] = {address, address + 3};
        break;
      case kNapot:
        regions_[n] = {address & ~size_bits, address | size_bits};
        break;
      default:
        regions_[n] = Region{};
        break;
    }
  }
}

bool Pmp::allows(std::uint32_t address, std::uint32_t bytes, AccessKind kind,
                 Privilege mode) const {
  if (allows_everything(mode)) return true;
  const std::uint64_t first = address;
  const std::uint64_t last = first + (bytes - 1);
  for (unsigned n = 0; n < count_; ++n) {
    const Region& region = regions_[n];
    if (region.last < region.first || last < region.first || first > region.last) continue;
    if (first < region.first || last > region.last) return false;
    if (mode == Privilege::machine && !locked(n)) return true;
    return (config_[n] & static_cast<unsigned>(kind)) != 0;
  }
  return mode == Privilege::machine;
}

}  // namespace epoch
