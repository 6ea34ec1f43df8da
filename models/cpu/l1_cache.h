// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cpu/config.h"

namespace epoch {

// The tags of a set-associative write-back cache with LRU replacement: which lines it would hold,
// and which of them it would have to write back. The data stay in memory.
class L1Cache {
 public:
  explicit L1Cache(const CacheConfig& config);

  std::uint32_t line_bytes() const { return line_bytes_; }
  std::uint32_t line_of(std::uint32_t address) const { return address & ~(line_bytes_ - 1); }
  // Uses the line if it is there.
  bool hit(std::uint32_t address, bool write);
  // Brings the line in. The address of the one that has to be written back for it, if any.
  std::optional<std::uint32_t> fill(std::uint32_t address, bool write);
  void clear();

 private:
  struct Way {
    std::uint32_t line = 0;
    bool valid = false;
    bool dirty = false;
    std::uint64_t used = 0;
  };
  Way* set_of(std::uint32_t address);

  std::uint32_t line_bytes_, ways_, sets_;
  std::uint64_t uses_ = 0;
  std::vector<Way> all_;
};

}  // namespace epoch
