// SPDX-License-Identifier: Apache-2.0
#include "golden/console_run.h"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <sstream>
#include <stdexcept>

namespace epoch::test {
namespace {

[[noreturn]] void refuse(const std::string& line) {
  throw std::runtime_error("unexpected line: " + line);
}

void read_digit(const std::string& line, std::map<unsigned, DigitLine>& digits) {
  unsigned number = 0;
  DigitLine digit;
  int used = 0;
  if (std::sscanf(line.c_str(), "digit %u: predicted %u label %u cycles %llu%n", &number,
                  &digit.predicted, &digit.label, &digit.cycles, &used) != 4 ||
      static_cast<std::size_t>(used) != line.size()) {
    refuse(line);
  }
  digit.logits = digits[number].logits;
  if (digits[number].cycles != 0 || digit.cycles == 0) {
    refuse(line);
  }
  digits[number] = digit;
}

void read_logits(const std::string& line, std::map<unsigned, DigitLine>& digits) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string::npos) {
    refuse(line);
  }
  const auto number = static_cast<unsigned>(std::stoul(line.substr(line.find(' ') + 1)));
  std::istringstream values(line.substr(colon + 2));
  DigitLine& digit = digits[number];
  if (!digit.logits.empty()) {
    refuse(line);
  }
  for (double value; values >> value;) {
    digit.logits.push_back(value);
  }
  if (!values.eof()) {
    refuse(line);
  }
}

}  // namespace

ConsoleRun run_epochvp(const std::string& arguments) {
  std::FILE* pipe = popen(("'" EPOCHVP "' " + arguments).c_str(), "r");
  if (pipe == nullptr) {
    throw std::runtime_error("cannot start " EPOCHVP);
  }
  ConsoleRun run;
  std::array<char, 4096> buffer{};
  for (std::size_t count; (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    run.output.append(buffer.data(), count);
  }
  const int status = pclose(pipe);
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

std::map<unsigned, DigitLine> digit_lines(const std::string& output) {
  std::map<unsigned, DigitLine> digits;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') {  // a terminal's line end
      line.pop_back();
    }
    if (line.rfind("digit ", 0) == 0) {
      read_digit(line, digits);
    } else if (line.rfind("logits ", 0) == 0) {
      read_logits(line, digits);
    }
  }
  return digits;
}

}  // namespace epoch::test
