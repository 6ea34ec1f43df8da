// SPDX-License-Identifier: Apache-2.0
#include "run/progress.h"

#include <unistd.h>

#include <cstdio>

namespace epoch {

namespace {

constexpr std::chrono::milliseconds kPeriod{250};

}  // namespace

Progress::Progress()
    : terminal_(::isatty(STDERR_FILENO) != 0),
      shares_terminal_(terminal_ && ::isatty(STDOUT_FILENO) != 0) {}

bool Progress::due() {
  if (!terminal_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < kPeriod) return false;
  last_ = now;
  return true;
}

void Progress::show(const std::string& line) {
  if (!terminal_) return;
  shown_ = true;
  // \r to the line's start, ESC [ K to erase it (ECMA-48, EL).
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
}

void Progress::erase() {
  if (shown_) show("");
  shown_ = false;
}

}  // namespace epoch
