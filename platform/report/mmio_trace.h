// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "files/output_file.h"
#include "report/access_text.h"

namespace epoch {

// Writes a line for each register access and each command fetched, retired or dropped, sorted by
// simulated time; of one time the initiators come first, by name, then commands by device and
// engine, so that the order of the kernel's processes has no influence.
class MmioTrace {
 public:
  // Throws UnavailableError if the file cannot be made.
  MmioTrace(const std::filesystem::path& file, const AccessText& text);

  void access(const RecordedAccess& access);
  void command(std::uint64_t time_ps, const std::string& device, const CommandView& command);
  // Nothing before `now_ps` will come any more: writes it.
  void advance(std::uint64_t now_ps);
  // Throws UnavailableError if the disk did not take everything.
  void finish();

 private:
  struct Line {
    std::uint64_t time_ps;
    std::string source;  // orders the lines of one time
    std::string text;
  };
  void write(std::size_t count);

  OutputFile file_;
  const AccessText& text_;
  std::vector<Line> pending_;
};

}  // namespace epoch
