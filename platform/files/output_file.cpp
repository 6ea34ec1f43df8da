// SPDX-License-Identifier: Apache-2.0
#include "files/output_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "errors.h"

namespace epoch {

OutputFile::OutputFile(const std::filesystem::path& file)
    : file_(file), stream_(std::fopen(file.c_str(), "wb")) {
  if (stream_ == nullptr) {
    throw UnavailableError(file.string() + ": cannot be written: " + std::strerror(errno));
  }
}

OutputFile::~OutputFile() {
  if (stream_ != nullptr) std::fclose(stream_);
}

void OutputFile::close() {
  if (stream_ == nullptr) return;
  const bool failed = std::ferror(stream_) != 0;
  const bool close_failed = std::fclose(stream_) != 0;
  stream_ = nullptr;
  if (failed || close_failed) {
    throw UnavailableError(file_.string() + ": could not be written to its end");
  }
}

void write_file(const std::filesystem::path& file, const std::string& text) {
  OutputFile output(file);
  output.write(text);
  output.close();
}

void replace_file(const std::filesystem::path& file, const std::string& text) {
  std::error_code error;
  if (std::filesystem::exists(file, error) && !std::filesystem::is_regular_file(file, error)) {
    return write_file(file, text);  // a device stays what it is
  }
  const std::filesystem::path aside = file.string() + "." + std::to_string(::getpid()) + ".tmp";
  write_file(aside, text);
  std::filesystem::rename(aside, file, error);
  if (error) throw UnavailableError(file.string() + ": cannot be replaced: " + error.message());
}

}  // namespace epoch
