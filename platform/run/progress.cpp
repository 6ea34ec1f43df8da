// SPDX-License-Identifier: Apache-2.0
#include "run/progress.h"

#include <unistd.h>

#include <cstdio>

#include "report/json_report.h"

namespace epoch {

namespace {

constexpr double kPeriodS = 0.25;

}  // namespace

Progress::Progress()
    : terminal_(::isatty(STDERR_FILENO) != 0),
      shares_terminal_(terminal_ && ::isatty(STDOUT_FILENO) != 0) {}

void Progress::show(double wall_s, std::uint64_t simulated_ps, std::uint64_t instructions) {
  if (!terminal_ || wall_s < next_s_) return;
  next_s_ = wall_s + kPeriodS;
  shown_ = true;
  // \r to the line's start, ESC [ K to erase it (ECMA-48, EL).
  std::fprintf(stderr, "\r\033[K%s simulated, %.1f million instructions, %.0f s",
               time_text(simulated_ps).c_str(), static_cast<double>(instructions) / 1e6, wall_s);
  std::fflush(stderr);
}

void Progress::erase() {
  if (!shown_) return;
  shown_ = false;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

}  // namespace epoch
