// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "platform/scratch_folder.h"
#include "sweep/content_key.h"

using namespace epoch;
using test::ScratchFolder;

namespace {

// The key of a scenario in `where` of the scratch folder, whose files hold what the arguments say.
struct Files {
  std::string program = "binary", elf = "elf", model = "weights", data = "bytes", scenario_extra;
};

std::string key_of(const ScratchFolder& folder, const std::string& where, const Files& files,
                   const std::string& extra = "") {
  const auto program = folder.write(where + "/epochvp", files.program);
  folder.write(where + "/firmware/f.elf", files.elf);
  folder.write(where + "/model/model.safetensors", files.model);
  folder.write(where + "/model/config.json", "{}");
  folder.write(where + "/d.bin", files.data);
  const auto scenario = folder.write(
      where + "/s.json", R"({ "firmware": { "elf": "f.elf" }, "network": { "model": "model" },
        "data": [ { "name": "d", "file": "d.bin" } ])" +
                             files.scenario_extra + "}");
  const SearchFolders folders{{folder / (where + "/firmware")}, {}};
  return ContentKeys(folders, program).of(load_configuration(scenario, {}), extra);
}

}  // namespace

TEST_CASE("a point's key is that of its contents, wherever they lie") {
  const ScratchFolder folder;
  const std::string key = key_of(folder, "a", {});
  CHECK(key.size() == 36);
  CHECK(key_of(folder, "a", {}) == key);
  CHECK(key_of(folder, "b/deeper", {}) == key);
  // A default that is written down changes nothing.
  Files files;
  files.scenario_extra = R"(, "dram": { "size_mib": 512 })";
  CHECK(key_of(folder, "c", files) == key);
}

TEST_CASE("a point's key changes with each thing that its result depends on") {
  const ScratchFolder folder;
  std::vector<std::string> keys = {key_of(folder, "a", {})};
  for (std::string Files::*member : {&Files::program, &Files::elf, &Files::model, &Files::data}) {
    Files files;
    files.*member += " changed";
    keys.push_back(key_of(folder, "a", files));
  }
  Files files;
  files.scenario_extra = R"(, "cpu": { "clock_mhz": 499 })";
  keys.push_back(key_of(folder, "a", files));
  keys.push_back(key_of(folder, "a", {}, "5ms"));
  // A file that is missing, and one more in a model folder.
  std::filesystem::remove(folder / "a/firmware/f.elf");
  const auto scenario = folder / "a/s.json";
  const SearchFolders folders{{folder / "a/firmware"}, {}};
  keys.push_back(ContentKeys(folders, folder / "a/epochvp").of(load_configuration(scenario, {})));
  folder.write("a/model/tokens.json", "x");
  keys.push_back(ContentKeys(folders, folder / "a/epochvp").of(load_configuration(scenario, {})));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      INFO(i << " and " << j);
      CHECK(keys[i] != keys[j]);
    }
  }
}

TEST_CASE("input from a file and firmware for the host count too") {
  const ScratchFolder folder;
  folder.write("f.elf", "elf");
  const auto program = folder.write("epochvp", "binary");
  const SearchFolders folders{{folder / "."}, {}};
  const auto scenario = folder.write(
      "s.json", R"({ "firmware": { "elf": "f.elf" }, "uart": { "input": "file:in.txt" } })");
  const auto key = [&] {
    return ContentKeys(folders, program).of(load_configuration(scenario, {}));
  };
  folder.write("in.txt", "one");
  const std::string one = key();
  folder.write("in.txt", "two");
  const std::string two = key();
  folder.write("f.so", "host");
  CHECK(one != two);
  CHECK(two != key());
}
