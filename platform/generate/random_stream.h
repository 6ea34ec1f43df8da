// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "split_mix.h"

namespace epoch {

// Random numbers of one tensor: a stream of its own by seed and name, so that a network with
// another number of layers has the same first layers. Additions, multiplications and conversions
// only: the same bits on every machine.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, const std::string& name);

  std::uint32_t below(std::uint32_t count);
  double uniform(double low, double high);
  // Mean 0, variance 1, within +-6: twelve uniform numbers added up (Irwin-Hall), no logarithm.
  double normal();

  std::vector<float> uniforms(std::size_t count, double low, double high);
  std::vector<float> normals(std::size_t count, double mean, double deviation);

 private:
  SplitMix64 random_;
};

}  // namespace epoch
