// SPDX-License-Identifier: Apache-2.0
#include "run/console.h"

#include <unistd.h>

#include <cerrno>

namespace epoch {

void Console::put(std::uint8_t byte) {
  line_ += static_cast<char>(byte);
  if (byte == '\n' || line_.size() >= 4096) flush();
}

void Console::flush() {
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
