// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <vector>

#include "epochcore/pe_grid/cycle_drain.h"
#include "epochcore/pe_grid/placement.h"
#include "epochcore/pe_grid/registers.h"
#include "epochcore/pe_grid/schedule.h"

namespace epoch {

// The PEs while they integrate states: u and y move down, a row delta cycles behind the one above;
// every segment in step. Built for one command from the PE's wiring (cycle_ssm.cpp) and the layout.
class CycleSsm {
 public:
  // `coefficients` as [word][row][line]; all arguments outlive the object.
  CycleSsm(const ArrayConfig& config, const StepLayout& layout, const CoefficientBlock& block,
           const ArrayCommand& command, std::vector<Line>& coefficients);

  // x of part p before the first clock; x' of the last step after the last.
  float& state(unsigned part, unsigned row, unsigned column);
  // After the state has been set: lets every stage hold it.
  void start();
  // One clock: moves the rows that a step is in; a y that leaves the bottom goes to the drain.
  void clock(Clock now, CycleDrain& drain);

 private:
  struct Operand;
  struct Operator;
  static std::vector<Operator> real_pe();
  static std::vector<Operator> complex_pe();

  // What happens in one cycle of the interval to every row that a step is in.
  struct Action {
    enum Kind { multiply, add, subtract, pass } kind = pass;
    bool takes_u = false;       // the u that enters a row
    bool makes_y = false;       // the sum of the rows down to this one
    bool from_above = false;    // `left` is the row above's register; a port at the top
    Clock first = 0, last = 0;  // row time of the first step's and of the last step's
    unsigned depth = 0;         // stages of the result's pipeline
    Register result, left, right;
  };

  unsigned cycle_of(const Operand& result) const;
  unsigned distance(const Operand& operand, unsigned cycle) const;
  Pipeline& pipeline(const Operand& operand);
  void place_registers(const std::vector<Operator>& pe);
  void place_products(const std::vector<Operator>& pe);
  void make_actions(const std::vector<Operator>& pe, std::vector<Line>& coefficients);
  Register source(const Operand& operand, unsigned cycle, std::vector<Line>& coefficients);

  Clock last_start() const { return Clock{command_.steps - 1} * layout_.interval; }
  void feed(Clock now);
  void fill(std::vector<Line>& port, const float* rows, Clock step) const;
  void move_rows(Clock now);
  void act(const Action& action, unsigned fold, unsigned row, Clock now);
  void leave(unsigned step, CycleDrain& drain);

  const StepLayout& layout_;
  const Placement place_;
  const ArrayCommand& command_;
  const unsigned rows_, row_lines_, add_latency_;
  const std::vector<unsigned>& state_addition_;  // addition that makes part p of x'
  RegisterFile file_;
  Pipeline u_;
  std::vector<Pipeline> products_, additions_;
  std::vector<std::vector<Action>> phases_;  // by cycle of the interval, in order
  Clock span_ = 0;                           // row time of the last action
  std::vector<Line> u_port_, y_port_;        // [fold][line]: the words at the top of each segment
  std::vector<float> leaving_;               // y of a step
  std::deque<Clock> leaves_;                 // when the sums that the bottom row has begun leave it
  unsigned left_ = 0;                        // steps whose y has left
};

}  // namespace epoch
