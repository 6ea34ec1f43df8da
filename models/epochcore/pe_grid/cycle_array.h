// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "epochcore/pe_grid/array.h"
#include "epochcore/pe_grid/line.h"

namespace epoch {

// The array register by register and clock by clock, by the layout of schedule.h; it counts its
// cycles. Nothing of its arithmetic is shared with FastArray.
class CycleArray : public PeArray {
 public:
  explicit CycleArray(const ArrayConfig& config);

  void load(const CoefficientBlock& block) override;
  ArrayTiming run(const ArrayCommand& command, float* y, NumericEvents& events) override;
  void save_state(ArrayMode mode, unsigned channels, unsigned modes, float* words) const override;
  void load_state(ArrayMode mode, unsigned channels, unsigned modes, const float* words) override;

 private:
  // Register `part` of the state, or coefficient register `word`, of PE (row, column).
  float& state(unsigned part, unsigned row, unsigned column);
  float state(unsigned part, unsigned row, unsigned column) const;

  const unsigned row_lines_;        // lines a row of PEs takes
  std::vector<Line> state_;         // [part][row][line]
  std::vector<Line> coefficients_;  // [word][row][line]
  std::vector<float> extra_;
  CoefficientBlock block_;
};

}  // namespace epoch
