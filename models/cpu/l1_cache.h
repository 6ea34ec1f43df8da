// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
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
  L1Cache(L1Cache&&) = default;  // a copy's recent_ would be the original's
  L1Cache(const L1Cache&) = delete;

  std::uint32_t line_bytes() const { return line_bytes_; }
  std::uint32_t line_of(std::uint32_t address) const { return address & ~(line_bytes_ - 1); }
  // Uses the line if it is there.
  bool hit(std::uint32_t address, bool write) {
    const std::uint32_t line = line_of(address);
    if (recent_->line != line && !find(line)) return false;
    recent_->dirty = recent_->dirty || write;
    return true;
  }
  // Brings the line in. The address of the one that has to be written back for it, if any.
  std::optional<std::uint32_t> fill(std::uint32_t address, bool write);
  void clear();

 private:
  static constexpr std::uint32_t kNoLine = 1;  // no multiple of any line's size

  struct Way {
    std::uint32_t line = kNoLine;
    bool dirty = false;
    std::uint64_t used = 0;  // when another line of the cache was used before it
  };
  Way* set_of(std::uint32_t line) { return &all_[(line >> line_shift_ & set_mask_) * ways_]; }
  bool find(std::uint32_t line);  // makes it recent_

  std::uint32_t line_bytes_, ways_, line_shift_, set_mask_;
  std::uint64_t uses_ = 0;
  std::vector<Way> all_;
  Way* recent_ = nullptr;  // the line used last: most accesses are to it
};

}  // namespace epoch
