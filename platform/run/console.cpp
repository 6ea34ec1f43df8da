// SPDX-License-Identifier: Apache-2.0
#include "run/console.h"

#include <algorithm>

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
  if (line_.empty()) return;
  if (before_output) before_output();
  output_->write(line_.data(), line_.size());
  line_.clear();
}

}  // namespace epoch
