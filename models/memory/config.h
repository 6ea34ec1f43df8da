// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "memory/dram_controller/config.h"
#include "memory/dram_controller/device.h"

namespace epoch {

struct DramConfig {
  std::uint64_t size_bytes = std::uint64_t{512} << 20;
  double latency_ns = 60;                           // of the device `ideal`, as the next
  double gb_per_s = 25.6;                           // 1e9 bytes a second
  std::optional<DramDevice> device = std::nullopt;  // nullopt: ideal
  DramControllerConfig controller = {};             // of a real device
  unsigned queue_depth = 64;                        // transport at: accesses without an answer
};

struct RamConfig {
  std::uint64_t size = 64 * 1024;
  double latency_ns = 2;
  bool read_only = false;  // boot rom: bus writes are command errors, debug writes fill it
};

}  // namespace epoch
