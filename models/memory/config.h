// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace epoch {

struct DramConfig {
  std::uint64_t size_bytes = std::uint64_t{512} << 20;
  double latency_ns = 60;
  double gb_per_s = 25.6;     // 1e9 bytes a second
  unsigned queue_depth = 64;  // transport at: accesses accepted and not answered
};

struct RamConfig {
  std::uint64_t size = 64 * 1024;
  double latency_ns = 2;
  bool read_only = false;  // boot rom: bus writes are command errors, debug writes fill it
};

}  // namespace epoch
