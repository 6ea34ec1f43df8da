// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <filesystem>
#include <string>

namespace epoch {

// A text file that a report writes piece by piece. What it was given is in the file however the run
// ends, as long as the object is destroyed.
class ReportFile {
 public:
  // Throws UnavailableError if the file cannot be made.
  explicit ReportFile(const std::filesystem::path& file);
  ~ReportFile();
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;

  void write(const char* text, std::size_t length) { std::fwrite(text, 1, length, stream_); }
  void write(const std::string& text) { write(text.data(), text.size()); }
  // Throws UnavailableError if the disk did not take everything. Nothing may be written after.
  void close();

 private:
  std::filesystem::path file_;
  std::FILE* stream_;
};

}  // namespace epoch
