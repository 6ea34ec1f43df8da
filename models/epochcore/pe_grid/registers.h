// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "epochcore/pe_grid/line.h"

namespace epoch {

using Clock = std::int64_t;

// One register of all PEs: its word in row r stands at base + r * stride. A wire has stride 0: it
// is written and read by one row after the other within a clock.
struct Register {
  Line* base = nullptr;
  std::size_t stride = 0;

  Line* row(std::size_t r) const { return base + r * stride; }
};

// The registers between one operation of all PEs and its readers. A word enters once an interval,
// so the stages of the pipeline that it passes hold at most one word an interval: those are kept,
// newest first, and all move when a word enters; after the last step they go on at the same pace.
struct Pipeline {
  unsigned depth = 0;  // stages; 0 = nobody reads later than in the clock of writing: a wire
  unsigned first = 0;  // place of the newest stage among a row's registers
};

// The stage in which a word is `distance` cycles (1 or more) after it was made.
inline unsigned stage_after(unsigned distance, unsigned interval) {
  return (distance - 1) / interval;
}

// All pipelines of an array: the registers of a row side by side, wires apart.
class RegisterFile {
 public:
  RegisterFile(unsigned rows, unsigned row_lines) : rows_(rows), row_lines_(row_lines) {}

  // Gives a pipeline its place; all are placed before the first one is used.
  void place(Pipeline& pipeline) {
    unsigned& taken = pipeline.depth == 0 ? wires_taken_ : stages_;
    pipeline.first = taken;
    taken += pipeline.depth == 0 ? 1 : pipeline.depth;
    wires_.resize(std::size_t{wires_taken_} * row_lines_);
    registers_.resize(std::size_t{stages_} * rows_ * row_lines_);
  }
  Register stage(const Pipeline& pipeline, unsigned age) {
    if (pipeline.depth == 0) return {&wires_[std::size_t{pipeline.first} * row_lines_], 0};
    return {&registers_[std::size_t{pipeline.first + age} * row_lines_],
            std::size_t{stages_} * row_lines_};
  }

 private:
  unsigned rows_, row_lines_, stages_ = 0, wires_taken_ = 0;
  std::vector<Line> registers_, wires_;
};

}  // namespace epoch
