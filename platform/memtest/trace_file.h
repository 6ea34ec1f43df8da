// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "memory/dram_controller/device.h"

namespace epoch {

struct TraceLine {
  DramClock clock;
  std::uint64_t address;
  std::uint32_t bytes;
  bool write;
};

// A memory trace: one request a line, "<clk> R|W 0x<addr> <bytes>", clocks never going back, "#"
// beginning a comment. Lines are read and checked one by one.
class TraceFile {
 public:
  // `memory_bytes`: what addresses must lie below. InputError if there is no such file.
  TraceFile(const std::filesystem::path& file, std::uint64_t memory_bytes);

  // The next request; false at the end. InputError "FILE:LINE: ..." for a line that is none.
  bool next(TraceLine& line);

  static constexpr std::uint64_t kLastClock = 1'000'000'000'000;
  static constexpr std::uint32_t kMostBytes = 1u << 20;  // of a request

 private:
  [[noreturn]] void refuse(const std::string& why) const;
  void skip_blanks();
  void skip_to_request();
  bool at_end_of_line() const;
  std::uint64_t number(int base, std::uint64_t limit, const char* what);
  bool direction();
  std::uint64_t address();

  const std::filesystem::path file_;
  const std::uint64_t memory_bytes_;
  const std::vector<std::uint8_t> text_;
  const char* at_;
  const char* const end_;
  const char* line_begin_;
  std::uint64_t line_ = 1;
  DramClock last_clock_ = 0;
};

}  // namespace epoch
