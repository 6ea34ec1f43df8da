// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "epochcore/pe_grid/cycle_drain.h"
#include "epochcore/pe_grid/registers.h"
#include "epochcore/pe_grid/schedule.h"

namespace epoch {

// The PEs as MACs: weights stay, x moves right from the west edge, sums move down; row and column
// each start their delay behind the one before.
class CycleGemm {
 public:
  // `weights` as [row][line]; all arguments outlive the object.
  CycleGemm(const ArrayConfig& config, const StepLayout& layout, const CoefficientBlock& block,
            const ArrayCommand& command, const std::vector<Line>& weights);

  // One clock: moves every PE that a step is in; a step whose last sum leaves goes to the drain.
  void clock(Clock now, CycleDrain& drain);

 private:
  // The columns that a step reaches now: last, last - stride, ... down to first; none if last is
  // less. Stride 1 is a run of neighbours.
  struct Wave {
    Clock first, last;
  };
  Wave wave(Clock local, unsigned empty_steps = 0) const;
  template <class Visit>
  void for_runs(const Wave& wave, Visit visit) const;
  std::size_t step_of(Clock local, Clock column) const;
  float* row(const Pipeline& pipeline, unsigned age, unsigned r);
  void shift(const Pipeline& pipeline, unsigned r, Clock local);

  void move_rows(Clock now);
  void sum_row(unsigned r, Clock local);
  void take_x(unsigned r, Clock local);
  void multiply_row(unsigned r, Clock local);
  void leave(Clock local, CycleDrain& drain);

  const StepLayout& layout_;
  const ArrayCommand& command_;
  const unsigned inputs_, columns_, rows_, row_lines_;
  const Clock hop_, add_latency_;
  const unsigned x_age_, product_age_, sum_age_;  // stage that the reader of each reads
  const unsigned leaving_age_;                    // of the bottom row's sum
  const std::vector<Line>& weights_;
  RegisterFile file_;
  Pipeline x_, product_, sum_;
  Clock column_stride_;         // columns between two that steps reach in the same clock
  std::vector<Line> arriving_;  // words about to enter a row's registers
  std::vector<float> left_;     // [step][column]: sums that have left the array
};

}  // namespace epoch
