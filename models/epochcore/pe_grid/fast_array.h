// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "epochcore/pe_grid/array.h"
#include "epochcore/pe_grid/fast_kernels.h"
#include "epochcore/pe_grid/line.h"
#include "epochcore/pe_grid/placement.h"

namespace epoch {

// The array as a vectorised function with closed-form cycles: sixteen columns at a time, a tile of
// steps row by row (fast_kernels.h), then the drain (fast_drain.h).
class FastArray : public PeArray {
 public:
  explicit FastArray(const ArrayConfig& config);

  void load(const CoefficientBlock& block) override;
  ArrayTiming run(const ArrayCommand& command, float* y, NumericEvents& events) override;
  void save_state(const CoefficientBlock& shape, float* words) const override;
  void load_state(const CoefficientBlock& shape, const float* words) override;

 private:
  // Sixteen neighbouring columns of one segment and slot.
  struct Group {
    unsigned fold, slot, column, count;
  };
  template <class Visit>
  void for_groups(const Placement& place, Visit visit) const;

  void zero_used_state();
  void gather(const Placement& place, const Group& group, const float* row, Line& line) const;
  void scatter(const Placement& place, const Group& group, const Line& line, float* row) const;
  void fill_group(const ArrayCommand& command, const Placement& place, const Group& group,
                  unsigned first, unsigned count);
  void fill_west(const ArrayCommand& command, unsigned first, unsigned count);
  void move_state(const Placement& place, const Group& group, bool to_kernel);
  // y of `count` steps from step `first` on, undrained, into raw_ [step][lane].
  void ssm_tile(const ArrayCommand& command, const Placement& place, unsigned first, unsigned count,
                NumericEvents& events);
  void gemm_tile(const ArrayCommand& command, unsigned first, unsigned count,
                 NumericEvents& events);

  const Line* group_coefficients(const Placement& place, const Group& group) const;
  // State registers of a column group: [slot][row][group][part].
  Line& state_line(unsigned slot, unsigned row, unsigned group, unsigned part) {
    return state_[((std::size_t{slot} * rows_ + row) * groups_ + group) * kParts + part];
  }
  const Line& state_line(unsigned slot, unsigned row, unsigned group, unsigned part) const {
    return state_[((std::size_t{slot} * rows_ + row) * groups_ + group) * kParts + part];
  }
  template <class Array, class Visit>
  static void for_state(Array& array, const CoefficientBlock& shape, Visit visit);

  static constexpr unsigned kParts = 2;  // state words a slot has registers for
  const unsigned groups_;                // column groups of kLanes
  const unsigned rows_;
  std::vector<Line> state_;
  CoefficientBlock block_;
  std::vector<Line> coefficients_;    // [slot of its own][fold][group][mode][word]
  std::vector<float> extra_, scale_;  // by lane
  std::vector<float> raw_;
  // One column group of a tile:
  std::vector<Line> north_[2], sums_[2], resident_, shares_;
  std::vector<float> west_[2];
};

}  // namespace epoch
