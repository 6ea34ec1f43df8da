// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/search.h"
#include "sweep/record.h"
#include "sweep/sweep_file.h"

namespace epoch {

// How far a sweep is, for a line that tells it.
struct SweepProgress {
  std::size_t total = 0;   // points
  std::size_t kept = 0;    // that were there before
  std::size_t done = 0;    // that ran now
  std::size_t failed = 0;  // of both
  double wall_s = 0;       // since the first ran

  std::string text() const;  // "37/100 points, 2 failed, 12 s, about 20 s left"
};

// A sweep over a folder of records: what is there, and what has yet to run. Both the sweep and the
// folder outlive it.
class SweepRun {
 public:
  SweepRun(const Sweep& sweep, const SearchFolders& folders, const RecordFolder& records);

  // Runs the points that have no record yet, `jobs` at a time, each as an `epochvp run` of its own;
  // of all points, or of one (an index). Returns the signal that interrupted it, or 0.
  int run(unsigned jobs, const std::function<void(const SweepProgress&)>& tell,
          std::optional<std::size_t> only = std::nullopt);
  // Forgets what is there.
  void forget();

  // One a point, in their order; nullopt where it has not been run.
  const std::vector<std::optional<Record>>& results() const { return results_; }
  // The name of a point's record in the folder.
  const std::string& key(std::size_t index) const { return keys_[index]; }
  std::size_t kept() const { return kept_; }

 private:
  Process process(std::size_t index) const;
  SweepProgress progress(double wall_s) const;
  void finish(const std::string& key, const Record& record);

  const Sweep& sweep_;
  const RecordFolder& records_;
  std::vector<std::string> keys_;
  std::vector<std::optional<Record>> results_;
  std::size_t kept_ = 0;
};

// The content key of each point. Reads every file that a key names once.
std::vector<std::string> point_keys(const Sweep& sweep, const SearchFolders& folders);

}  // namespace epoch
