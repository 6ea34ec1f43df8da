// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "epochcore/pe_grid/array.h"

namespace epoch {

// The array register by register and clock by clock, by the layout of schedule.h; it counts its
// cycles. Nothing of its arithmetic is shared with FastArray.
class CycleArray : public PeArray {
 public:
  explicit CycleArray(const ArrayConfig& config);

  void load(const CoefficientBlock& block) override;
  ArrayTiming run(const ArrayCommand& command, float* y, NumericEvents& events) override;
  void save_state(const CoefficientBlock& shape, float* words) const override;
  void load_state(const CoefficientBlock& shape, const float* words) override;

 private:
  // Visits the state registers of a block: lane, mode, part, place among state_.
  template <class Visit>
  void for_state(const CoefficientBlock& shape, Visit visit) const;

  std::vector<float> state_;  // [slot][row][column][part]
  std::vector<float> coefficients_, extra_, scale_;
  CoefficientBlock block_;
};

}  // namespace epoch
