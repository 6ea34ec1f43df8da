// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>

namespace epoch {

// A file that is written piece by piece and must be there to its end. What it was given is in the
// file however the program ends, as long as the object is destroyed.
class OutputFile {
 public:
  // Throws UnavailableError if the file cannot be made.
  explicit OutputFile(const std::filesystem::path& file);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // What the disk does not take, close() reports.
  void write(const void* bytes, std::size_t count) { std::fwrite(bytes, 1, count, stream_); }
  void write(const std::string& text) { write(text.data(), text.size()); }
  // Throws UnavailableError if the disk did not take everything. Nothing may be written after.
  void close();

 private:
  std::filesystem::path file_;
  std::FILE* stream_;
};

// A whole file at once; throws UnavailableError if it is not there to its end.
void write_file(const std::filesystem::path& file, const std::string& text);

// The same at one stroke: whoever reads the file, or a process that is killed meanwhile, finds the
// old one or the whole new one. A file of that name with ".PID.tmp" behind it is used on the way.
void replace_file(const std::filesystem::path& file, const std::string& text);

}  // namespace epoch
