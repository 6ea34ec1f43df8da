// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "epochcore/pe_grid/array.h"

namespace epoch {

// The drain pipeline's arithmetic in `fast`, a step at a time. Called under FlushToZero.
class FastDrain {
 public:
  // `extra` and `scale` a lane each, or null; all arguments outlive the object. Results go to `y`.
  FastDrain(const CoefficientBlock& block, const ArrayCommand& command, const float* extra,
            const float* scale, float* y, NumericEvents& events);

  // What the array summed for the step at `time`; the values are used up.
  void finish(unsigned time, float* values);

 private:
  void drain(float* values, unsigned time, unsigned target);
  void drain_stored_only(unsigned time);
  void activate(float* values);
  void write(const float* values, unsigned target);

  const CoefficientBlock& block_;
  const ArrayCommand& command_;
  const float *extra_, *scale_;
  float* y_;
  NumericEvents& events_;
  const unsigned lanes_, outputs_;
  std::vector<float> only_;  // a row that has no values of this direction
};

}  // namespace epoch
