// SPDX-License-Identifier: Apache-2.0
#include "cpu/l1_cache.h"

#include <algorithm>
#include <stdexcept>

namespace epoch {
namespace {

bool power_of_two(std::uint32_t value) {
  return value != 0 && (value & (value - 1)) == 0;
}

}  // namespace

L1Cache::L1Cache(const CacheConfig& config) : line_bytes_(config.line_bytes), ways_(config.ways) {
  const std::uint32_t size_bytes = config.size_kib * 1024;
  if (!power_of_two(line_bytes_) || !power_of_two(ways_) || !power_of_two(size_bytes) ||
      line_bytes_ < 4 || line_bytes_ > kLongestLine || size_bytes / line_bytes_ < ways_) {
    throw std::invalid_argument("cache: size, ways and line must be powers of two that fit");
  }
  sets_ = size_bytes / line_bytes_ / ways_;
  all_.resize(std::size_t{sets_} * ways_);
}

L1Cache::Way* L1Cache::set_of(std::uint32_t address) {
  return &all_[std::size_t{address / line_bytes_ % sets_} * ways_];
}

bool L1Cache::hit(std::uint32_t address, bool write) {
  Way* const set = set_of(address);
  for (Way* way = set; way != set + ways_; ++way) {
    if (!way->valid || way->line != line_of(address)) continue;
    way->dirty = way->dirty || write;
    way->used = ++uses_;
    return true;
  }
  return false;
}

std::optional<std::uint32_t> L1Cache::fill(std::uint32_t address, bool write) {
  Way* const set = set_of(address);
  Way& victim = *std::min_element(set, set + ways_,
                                  [](const Way& a, const Way& b) { return a.used < b.used; });
  std::optional<std::uint32_t> written_back;
  if (victim.valid && victim.dirty) written_back = victim.line;
  victim = {line_of(address), true, write, ++uses_};
  return written_back;
}

void L1Cache::clear() {
  std::fill(all_.begin(), all_.end(), Way{});
}

}  // namespace epoch
