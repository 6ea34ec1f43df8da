// SPDX-License-Identifier: Apache-2.0
#include "sweep/record.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <limits>
#include <sstream>

#include "errors.h"
#include "files/input_file.h"
#include "files/output_file.h"

namespace epoch {

namespace fs = std::filesystem;

namespace {

const std::string kPrefix = "epochvp: ";
constexpr std::size_t kMaxError = 400;  // characters of a row's error

std::string text_of(const fs::path& file) {
  try {
    const auto bytes = read_file(file, std::numeric_limits<std::uint64_t>::max());
    return {bytes.begin(), bytes.end()};
  } catch (const InputError&) {
    return "";
  }
}

// A statistics file has thousands of parts: parse_json()'s bound is one for what people write.
Json json_of(const fs::path& file) {
  return Json::parse(text_of(file), nullptr, false);
}

// What a run that did not start said first, warnings aside.
std::string first_error(const std::string& errors) {
  std::istringstream lines(errors);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(kPrefix, 0) == 0) line.erase(0, kPrefix.size());
    if (!line.empty() && line.rfind("warning:", 0) != 0) return one_line(line, kMaxError);
  }
  return "";
}

// Where firmware says why it ends with a code.
std::string last_line(const std::string& printed) {
  std::istringstream lines(printed);
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t text = line.find_first_not_of(" \t\r");
    if (text != std::string::npos) last = line.substr(text);
  }
  return last.empty() ? "" : "; its last line: " + one_line(last, kMaxError);
}

// Statuses that say nothing about the point itself.
bool repeatable(const ProcessEnd& end) {
  return !end.signalled && end.status != kExitUnavailable && end.status != kExitPlatform &&
         end.status != kExitInterrupted;
}

std::string error_of(const ProcessEnd& end, const Json& report, const RunFileNames& files) {
  if (end.signalled) {
    return "killed by signal " + std::to_string(end.status) + " (" + ::strsignal(end.status) + ")";
  }
  if (end.status == 0) return "";
  if (report.is_object()) {
    const std::string said = report["result"].value("message", "");
    return said.empty() ? "the firmware's own code" + last_line(text_of(files.output))
                        : one_line(said, kMaxError);
  }
  const std::string said = first_error(text_of(files.errors));
  return said.empty() ? "no word of why" : said;
}

}  // namespace

RecordFolder::RecordFolder(const fs::path& folder, Access access)
    : folder_(fs::absolute(folder).lexically_normal()) {
  std::error_code error;
  fs::create_directories(folder_ / "points", error);
  const fs::path lock = folder_ / "lock";
  lock_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) {
    throw UnavailableError(folder.string() + ": cannot be written: " + std::strerror(errno));
  }
  const int how = access == Access::whole ? LOCK_EX : LOCK_SH;
  if (::flock(lock_, how | LOCK_NB) != 0) {
    ::close(lock_);
    throw UnavailableError(folder.string() + ": another sweep is at work in this folder");
  }
  if (access == Access::shared) return;
  for (const auto& entry : fs::directory_iterator(folder_ / "points", error)) {
    if (entry.path().extension() == ".tmp") fs::remove(entry.path(), error);
  }
}

RecordFolder::~RecordFolder() {
  ::close(lock_);
}

fs::path RecordFolder::record_file(const std::string& key) const {
  return folder_ / "points" / (key + ".json");
}

fs::path RecordFolder::post_mortem(const std::string& key) const {
  return folder_ / "points" / (key + ".postmortem");
}

RunFileNames RecordFolder::run_files(const std::string& key) const {
  const fs::path points = folder_ / "points";
  const std::string stem = key + "." + std::to_string(::getpid());
  return {points / (stem + ".stats.tmp"), points / (stem + ".uart.tmp"),
          points / (stem + ".errors.tmp")};
}

std::optional<Record> RecordFolder::find(const std::string& key) const {
  const Json json = json_of(record_file(key));
  if (!json.is_object()) return std::nullopt;
  try {
    Record record;
    record.exit_status = json.at("exit_status");
    record.error = json.at("error");
    record.simulation = json.at("simulation");
    record.statistics = json.at("statistics");
    return record;
  } catch (const Json::exception&) {  // somebody else's file: the point runs again
    return std::nullopt;
  }
}

void RecordFolder::remove(const std::string& key) const {
  std::error_code error;
  fs::remove(record_file(key), error);
}

Record RecordFolder::take(const std::string& key, const ProcessEnd& end) const {
  const RunFileNames files = run_files(key);
  Json report = json_of(files.statistics);
  Record record;
  record.exit_status = end.signalled ? 128 + end.status : end.status;
  record.error = error_of(end, report, files);
  record.repeatable = repeatable(end);
  if (report.is_object()) {
    record.simulation = {{"simulated_ps", report["simulation"]["simulated_ps"]},
                         {"instructions", report["simulation"]["instructions"]}};
    record.statistics = std::move(report["statistics"]);
  } else if (end.status == 0 && !end.signalled) {
    record.exit_status = kExitPlatform;
    record.error = "no statistics were written";
    record.repeatable = false;
  }
  std::error_code error;
  fs::rename(files.output, folder_ / "points" / (key + ".uart.txt"), error);
  if (record.repeatable) {
    const Json json = {{"exit_status", record.exit_status},
                       {"error", record.error},
                       {"simulation", record.simulation},
                       {"statistics", record.statistics}};
    replace_file(record_file(key), json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  }
  for (const fs::path& file : {files.statistics, files.errors}) fs::remove(file, error);
  return record;
}

}  // namespace epoch
