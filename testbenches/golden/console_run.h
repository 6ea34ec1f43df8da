// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace epoch::test {

// One run of `epochvp ARGUMENTS`: what the firmware printed, and the exit status.
struct ConsoleRun {
  int status = -1;
  std::string output;  // standard output, byte for byte
};

ConsoleRun run_epochvp(const std::string& arguments);

// What the smnist firmware prints for one digit.
struct DigitLine {
  unsigned predicted = 0;
  unsigned label = 0;
  unsigned long long cycles = 0;
  std::vector<double> logits;  // empty unless asked for with --logits
};

// The lines `digit N: predicted P label L cycles K` and `logits N: v0 ... v9`, by N. Throws
// std::runtime_error for a line that begins like one of them and is not, or comes twice.
std::map<unsigned, DigitLine> digit_lines(const std::string& output);

}  // namespace epoch::test
