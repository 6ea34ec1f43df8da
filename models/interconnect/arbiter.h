// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "interconnect/config.h"

namespace epoch {

// Picks one of up to 64 requesters. Its choice depends on the requesters and on its choices before,
// never on the order in which they came.
class Arbiter {
 public:
  // `shares` by requester; Arbitration::round_robin needs none.
  explicit Arbiter(Arbitration policy = Arbitration::round_robin, std::vector<Share> shares = {});

  // One of the bits of `candidates`, which is not 0.
  unsigned pick(std::uint64_t candidates) {
    if ((candidates & (candidates - 1)) == 0 && policy_ != Arbitration::weighted)
      return last_ = lowest(candidates);
    return choose(candidates);
  }

 private:
  static unsigned lowest(std::uint64_t bits) {
    return static_cast<unsigned>(__builtin_ctzll(bits));
  }
  unsigned choose(std::uint64_t candidates);
  unsigned choose_weighted(std::uint64_t candidates);

  Arbitration policy_;
  std::vector<Share> shares_;
  std::vector<std::int64_t> credit_;
  unsigned last_ = 63;
};

}  // namespace epoch
