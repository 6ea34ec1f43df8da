// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace epoch {

// The UART's far end on standard output: whole lines, or whatever there is when flushed. A reader
// that has gone away (EPIPE) ends the output, not the run.
class Console {
 public:
  ~Console() { flush(); }
  void put(std::uint8_t byte);
  void flush();

 private:
  std::string line_;
  bool open_ = true;
};

}  // namespace epoch
