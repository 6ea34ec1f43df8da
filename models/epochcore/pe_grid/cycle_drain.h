// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "epochcore/pe_grid/array.h"

namespace epoch {

// The drain pipeline of the cycle-true array: what happens to a step's y once it has left, and
// when.
class CycleDrain {
 public:
  CycleDrain(const ArrayConfig& config, const CoefficientBlock& block, const ArrayCommand& command,
             float* y, NumericEvents& events);

  // Step `step` has left the array: `y` holds its channels. They wait for lanes from this clock on.
  void take(unsigned step, const float* y);
  // One clock: a step enters, `drain_lanes` channels a cycle, when the one before has.
  void clock();

  unsigned arrived() const { return arrived_; }  // steps that have left the array
  unsigned entered() const { return entered_; }  // steps that have entered the lanes entirely

 private:
  void raw_row(unsigned time, const float* y);
  void gemm_row(unsigned time, const float* y);
  void ssm_row(unsigned time, const float* y);
  float summed(float y, unsigned channel) const;
  float ssm_value(float y, unsigned lane, unsigned time, unsigned target) const;
  float gemm_column(const float* y, unsigned column) const;
  float gemm_value(const float* y, unsigned output, unsigned time) const;
  float activated(float v) const;
  void write(float* result, float v);

  const CoefficientBlock& block_;
  const ArrayCommand& command_;
  const unsigned elements_;  // of a step
  const unsigned lanes_;
  const std::size_t outputs_;  // results a step
  float* const y_;
  NumericEvents& events_;
  unsigned arrived_ = 0, entered_ = 0;
  unsigned waiting_ = 0;  // elements of the entering step that no lane has taken yet
};

}  // namespace epoch
