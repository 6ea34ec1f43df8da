// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace epoch {

// The UART's far end on standard output: whole lines, or whatever there is when flushed. A reader
// that has gone away (EPIPE) ends the output, not the run.
class Console {
 public:
  static constexpr std::size_t kTailBytes = 4096;

  ~Console() { flush(); }
  void put(std::uint8_t byte);
  void flush();

  // Called before something is written.
  std::function<void()> before_output;
  // The last of everything that was put.
  std::string tail() const;
  bool at_line_start() const { return tail_.empty() || tail_.back() == '\n'; }

 private:
  std::string line_;
  std::string tail_;
  bool open_ = true;
};

}  // namespace epoch
