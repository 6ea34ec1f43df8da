// SPDX-License-Identifier: Apache-2.0
#include "interconnect/arbiter.h"

#include <stdexcept>

namespace epoch {

Arbiter::Arbiter(Arbitration policy, std::vector<Share> shares)
    : policy_(policy), shares_(std::move(shares)), credit_(shares_.size(), 0) {
  for (const Share& share : shares_)
    if (share.weight == 0) throw std::invalid_argument("arbiter: a weight is 0, must be 1 or more");
}

unsigned Arbiter::choose(std::uint64_t candidates) {
  if (policy_ == Arbitration::weighted) return choose_weighted(candidates);
  if (policy_ == Arbitration::round_robin) {
    const std::uint64_t behind = last_ == 63 ? 0 : candidates >> (last_ + 1) << (last_ + 1);
    return lowest_bit(behind != 0 ? behind : candidates);
  }
  unsigned best = lowest_bit(candidates);
  for (std::uint64_t rest = candidates & (candidates - 1); rest != 0; rest &= rest - 1)
    if (shares_[lowest_bit(rest)].priority < shares_[best].priority) best = lowest_bit(rest);
  return best;
}

// Smooth weighted round robin: candidates earn their weight, the richest pays what all have earned.
// While the same ones ask, each sum-of-weights grants hold exactly `weight` of each, spread out.
unsigned Arbiter::choose_weighted(std::uint64_t candidates) {
  std::int64_t earned = 0;
  unsigned best = lowest_bit(candidates);
  for (std::uint64_t rest = candidates; rest != 0; rest &= rest - 1) {
    const unsigned i = lowest_bit(rest);
    credit_[i] += shares_[i].weight;
    earned += shares_[i].weight;
    if (credit_[i] > credit_[best]) best = i;
  }
  credit_[best] -= earned;
  return best;
}

}  // namespace epoch
