// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace epoch {

// A line on standard error that tells how far a run is, rewritten at most four times a second and
// erased before anything else is printed; nothing where standard error is not a terminal.
class Progress {
 public:
  Progress();
  ~Progress() { erase(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(double wall_s, std::uint64_t simulated_ps, std::uint64_t instructions);
  void erase();
  // Whether output on standard output would land in the same terminal.
  bool shares_terminal() const { return shares_terminal_; }

 private:
  bool terminal_;
  bool shares_terminal_;
  bool shown_ = false;
  double next_s_ = 0.25;
};

}  // namespace epoch
