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
  const std::uint32_t sets = size_bytes / line_bytes_ / ways_;
  line_shift_ = static_cast<std::uint32_t>(__builtin_ctz(line_bytes_));
  set_mask_ = sets - 1;
  all_.resize(std::size_t{sets} * ways_);
  recent_ = all_.data();
}

bool L1Cache::find(std::uint32_t line) {
  Way* const set = set_of(line);
  for (Way* way = set; way != set + ways_; ++way) {
    if (way->line != line) continue;
    way->used = ++uses_;
    recent_ = way;
    return true;
  }
  return false;
}

std::optional<std::uint32_t> L1Cache::fill(std::uint32_t address, bool write) {
  Way* const set = set_of(line_of(address));
  Way& victim = *std::min_element(set, set + ways_,
                                  [](const Way& a, const Way& b) { return a.used < b.used; });
  std::optional<std::uint32_t> written_back;
  if (victim.dirty) written_back = victim.line;
  victim = {line_of(address), write, ++uses_};
  recent_ = &victim;
  return written_back;
}

void L1Cache::clear() {
  std::fill(all_.begin(), all_.end(), Way{});
}

}  // namespace epoch
