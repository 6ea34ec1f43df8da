// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/cycle_network.h"

#include <utility>

namespace epoch {

void CycleNetwork::enter(Sum sum) {
  if (reduce_ == Reduce::systolic) {
    // The chain of adders begins with +0 above the first row.
    sum.rows.insert(sum.rows.begin(), row_lines_, Line{});
    sum.count = 0;
  } else {
    sum.count = static_cast<unsigned>(sum.rows.size() / row_lines_);
  }
  sums_.push_back(std::move(sum));
}

void CycleNetwork::clock(Clock now) {
  for (Sum& sum : sums_) advance(sum, now - sum.entered);
}

const CycleNetwork::Sum* CycleNetwork::arrived(Clock now) const {
  return !sums_.empty() && now - sums_.front().entered == latency_ ? &sums_.front() : nullptr;
}

// Not inlined: the arithmetic stays inside the caller's FlushToZero scope.
__attribute__((noinline)) void CycleNetwork::advance(Sum& sum, Clock age) const {
  const auto add = [&](unsigned to, unsigned left, unsigned right) {
    for (unsigned i = 0; i < row_lines_; ++i)
      for (unsigned lane = 0; lane < kLanes; ++lane)
        sum.rows[to * row_lines_ + i].lane[lane] = sum.rows[left * row_lines_ + i].lane[lane] +
                                                   sum.rows[right * row_lines_ + i].lane[lane];
  };
  if (reduce_ == Reduce::systolic) {
    const auto rows = static_cast<unsigned>(sum.rows.size() / row_lines_) - 1;
    if (age == 0 || age % row_cycles_ != 0 || sum.count == rows) return;
    ++sum.count;
    add(0, 0, sum.count);
    return;
  }
  if (age == 0 || age % level_cycles_ != 0 || sum.count <= 1) return;
  // Adjacent rows pairwise; an odd one passes up.
  for (unsigned pair = 0; pair < sum.count / 2; ++pair) add(pair, 2 * pair, 2 * pair + 1);
  if (sum.count % 2 != 0)
    for (unsigned i = 0; i < row_lines_; ++i)
      sum.rows[sum.count / 2 * row_lines_ + i] = sum.rows[(sum.count - 1) * row_lines_ + i];
  sum.count = (sum.count + 1) / 2;
}

}  // namespace epoch
