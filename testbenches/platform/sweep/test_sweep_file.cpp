// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "config/describe.h"
#include "errors.h"
#include "platform/schema_reader.h"
#include "platform/scratch_folder.h"
#include "sweep/sweep_file.h"

using namespace epoch;
using Catch::Matchers::Contains;
using test::message_of;
using test::ScratchFolder;
using test::violation;

namespace {

const SearchFolders& folders() {
  static const SearchFolders shipped{{}, {EPOCH_SCENARIOS}};
  return shipped;
}

// The schema with the scenario's in the place of the reference to its file.
Json whole_schema() {
  Json schema = sweep_schema();
  schema["properties"]["scenario"]["anyOf"][1] = scenario_schema();
  return schema;
}

std::vector<std::string> texts_of(const Sweep& sweep) {
  std::vector<std::string> texts;
  for (const SweepPoint& point : sweep.points) texts.push_back(point_text(sweep, point));
  return texts;
}

}  // namespace

TEST_CASE("a grid is the cartesian product in the file's order, the last key fastest") {
  const ScratchFolder folder;
  const Sweep sweep = read_sweep(folder.write("s.json", R"({
    // comments are fine
    "$schema": "x", "description": "d", "scenario": "hello",
    "grid": { "epochcore.pe_grid.rows": [32, 16], "cpu.clock_mhz": [100, 50.5, 1] } })"),
                                 folders());
  CHECK(sweep.description == "d");
  CHECK(texts_of(sweep) == std::vector<std::string>{"epochcore.pe_grid.rows=32 cpu.clock_mhz=100",
                                                    "epochcore.pe_grid.rows=32 cpu.clock_mhz=50.5",
                                                    "epochcore.pe_grid.rows=32 cpu.clock_mhz=1",
                                                    "epochcore.pe_grid.rows=16 cpu.clock_mhz=100",
                                                    "epochcore.pe_grid.rows=16 cpu.clock_mhz=50.5",
                                                    "epochcore.pe_grid.rows=16 cpu.clock_mhz=1"});
  for (std::size_t i = 0; i < sweep.points.size(); ++i) CHECK(sweep.points[i].number == i + 1);
  const ScenarioConfig second = point_configuration(sweep, sweep.points[1]).values;
  CHECK(second.epochcore.pe_grid.rows == 32);
  CHECK(second.cpu.clock_mhz == 50.5);
  CHECK(second.firmware.elf.text == "hello.elf");
}

TEST_CASE("each point of a list meets each of the grid, a key left out is the scenario's") {
  const ScratchFolder folder;
  const Sweep sweep = read_sweep(folder.write("s.json", R"({
    "scenario": { "epochcore": { "pe_grid": { "cols": 8 } }, "firmware": { "elf": "x.elf" } },
    "args": ["--a", "--b"],
    "grid": { "firmware.args.1": ["1", "2"] },
    "points": [ { "epochcore.pe_grid.rows": 64 }, { "epochcore.pe_grid.cols": 2 } ] })"),
                                 folders());
  CHECK(texts_of(sweep) == std::vector<std::string>{"epochcore.pe_grid.rows=64 firmware.args.1=1",
                                                    "epochcore.pe_grid.rows=64 firmware.args.1=2",
                                                    "epochcore.pe_grid.cols=2 firmware.args.1=1",
                                                    "epochcore.pe_grid.cols=2 firmware.args.1=2"});
  const ScenarioConfig first = point_configuration(sweep, sweep.points[0]).values;
  CHECK(first.epochcore.pe_grid.rows == 64);
  CHECK(first.epochcore.pe_grid.cols == 8);
  CHECK(first.firmware.args == std::vector<std::string>{"--a", "1"});
  const ScenarioConfig last = point_configuration(sweep, sweep.points[3]).values;
  CHECK(last.epochcore.pe_grid.rows == ScenarioConfig().epochcore.pe_grid.rows);
  CHECK(last.epochcore.pe_grid.cols == 2);
  CHECK(last.firmware.args == std::vector<std::string>{"--a", "2"});
}

TEST_CASE("relative names of a sweep belong to its folder") {
  const ScratchFolder folder;
  folder.write("deep/base.json", R"({ "data": [ { "name": "a", "file": "one.bin" } ] })");
  const Sweep sweep =
      read_sweep(folder.write("sweeps/s.json", R"({ "scenario": { "extends": "../deep/base.json" },
                   "grid": { "data.0.file": ["two.bin"], "cpu.clock_mhz": [1] } })"),
                 folders());
  const FileReference file = point_configuration(sweep, sweep.points[0]).values.data.at(0).file;
  CHECK(file.text == "two.bin");
  CHECK(file.folder == folder / "sweeps");
  CHECK(*sweep.scenario == folder / "deep/base.json");
}

