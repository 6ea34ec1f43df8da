// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace epoch {

// A line on standard error that tells what is being done, rewritten in place and erased before
// anything else is printed; nothing where standard error is not a terminal.
class Progress {
 public:
  Progress();
  ~Progress() { erase(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Whether a line may be shown again: at most four times a second, never without a terminal.
  bool due();
  void show(const std::string& line);
  void erase();
  bool terminal() const { return terminal_; }
  // Whether output on standard output would land in the same terminal.
  bool shares_terminal() const { return shares_terminal_; }

 private:
  bool terminal_;
  bool shares_terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace epoch
