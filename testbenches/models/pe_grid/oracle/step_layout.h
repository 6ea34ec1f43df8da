// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "models/pe_grid/oracle/grid_case.h"

// One step of one PE: in which cycle each product takes a multiplier, counted from the cycle in
// which the PE takes u, and modulo the interval II_eff between steps.
namespace grid_oracle {

// What a step's layout depends on.
struct StepMachine {
  Mode mode;
  int multipliers;    // M
  int mul_latency;    // Lm
  int add_latency;    // La
  int slots;          // S
  int slot_products;  // n, the cycles that one slot's products fill
  bool a_minus_one;   // bf16d
  bool dedicated_exp;
  int reduce_latency;  // dplr: from a row's product sums to s at every row, sigma + rho

  int latency() const { return mul_latency + add_latency; }  // L
  // In a block laid out M a cycle, product i (from 0) is this many cycles after the first.
  int offset_in_block(int i) const { return i / multipliers; }
};

// The multipliers of one PE over one interval, filled product by product.
class MultiplierTable {
 public:
  // Confined: slot s may use cycles s n ... s n + n - 1 of each interval only.
  MultiplierTable(const StepMachine& machine, int interval, bool confined);

  // The first cycle from `earliest` on in which every slot finds a multiplier; for a block, M
  // products a cycle in consecutive cycles. Without a place the layout has failed.
  int product(int earliest);
  int block(int earliest, int products);

  // A part of x' that comes after the next step first reads it fails the layout.
  void feed_back(int part_there, int first_read);
  bool failed() const { return failed_; }

 private:
  bool place(int start, int products);
  bool allowed(int slot, int cycle) const;

  const StepMachine& machine_;
  int interval_;
  bool confined_;
  bool failed_ = false;
  std::vector<int> used_;
};

struct StepLayout {
  int interval;     // II_eff
  int last_output;  // t_out; edge: the cycle in which the last part of x' is there
};

// The layout at the smallest interval, from `at_least` on, that has one.
StepLayout lay_out_step(const StepMachine& machine, int at_least);

}  // namespace grid_oracle
