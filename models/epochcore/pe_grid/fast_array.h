// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "epochcore/pe_grid/array.h"
#include "epochcore/pe_grid/line.h"
#include "epochcore/pe_grid/placement.h"

namespace epoch {

// The array as a vectorised function with closed-form cycles.
class FastArray : public PeArray {
 public:
  explicit FastArray(const ArrayConfig& config);

  void load(const CoefficientBlock& block) override;
  ArrayTiming run(const ArrayCommand& command, float* y, NumericEvents& events) override;
  void save_state(ArrayMode mode, unsigned channels, unsigned modes, float* words) const override;
  void load_state(ArrayMode mode, unsigned channels, unsigned modes, const float* words) override;

 private:
  void zero_used_state();
  // y of `count` steps from step `first` on, undrained, into raw_ [step][channel].
  void ssm_tile(const ArrayCommand& command, const Placement& place, unsigned first,
                unsigned count);
  void gemm_tile(const ArrayCommand& command, unsigned first, unsigned count);
  void finish_tile(const ArrayCommand& command, unsigned first, unsigned count, float* y,
                   NumericEvents& events);

  // State of a PE's column group: [row][group][part].
  Line& state_line(unsigned row, unsigned group, unsigned part) {
    return state_[(std::size_t{row} * groups_ + group) * kParts + part];
  }
  const Line& state_line(unsigned row, unsigned group, unsigned part) const {
    return state_[(std::size_t{row} * groups_ + group) * kParts + part];
  }

  static constexpr unsigned kParts = 2;  // state words a PE has registers for
  const unsigned groups_;                // column groups of kLanes
  std::vector<Line> state_;
  CoefficientBlock block_;
  std::vector<Line> coefficients_;  // [fold][group][mode][word]
  std::vector<float> extra_;
  std::vector<float> raw_;
  std::vector<Line> north_, sums_, resident_;  // one column group of a tile: u, y, state
};

}  // namespace epoch
