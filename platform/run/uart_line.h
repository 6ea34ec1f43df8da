// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "config/scenario.h"

namespace epoch {

// True once waiting for somebody outside has to end.
using GiveUp = std::function<bool()>;

// Takes what the firmware sends. An end that has gone away swallows it.
class UartOutput {
 public:
  virtual ~UartOutput() = default;
  virtual void write(const char* bytes, std::size_t count) = 0;
  // Why not all of it could be written; "" if it was, or if whoever listened has gone away.
  virtual std::string problem() const { return ""; }
  // Before the run: until somebody is there to listen.
  virtual void await_listener(const GiveUp&) {}
};

// Gives what the firmware is to receive.
class UartInput {
 public:
  virtual ~UartInput() = default;
  // At most this many bytes of what has come; does not wait.
  virtual std::string read(std::size_t most) = 0;
  enum class Wait { ready, nothing_yet, ended };
  // Waits for a moment of wall time.
  virtual Wait wait() = 0;
};

// The far end of the UART's line, as uart.output and uart.input name it.
struct UartLine {
  std::shared_ptr<UartOutput> output;
  std::shared_ptr<UartInput> input;  // nullptr: none
};

// Throws UnavailableError for a file or port that cannot be used.
UartLine make_uart_line(const UartConfig& config);

// A TCP server on the loopback interface for one client at a time, which may leave and come back.
UartLine make_tcp_line(unsigned port);

}  // namespace epoch
