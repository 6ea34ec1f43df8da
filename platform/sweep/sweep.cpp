// SPDX-License-Identifier: Apache-2.0
#include "sweep/sweep.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <set>

#include "errors.h"
#include "files/output_file.h"
#include "sweep/content_key.h"

namespace epoch {

namespace fs = std::filesystem;

namespace {

// This very program, also if its file is replaced while a sweep runs.
constexpr const char* kThisProgram = "/proc/self/exe";
// What a sweep without a scenario file changes; a run wants a name.
constexpr const char* kDefaultScenario = "default.json";

// A change as --set takes it: JSON, but of a single firmware argument the text itself.
std::string set_text(const KeyChange& change) {
  const std::string list = "firmware.args";
  const bool argument = change.path != list && table_path(change.path) == list;
  const std::string value = argument ? change.value.get<std::string>() : change.value.dump();
  return change.path + "=" + value;
}

double seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

}  // namespace

std::string SweepProgress::text() const {
  char line[160];
  const std::size_t left = total - kept - done;
  int length = std::snprintf(line, sizeof line, "%zu/%zu points, %zu failed, %.0f s", kept + done,
                             total, failed, wall_s);
  if (done > 0 && left > 0) {
    const double eta = wall_s / static_cast<double>(done) * static_cast<double>(left);
    std::snprintf(line + length, sizeof line - static_cast<std::size_t>(length),
                  ", about %.0f s left", std::ceil(eta));
  }
  return line;
}

std::vector<std::string> point_keys(const Sweep& sweep, const SearchFolders& folders) {
  ContentKeys keys(folders, kThisProgram);
  std::vector<std::string> list;
  for (const SweepPoint& point : sweep.points) {
    list.push_back(keys.of(point_configuration(sweep, point), sweep.max_sim_time.value_or("")));
  }
  return list;
}

SweepRun::SweepRun(const Sweep& sweep, const SearchFolders& folders, const RecordFolder& records)
    : sweep_(sweep), records_(records), keys_(point_keys(sweep, folders)) {
  for (const std::string& key : keys_) {
    results_.push_back(records.find(key));
    if (results_.back()) ++kept_;
  }
}

void SweepRun::forget() {
  for (const std::string& key : keys_) records_.remove(key);
  std::fill(results_.begin(), results_.end(), std::nullopt);
  kept_ = 0;
}

Process SweepRun::process(std::size_t index) const {
  const RunFileNames files = records_.run_files(keys_[index]);
  const fs::path scenario = sweep_.scenario.value_or(records_.path() / kDefaultScenario);
  Process process{
      kThisProgram, {"run", scenario.string()}, sweep_.folder, files.output, files.errors};
  for (const KeyChange& change : point_changes(sweep_, sweep_.points[index])) {
    process.arguments.insert(process.arguments.end(), {"--set", set_text(change)});
  }
  process.arguments.insert(process.arguments.end(), {"--stats", files.statistics.string()});
  process.arguments.insert(process.arguments.end(),
                           {"--postmortem", records_.post_mortem(keys_[index]).string()});
  if (sweep_.max_sim_time) {
    process.arguments.insert(process.arguments.end(), {"--max-sim-time", *sweep_.max_sim_time});
  }
  return process;
}

// Points that come to the same run share its record.
void SweepRun::finish(const std::string& key, const Record& record) {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i] == key) results_[i] = record;
  }
}

SweepProgress SweepRun::progress(double wall_s) const {
  SweepProgress now;
  now.total = results_.size();
  now.kept = kept_;
  now.wall_s = wall_s;
  for (const auto& result : results_) {
    if (!result) continue;
    ++now.done;
    if (!result->ok()) ++now.failed;
  }
  now.done -= kept_;
  return now;
}

int SweepRun::run(unsigned jobs, const std::function<void(const SweepProgress&)>& tell,
                  std::optional<std::size_t> only) {
  std::vector<std::size_t> waiting;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const bool wanted = !results_[i] && (!only || *only == i);
    if (wanted && taken.insert(keys_[i]).second) waiting.push_back(i);
  }
  if (!sweep_.scenario) replace_file(records_.path() / kDefaultScenario, "{}\n");
  std::vector<Process> processes;
  for (const std::size_t index : waiting) processes.push_back(process(index));
  const double started = seconds();
  const auto finished = [&](std::size_t process, const ProcessEnd& end) {
    const std::string& key = keys_[waiting[process]];
    const Record record = records_.take(key, end);
    if (record.exit_status != kExitInterrupted) finish(key, record);
  };
  return ProcessPool::run(processes, jobs, finished, [&] { tell(progress(seconds() - started)); });
}

}  // namespace epoch
