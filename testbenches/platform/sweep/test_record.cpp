// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <csignal>

#include "errors.h"
#include "platform/scratch_folder.h"
#include "sweep/record.h"

using namespace epoch;
using Catch::Matchers::Contains;
using test::message_of;
using test::ScratchFolder;

namespace {

const std::string kStatistics = R"({ "result": { "reason": "exit", "message": "" },
  "simulation": { "scenario": "/somewhere", "simulated_ps": 5, "instructions": 7, "host": { "wall_s": 1.5 } },
  "statistics": [ { "name": "a", "value": 3, "unit": "B", "description": "d" } ] })";

// What a run left behind in `records`, and how it ended.
Record taken(const ScratchFolder& folder, const RecordFolder& records, const std::string& key,
             const ProcessEnd& end, const std::string& statistics, const std::string& errors = "",
             const std::string& output = "") {
  const RunFileNames files = records.run_files(key);
  const auto write = [&](const std::filesystem::path& file, const std::string& text) {
    folder.write("out/points/" + file.filename().string(), text);
  };
  if (!statistics.empty()) write(files.statistics, statistics);
  write(files.errors, errors);
  write(files.output, output);
  return records.take(key, end);
}

}  // namespace

TEST_CASE("a record holds what a run came to and nothing of the host") {
  const ScratchFolder folder;
  const RecordFolder records(folder / "out", RecordFolder::Access::whole);
  CHECK_FALSE(records.find("k"));
  const Record record =
      taken(folder, records, "k", {}, kStatistics, "epochvp: simulated", "hello\n");
  CHECK(record.ok());
  const auto found = records.find("k");
  REQUIRE(found);
  CHECK(found->ok());
  CHECK(found->simulation == Json({{"simulated_ps", 5}, {"instructions", 7}}));
  CHECK(found->statistics == record.statistics);
  CHECK(std::filesystem::exists(folder / "out/points/k.uart.txt"));
  for (const auto& entry : std::filesystem::directory_iterator(folder / "out/points")) {
    CHECK(entry.path().extension() != ".tmp");
  }
  records.remove("k");
  CHECK_FALSE(records.find("k"));
}

TEST_CASE("a run that failed says why, what would fail alike is kept, what might not is not") {
  const ScratchFolder folder;
  const RecordFolder records(folder / "out", RecordFolder::Access::whole);
  const std::string trap =
      R"({ "result": { "message": "unhandled trap" }, "simulation": { "simulated_ps": 1,
      "instructions": 1 }, "statistics": [] })";
  const struct {
    ProcessEnd end;
    std::string statistics, errors, output;
    int status;
    const char* error;
    bool kept;
  } cases[] = {
      {{71, false}, trap, "epochvp: other", "", 71, "unhandled trap", true},
      {{3, false},
       kStatistics,
       "",
       "one\n  two  \n\n",
       3,
       "the firmware's own code; its last line: two  ",
       true},
      {{65, false},
       "",
       "epochvp: warning: x\nepochvp: model: broken\nmore\n",
       "",
       65,
       "model: broken",
       true},
      {{69, false}, "", "epochvp: disk full\n", "", 69, "disk full", false},
      {{70, false}, "", "", "", 70, "no word of why", false},
      {{SIGKILL, true}, "", "", "", 128 + SIGKILL, "killed by signal 9 (Killed)", false},
      {{0, false}, "", "", "", 70, "no statistics were written", false},
      {{0, false}, "{ \"result\":", "", "", 70, "no statistics were written", false},
  };
  for (const auto& one : cases) {
    INFO(one.error);
    records.remove("k");
    const Record record =
        taken(folder, records, "k", one.end, one.statistics, one.errors, one.output);
    CHECK_FALSE(record.ok());
    CHECK(record.exit_status == one.status);
    CHECK(record.error == one.error);
    CHECK(records.find("k").has_value() == one.kept);
  }
}

TEST_CASE("a record cut short anywhere is none") {
  const ScratchFolder folder;
  const RecordFolder records(folder / "out", RecordFolder::Access::whole);
  taken(folder, records, "k", {}, kStatistics);
  std::ifstream stream(records.record_file("k"));
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  while (text.back() != '}') text.pop_back();
  for (std::size_t length = 0; length < text.size(); ++length) {
    folder.write("out/points/k.json", text.substr(0, length));
    CHECK_FALSE(records.find("k"));
  }
  for (const char* other : {"[]", "{}", R"({"exit_status":"x"})", "7"}) {
    folder.write("out/points/k.json", other);
    CHECK_FALSE(records.find("k"));
  }
}

TEST_CASE("a sweep has its folder for itself, single points share one") {
  const ScratchFolder folder;
  folder.write("out/points/k.1.stats.tmp", "half");
  {
    const RecordFolder one(folder / "out", RecordFolder::Access::shared);
    const RecordFolder other(folder / "out", RecordFolder::Access::shared);
    CHECK(std::filesystem::exists(folder / "out/points/k.1.stats.tmp"));
    CHECK_THAT(message_of<UnavailableError>(
                   [&] { RecordFolder(folder / "out", RecordFolder::Access::whole); }),
               Contains("another sweep"));
  }
  const RecordFolder whole(folder / "out", RecordFolder::Access::whole);
  CHECK_FALSE(std::filesystem::exists(folder / "out/points/k.1.stats.tmp"));
  CHECK_THAT(message_of<UnavailableError>(
                 [&] { RecordFolder(folder / "out", RecordFolder::Access::shared); }),
             Contains("another sweep"));
  folder.write("file", "");
  CHECK_THAT(message_of<UnavailableError>(
                 [&] { RecordFolder(folder / "file", RecordFolder::Access::whole); }),
             Contains("cannot be written"));
}
