// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "config/json_text.h"
#include "sweep/process_pool.h"

namespace epoch {

// What a run came to, as it is kept: nothing in it depends on the host, the time or the folder.
struct Record {
  int exit_status = 0;
  std::string error;       // one line, empty after a success
  Json simulation;         // simulated_ps, instructions; null if the run did not get that far
  Json statistics;         // a list as in a statistics file; null likewise
  bool repeatable = true;  // would end like that again: worth keeping

  bool ok() const { return exit_status == 0 && error.empty(); }
};

// The files of a run: made under names that end with ".tmp", moved when they are whole.
struct RunFileNames {
  std::filesystem::path statistics, output, errors;
};

// The folder of a sweep: DIR/points/KEY.json and KEY.uart.txt a run, DIR/lock.
class RecordFolder {
 public:
  enum class Access { whole, shared };

  // Makes the folder and locks it: `whole` for a sweep, which removes what killed runs left behind,
  // `shared` for single points. Throws UnavailableError if it cannot, or another sweep has it.
  RecordFolder(const std::filesystem::path& folder, Access access);
  ~RecordFolder();
  RecordFolder(const RecordFolder&) = delete;
  RecordFolder& operator=(const RecordFolder&) = delete;

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path record_file(const std::string& key) const;
  std::filesystem::path post_mortem(const std::string& key) const;
  RunFileNames run_files(const std::string& key) const;

  std::optional<Record> find(const std::string& key) const;
  void remove(const std::string& key) const;
  // The record of a run that has ended, from its files, which are cleared away; kept on disk if it
  // is repeatable.
  Record take(const std::string& key, const ProcessEnd& end) const;

 private:
  std::filesystem::path folder_;  // absolute
  int lock_ = -1;
};

}  // namespace epoch
