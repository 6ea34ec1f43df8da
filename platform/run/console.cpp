// SPDX-License-Identifier: Apache-2.0
#include "run/console.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace epoch {

void Console::put(std::uint8_t byte) {
  line_ += static_cast<char>(byte);
  tail_ += static_cast<char>(byte);
  if (tail_.size() >= 2 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
  if (byte == '\n' || line_.size() >= 4096) flush();
}

std::string Console::tail() const {
  return tail_.substr(tail_.size() - std::min(tail_.size(), kTailBytes));
}

void Console::flush() {
  if (!line_.empty() && before_output) before_output();
  std::size_t done = 0;
  while (open_ && done < line_.size()) {
    const ssize_t count = ::write(STDOUT_FILENO, line_.data() + done, line_.size() - done);
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      open_ = false;
    }
  }
  line_.clear();
}

}  // namespace epoch
