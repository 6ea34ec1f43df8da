// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "interconnect/config.h"

namespace epoch {

// The number of the lowest bit that is set; `bits` is not 0.
inline unsigned lowest_bit(std::uint64_t bits) {
  return static_cast<unsigned>(__builtin_ctzll(bits));
}

// Picks one of up to 64 requesters. Its choice depends on the requesters and on its choices before,
// never on the order in which they came.
class Arbiter {
 public:
  // `shares` by requester; Arbitration::round_robin needs none.
  explicit Arbiter(Arbitration policy = Arbitration::round_robin, std::vector<Share> shares = {});

  // One of the bits of `candidates`, which is not 0.
  unsigned pick(std::uint64_t candidates) {
    const bool alone = (candidates & (candidates - 1)) == 0;
    return last_ = alone ? lowest_bit(candidates) : choose(candidates);
  }

 private:
  unsigned choose(std::uint64_t candidates);
  unsigned choose_weighted(std::uint64_t candidates);

  Arbitration policy_;
  std::vector<Share> shares_;
  std::vector<std::int64_t> credit_;
  unsigned last_ = 63;
};

}  // namespace epoch
