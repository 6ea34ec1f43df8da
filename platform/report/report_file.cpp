// SPDX-License-Identifier: Apache-2.0
#include "report/report_file.h"

#include <cerrno>
#include <cstring>

#include "errors.h"

namespace epoch {

ReportFile::ReportFile(const std::filesystem::path& file)
    : file_(file), stream_(std::fopen(file.c_str(), "wb")) {
  if (stream_ == nullptr) {
    throw UnavailableError(file.string() + ": cannot be written: " + std::strerror(errno));
  }
}

ReportFile::~ReportFile() {
  if (stream_ != nullptr) std::fclose(stream_);
}

void ReportFile::close() {
  if (stream_ == nullptr) return;
  const bool failed = std::ferror(stream_) != 0;
  const bool close_failed = std::fclose(stream_) != 0;
  stream_ = nullptr;
  if (failed || close_failed) {
    throw UnavailableError(file_.string() + ": could not be written to its end");
  }
}

}  // namespace epoch