TEST_CASE("a sweep reached through a link to its folder has the names that its points will find") {
  const ScratchFolder folder;
  folder.write("deep/base.json", R"({ "data": [ { "name": "a", "file": "../one.bin" } ] })");
  folder.write("deep/sweeps/s.json", R"({ "scenario": { "extends": "../base.json" },
                   "grid": { "data.0.file": ["../two.bin"] } })");
  std::filesystem::create_directory_symlink(folder / "deep/sweeps", folder / "link");
  const Sweep sweep = read_sweep(folder / "link/s.json", folders());
  CHECK(*sweep.scenario == folder / "deep/base.json");
  CHECK(point_configuration(sweep, sweep.points[0]).values.data.at(0).file.folder ==
        folder / "deep/sweeps");
}

TEST_CASE("what is wrong in a sweep file is said with file, field and value") {
  const ScratchFolder folder;
  const struct {
    const char* text;
    const char* says;
  } cases[] = {
      {"[]", "a sweep is an object"},
      {"{", "parse error"},
      {R"({"grid":{"cpu.clock_mhz":[1]}})", "scenario: missing"},
      {R"({"scenario":"hello"})", "grid: missing"},
      {R"({"scenario":"nobody","grid":{"cpu.clock_mhz":[1]}})",
       "scenario: \"nobody.json\" not found; tried"},
      {R"({"scenario":7,"grid":{"cpu.clock_mhz":[1]}})", "scenario: 7 is not allowed here"},
      {R"({"scenario":"hello","grids":{}})", "grids: unknown; allowed: description"},
      {R"({"scenario":"hello","grid":{}})", "grid: must be"},
      {R"({"scenario":"hello","grid":{"cpu.clock_mhz":[]}})",
       "grid: cpu.clock_mhz: [] is not allowed"},
      {R"({"scenario":"hello","grid":{"cpu.clock_mhz":5}})",
       "grid: cpu.clock_mhz: 5 is not allowed"},
      {R"({"scenario":"hello","grid":{"cpu.clock_mhz":[null]}})",
       "grid: cpu.clock_mhz: null is no value"},
      {R"({"scenario":"hello","grid":{"cpu.clock_mhz":[10, -5]}})",
       "grid (point 2): cpu.clock_mhz: -5 is not allowed here; allowed: "},
      {R"({"scenario":"hello","grid":{"cpu.clock_mhz":["fast"]}})",
       "cpu.clock_mhz: \"fast\" is not"},
      {R"({"scenario":"hello","grid":{"cpu.clock_mz":[1]}})", "did you mean \"cpu.clock_mhz\"?"},
      {R"({"scenario":"hello","grid":{"cpu":[{"clock_mhz":1}]}})",
       "grid: cpu: a group; sweep one of its keys: "},
      {R"({"scenario":"hello","grid":{"data":[[]]}})", "grid: data: a list; sweep one field"},
      {R"({"scenario":"hello","grid":{"data[].file":["x"]}})", "data[].file: unknown key"},
      {R"({"scenario":"hello","grid":{"data.3.file":["x"]}})",
       "data.3.file: the list has elements 0 to 0"},
      {R"({"scenario":"hello","grid":{"firmware.args.0":[3]}})",
       "firmware.args.0: 3 is not allowed here; allowed: a text"},
      {R"({"scenario":"hello","grid":{"firmware.args.0":["a\u0000b"]}})",
       "firmware.args: a NUL character"},
      {R"({"scenario":"hello","points":[]})", "points: must be a list"},
      {R"({"scenario":"hello","points":[3]})", "points[0]: 3 is not allowed here"},
      {R"({"scenario":"hello","points":[{},{"cpu.clok_mhz":3}]})",
       "points[1]: cpu.clok_mhz: unknown key; did you mean"},
      {R"({"scenario":"hello","points":[{},{"cpu.clock_mhz":0}]})",
       "points (point 2): cpu.clock_mhz: 0 is not"},
      {R"({"scenario":"hello","points":[{"cpu.clock_mhz":1}],"grid":{"cpu.clock_mhz":[1]}})",
       "grid: cpu.clock_mhz: swept by points too"},
      {R"({"scenario":"hello","args":"x","grid":{"cpu.clock_mhz":[1]}})",
       "args: \"x\" is not allowed here; allowed: a list of texts"},
      {R"({"scenario":"hello","columns":[1],"grid":{"cpu.clock_mhz":[1]}})",
       "columns: 1 is not allowed here"},
      {R"({"scenario":{"cpu":{"clok_mhz":1}},"grid":{"cpu.clock_mhz":[1]}})",
       "scenario: cpu.clok_mhz: unknown key; did you mean"},
      {R"({"scenario":{"cpu.clock_mhz":1},"grid":{"cpu.clock_mhz":[1]}})",
       "scenario: cpu.clock_mhz: unknown key: a scenario nests"},
      {R"({"scenario":{"extends":"no.json"},"grid":{"cpu.clock_mhz":[1]}})",
       "scenario: extends: \"no.json\" not found"},
      // A rule between two keys names the point that breaks it.
      {R"({"scenario":"hello","grid":{"epochcore.pe_grid.rows":[32, 48],"epochcore.pe_grid.segment_rows":[32]}})",
       "grid (point 2): epochcore.pe_grid.segment_rows: segment_rows 32 must divide rows 48"},
      {R"({"scenario":"hello","grid":{"uart.output":["stdout","tcp:0"]}})",
       "uart.output: tcp:0: a sweep keeps"},
      {R"({"scenario":"hello","grid":{"uart.input":["stdin"]}})", "uart.input: stdin: the points"},
  };
  for (const auto& one : cases) {
    INFO(one.text);
    const auto file = folder.write("s.json", one.text);
    const std::string message = message_of<InputError>([&] { read_sweep(file, folders()); });
    CHECK_THAT(message, Contains("s.json: ") && Contains(one.says));
    CHECK(message.find('\n') == std::string::npos);
  }
  CHECK_THAT(message_of<InputError>([&] { read_sweep(folder / "none.json", folders()); }),
             Contains("no such file"));
}

