// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models/pe_grid/oracle/arithmetic.h"
#include "models/pe_grid/oracle/grid_case.h"

// The values of one command: every step of every lane, then the drain.
namespace grid_oracle {

struct Values {
  Table outputs;  // [T][lane], edge [T][2 channels]
  Tables state;
  long saturated = 0;
};

// One lane's steps. The lanes do not meet, so their order is free; within a lane the order of the
// sums is the specification's: rows, then slots, that is mode by mode.
class Lanes {
 public:
  explicit Lanes(const GridCase& grid_case);

  float step(int lane, int time);         // the new state, and y before the drain
  Complex edge_step(int cell, int time);  // the new state, which the edge emits
  const Tables& state() const { return state_; }
  long saturated() const { return saturated_; }

 private:
  float coefficient(const char* name, int lane, int mode) const;
  Complex coefficient(const char* re, const char* im, int lane, int mode) const;
  float input(const char* name, int time, int index) const;
  Complex complex_state(int lane, int mode) const;
  void set_state(int lane, int mode, Complex x);

  float update(int lane, int mode, int time);  // returns this mode's term of y
  float update_real(int lane, int mode, float a, float u, float c);
  float update_complex(int lane, int mode, int time);
  float update_liquid_real(int lane, int mode, int time);
  float update_liquid_complex(int lane, int mode, int time);
  float update_selective(int lane, int mode, int time);
  float dplr_step(int lane, int time);
  float reduce_rows(const std::vector<float>& terms) const;

  const GridCase& case_;
  const Feedback feedback_;
  Tables state_;
  long saturated_ = 0;
};

Values run_command(const GridCase& c);

}  // namespace grid_oracle
