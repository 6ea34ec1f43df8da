// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <vector>

#include "epochcore/pe_grid/array.h"
#include "epochcore/pe_grid/line.h"
#include "epochcore/pe_grid/registers.h"

namespace epoch {

// dplr's network of a segment, clock by clock: takes the rows' shares of s or y, sums them on its
// way, and gives the sum to all rows (s) or to the drain (y). Sums follow each other through it.
class CycleNetwork {
 public:
  struct Sum {
    bool feedback = false;  // s; else y
    unsigned fold = 0, slot = 0;
    Clock step = 0;
    Clock entered = 0;
    unsigned count = 0;      // rows not yet summed (tree), summed (systolic)
    std::vector<Line> rows;  // [row][line] of those with modes; the sum ends in the first
  };

  // `latency` from the shares' entry to the sum's delivery; rows of `row_lines` lines.
  CycleNetwork(const ArrayConfig& config, unsigned latency, unsigned row_lines)
      : reduce_(config.reduce),
        level_cycles_(config.add_latency > 1 ? config.add_latency : 1),
        row_cycles_(config.hop + config.add_latency),
        latency_(latency),
        row_lines_(row_lines) {}

  void enter(Sum sum);
  // Moves what is on its way; the oldest sum, if it is there at `now`, else null.
  void clock(Clock now);
  const Sum* arrived(Clock now) const;
  void remove() { sums_.pop_front(); }

 private:
  void advance(Sum& sum, Clock age) const;

  const Reduce reduce_;
  const Clock level_cycles_, row_cycles_, latency_;
  const unsigned row_lines_;
  std::deque<Sum> sums_;
};

}  // namespace epoch
