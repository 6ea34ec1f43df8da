// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace epoch {

// Target memory that the hart may access by itself, without a bus transaction.
struct DirectRegion {
  std::uint32_t first = 0;
  std::uint32_t last = 0;        // inclusive
  std::uint8_t* host = nullptr;  // where `first` lives
  bool readable = false;
  bool writable = false;
};

struct BusReply {
  bool ok = false;
  bool direct = false;      // asking direct_region() for this address may pay
  std::uint64_t stall = 0;  // cycles the hart stood still
};

// All that a hart asks of its surroundings. Hart::cycles() and Hart::pc() are exact in each call.
class HartBus {
 public:
  virtual ~HartBus() = default;
  // Naturally aligned accesses of 1, 2 or 4 bytes (fetches: 2), little endian.
  virtual BusReply read(std::uint32_t address, std::uint8_t* data, unsigned bytes) = 0;
  virtual BusReply write(std::uint32_t address, const std::uint8_t* data, unsigned bytes) = 0;
  virtual BusReply fetch(std::uint32_t address, std::uint8_t* data) = 0;
  // The traffic of a cache that keeps tags only: a line of directly accessible memory is read, or
  // is written with what it holds.
  virtual BusReply transfer_line(std::uint32_t address, unsigned bytes, bool write) = 0;
  virtual std::optional<DirectRegion> direct_region(std::uint32_t address, bool write) = 0;
  virtual std::uint64_t time() = 0;        // now, in ticks of the timebase
  virtual std::uint32_t interrupts() = 0;  // levels now, as bits of mip
};

}  // namespace epoch
