// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <vector>

#include "epochcore/pe_grid/cycle_drain.h"
#include "epochcore/pe_grid/cycle_network.h"
#include "epochcore/pe_grid/cycle_program.h"
#include "epochcore/pe_grid/placement.h"
#include "epochcore/pe_grid/registers.h"
#include "epochcore/pe_grid/schedule.h"
#include "epochcore/pe_grid/skew.h"

namespace epoch {

// The PEs, register by register and clock by clock: words from north and y move down, a row delta
// cycles behind the one above (dplr: all rows in step, sums through the network); words from west
// move right, a column a hop behind its left neighbour. Built for one command from what a PE does
// in each cycle (cycle_program.h).
class CyclePes {
 public:
  // All arguments outlive the object; `block.words` are the coefficients.
  CyclePes(const ArrayConfig& config, const StepLayout& layout, const CoefficientBlock& block,
           const ArrayCommand& command, NumericEvents& events);

  // x of a lane's mode and part before the first clock; x' of the last step after the last.
  float& state(unsigned lane, unsigned mode, unsigned part);
  // After the state has been set: lets every stage hold it.
  void start();
  // One clock: moves the rows that a step is in; what leaves the array goes to the drain.
  void clock(Clock now, CycleDrain& drain);

 private:
  // An action, its operands found among the registers.
  struct Wired {
    PeAction::Kind kind = PeAction::add;
    bool from_above = false, passes_empty = false;
    bool ends = false;    // its result leaves the bottom row or enters dplr's network
    bool shifts = false;  // there is more than one stage behind the result
    unsigned slot = 0;
    Clock steps_behind = 0;  // whole intervals from a step's start to the action
    Register made, left, right, exponent;
    Register leaving;  // the result an adder's latency later, if it ends here
    unsigned depth = 0;
    unsigned word = 0, shift = 0;
    bool shares_sum = false;
  };
  // The columns of a group, in a row of a segment, at a clock.
  struct Site {
    Clock now;
    unsigned fold, row, group;
    Clock step;  // of the group's first column
  };
  // A time as the step that starts in its interval, and the cycle of the interval.
  struct StepTime {
    Clock step, phase;

    void add(Clock cycles, Clock interval) {
      for (phase += cycles; phase >= interval; phase -= interval) ++step;
      for (; phase < 0; phase += interval) --step;
    }
  };
  StepTime step_time(Clock time) const {
    return {time / layout_.interval, time % layout_.interval};
  }
  // A result that the bottom row has begun, or rows' shares that the network will take.
  struct Due {
    Clock when;
    const Wired* wired;
    Site at;
  };

  void place_registers();
  void place_products();
  Register register_of(const PeRead& read, unsigned slot);
  void load_coefficients();
  void wire();

  void move_rows(Clock now);
  void move_row(Site at, StepTime time);
  void act(const Wired& wired, const Site& at);
  bool occupied(const Site& at, unsigned slot) const;
  void shift(const Wired& wired, std::size_t row, const Site& at);
  const float* left_operand(const Wired& wired, const Site& at, std::size_t row, const Run& run);
  float* top_words(const Wired& wired);
  const float* words_from_north(const Wired& wired, const Site& at, const Run& run);
  const float* words_from_west(const Wired& wired, const Site& at, std::size_t row, const Run& run);
  float word_at_west_port(const Wired& wired, const Site& at) const;
  void compute(const Wired& wired, std::size_t row, const float* left, const Run& run);

  std::size_t time_of(Clock step) const;
  std::size_t word_at(const Site& at, unsigned slot, Clock step, unsigned column) const;
  float* row_of_step(Clock step);
  bool ends_step(unsigned fold, unsigned slot) const;
  void take_result(const Due& due, CycleDrain& drain);
  void enter_network(const Due& due);
  void deliver(Clock now, CycleDrain& drain);
  void feed_back(const CycleNetwork::Sum& sum);

  const ArrayConfig& config_;
  const StepLayout& layout_;
  const CoefficientBlock& block_;
  const ArrayCommand& command_;
  NumericEvents& events_;
  const Placement place_;
  const PeProgram program_;
  const Skew skew_;
  const bool lockstep_;      // dplr
  const bool integers_;      // int8
  const bool side_by_side_;  // a step's lanes are neighbours in operands and registers alike
  const Clock steps_;
  const unsigned row_lines_, fold_delay_, outputs_;
  std::vector<unsigned> lanes_in_;  // [fold][slot]
  std::vector<char> occupied_;      // [slot][row of the segment]
  RegisterFile file_;
  std::vector<Pipeline> pipelines_;  // of the program's values
  std::vector<Register> edge_results_;
  std::vector<std::vector<Wired>> phases_;  // by cycle of the interval, in order
  Clock span_ = 0;                          // row time of the last action
  std::vector<Line> coefficients_;          // [slot][word][row][line]
  std::vector<Line> constants_;             // a row of each
  std::vector<Line> arriving_;              // words about to move right in a row
  std::vector<Line> tops_;                  // [slot][port]: words at the top
  CycleNetwork network_;
  std::deque<Due> due_;
  const Clock steps_held_;
  std::vector<float> left_;  // [step modulo steps_held_][output]: what has left the array
};

}  // namespace epoch
