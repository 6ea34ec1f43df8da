// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "epochcore/command.h"

namespace epoch::test {

// A second definition of a race, by exploring every execution: a machine whose state is how many
// commands are fetched, and of each engine how many have started and ended. From every reachable
// state all legal steps are taken. Two accesses are ordered if no reachable state shows the second
// begun and the first not finished, or none the other way round. Shares nothing with the checker.
struct ExploredAccess {
  unsigned space;
  std::uint64_t begin, end;
  bool is_write;
};
struct ExploredCommand {
  unsigned engine;  // EPOCH_ENGINE_*
  bool fence = false;
  std::vector<unsigned> waits, signals;
  std::vector<ExploredAccess> accesses;
};
using Program = std::vector<ExploredCommand>;
using Pairs = std::set<std::pair<std::size_t, std::size_t>>;

struct Explored {
  Pairs races;
  bool ends = false;      // some execution runs all commands
  bool may_stop = false;  // some execution stops before
};
Explored explore(const Program& program);

}  // namespace epoch::test
