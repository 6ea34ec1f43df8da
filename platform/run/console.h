// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "run/uart_line.h"

namespace epoch {

// What the firmware sends, on its way to the UART's far end: whole lines, or whatever there is when
// flushed.
class Console {
 public:
  static constexpr std::size_t kTailBytes = 4096;

  explicit Console(std::shared_ptr<UartOutput> output) : output_(std::move(output)) {}
  ~Console() { flush(); }
  void put(std::uint8_t byte);
  void flush();

  // Called before something is written.
  std::function<void()> before_output;
  // The last of everything that was put.
  std::string tail() const;
  bool at_line_start() const { return tail_.empty() || tail_.back() == '\n'; }

 private:
  std::shared_ptr<UartOutput> output_;
  std::string line_;
  std::string tail_;
};

}  // namespace epoch