TEST_CASE("a grid of too many points is refused before it is made") {
  const ScratchFolder folder;
  std::string list = "[";
  for (int n = 1; n <= 400; ++n) list += (n > 1 ? "," : "") + std::to_string(n);
  list += "]";
  const auto file =
      folder.write("s.json", R"({"scenario":"hello","grid":{"cpu.clock_mhz":)" + list +
                                 R"(,"interconnect.clock_mhz":)" + list + "}}");
  CHECK_THAT(message_of<InputError>([&] { read_sweep(file, folders()); }),
             Contains("more than 100000 points"));
}

TEST_CASE("the schema of sweeps and the checks agree") {
  const Json schema = whole_schema();
  const ScratchFolder folder;
  const char* texts[] = {
      R"({"scenario":"hello","grid":{"cpu.clock_mhz":[1,2.5]}})",
      R"({"scenario":"hello","grid":{"cpu.clock_mhz":[0]}})",
      R"({"scenario":"hello","grid":{"cpu.clock_mhz":[]}})",
      R"({"scenario":"hello","grid":{"cpu.clock_mhz":1}})",
      R"({"scenario":"hello","grid":{"cpu.clock":[1]}})",
      R"({"scenario":"hello","grid":{}})",
      R"({"scenario":"hello","grid":{"firmware.args.0":["x"]}})",
      R"({"scenario":"hello","grid":{"firmware.args.0":[1]}})",
      R"({"scenario":"hello","grid":{"firmware.args":[["x"],[]]}})",
      R"({"scenario":"hello","grid":{"firmware.args":["x"]}})",
      R"({"scenario":"smnist","grid":{"data.0.file":["x"]}})",
      R"({"scenario":"smnist","grid":{"data.0.fil":["x"]}})",
      R"({"scenario":"smnist","grid":{"data.0.address":["auto","0x9000_0000"]}})",
      R"({"scenario":"smnist","grid":{"data.0.address":["here"]}})",
      R"({"scenario":"hello","points":[{"cpu.clock_mhz":1},{}]})",
      R"({"scenario":"hello","points":[{"cpu.clock_mhz":-1}]})",
      R"({"scenario":"hello","points":[]})",
      R"({"scenario":"hello","points":{}})",
      R"({"scenario":"hello"})",
      R"({"grid":{"cpu.clock_mhz":[1]}})",
      R"({"scenario":1,"grid":{"cpu.clock_mhz":[1]}})",
      R"({"scenario":{},"grid":{"cpu.clock_mhz":[1]}})",
      R"({"scenario":{"cpu":{"clock_mhz":3}},"grid":{"cpu.clock_mhz":[1]}})",
      R"({"scenario":{"cpu":{"clock_mz":3}},"grid":{"cpu.clock_mhz":[1]}})",
      R"({"scenario":"hello","args":["x"],"grid":{"cpu.clock_mhz":[1]}})",
      R"({"scenario":"hello","args":[1],"grid":{"cpu.clock_mhz":[1]}})",
      R"({"scenario":"hello","columns":["dram.*"],"grid":{"cpu.clock_mhz":[1]}})",
      R"({"scenario":"hello","columns":"dram.*","grid":{"cpu.clock_mhz":[1]}})",
      R"({"scenario":"hello","max_sim_time":"5ms","grid":{"cpu.clock_mhz":[1]}})",
      R"({"scenario":"hello","max_sim_time":5,"grid":{"cpu.clock_mhz":[1]}})",
      R"({"scenario":"hello","other":5,"grid":{"cpu.clock_mhz":[1]}})",
      R"({"scenario":"hello","$schema":"x","description":"y","grid":{"cpu.clock_mhz":[1]}})",
  };
  unsigned refusals = 0;
  for (const char* text : texts) {
    INFO(text);
    const auto file = folder.write("s.json", text);
    const bool refused = !message_of<InputError>([&] { read_sweep(file, folders()); }).empty();
    CHECK(violation(schema, Json::parse(text), "").empty() == !refused);
    refusals += refused ? 1 : 0;
  }
  CHECK(refusals > 10);
}

TEST_CASE("every shipped sweep is accepted, by the schema too") {
  unsigned count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(EPOCH_SCENARIOS) / "bandwidth")) {
    if (entry.path().extension() != ".json") continue;
    INFO(entry.path());
    ++count;
    CHECK(violation(whole_schema(), read_json_file(entry.path()), "") == "");
    CHECK_FALSE(read_sweep(entry.path(), folders()).points.empty());
  }
  CHECK(count >= 1);
}
