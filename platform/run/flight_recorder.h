// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "report/access_text.h"

namespace epoch {

// The latest `capacity` of what was pushed.
template <typename T, std::size_t capacity>
class LastOf {
 public:
  void push(const T& item) { items_[pushed_++ % capacity] = item; }
  std::vector<T> oldest_first() const {
    std::vector<T> items;
    for (std::uint64_t i = pushed_ > capacity ? pushed_ - capacity : 0; i < pushed_; ++i) {
      items.push_back(items_[i % capacity]);
    }
    return items;
  }
  std::uint64_t pushed() const { return pushed_; }

 private:
  std::array<T, capacity> items_{};
  std::uint64_t pushed_ = 0;
};

// A command with the times of its steps; those that have not come are absent.
struct RecordedCommand {
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  unsigned device = 0;  // instance
  CommandView command;
  std::uint64_t fetched_ps = 0;
  std::uint64_t started_ps = kNever;
  std::uint64_t ended_ps = kNever;  // retired or dropped
};

// Remembers the last of what happened in every run, for the post-mortem of one that fails.
class FlightRecorder {
 public:
  static constexpr std::size_t kRegisterAccesses = 256;
  static constexpr std::size_t kMemoryAccesses = 64;
  static constexpr std::size_t kCommands = 64;  // and all that are still in flight

  void register_access(const RecordedAccess& access) { registers_.push(access); }
  void memory_access(const RecordedAccess& access) { memories_.push(access); }
  void command(std::uint64_t time_ps, unsigned device, const CommandView& command);

  std::vector<RecordedAccess> register_accesses() const { return registers_.oldest_first(); }
  std::vector<RecordedAccess> memory_accesses() const { return memories_.oldest_first(); }
  const std::deque<RecordedCommand>& commands() const { return commands_; }

 private:
  LastOf<RecordedAccess, kRegisterAccesses> registers_;
  LastOf<RecordedAccess, kMemoryAccesses> memories_;
  std::deque<RecordedCommand> commands_;
};

}  // namespace epoch
