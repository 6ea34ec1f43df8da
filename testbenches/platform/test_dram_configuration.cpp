// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "config/configuration.h"
#include "config/describe.h"
#include "config/json_text.h"
#include "errors.h"
#include "platform/scratch_folder.h"

using namespace epoch;
using Catch::Matchers::Contains;
using test::message_of;
using test::ScratchFolder;

namespace {

Configuration with(std::vector<std::string> sets) {
  return load_configuration(std::nullopt, sets);
}

std::string set_refusal(const std::vector<std::string>& sets) {
  return message_of<UsageError>([&] { with(sets); });
}

// The refusal of a scenario whose device is ddr4-3200 with one change.
std::string device_refusal(const std::function<void(Json&)>& change) {
  const ScratchFolder folder;
  Json device = read_json_file(std::string(EPOCH_SCENARIOS) + "/memory/ddr4-3200.json");
  change(device);
  folder.write("bent.json", device.dump());
  const auto scenario = folder.write("scenario.json", R"({"dram":{"device":"bent"}})");
  const std::string message = message_of<InputError>([&] { load_configuration(scenario, {}); });
  CHECK(message.find('\n') == std::string::npos);
  return message;
}

}  // namespace

TEST_CASE("the device is ideal unless a device file is named") {
  CHECK_FALSE(with({}).values.dram.device);
  CHECK_FALSE(with({"dram.device=ideal"}).values.dram.device);
  for (const char* name : {"ddr4-3200", "lpddr4-4266", "lpddr5-6400", "hbm2"}) {
    const Configuration c = with({std::string("dram.device=") + name});
    REQUIRE(c.values.dram.device);
    CHECK(c.values.dram.device->name == name);
    CHECK(c.values.dram.size_bytes == 512ull << 20);
  }
  CHECK(with({"dram.device=hbm2.json"}).values.dram.device->timing.tRCDWR == 6);
  CHECK(configuration_origins(with({"dram.device=hbm2"}))
            .find("dram.device = \"hbm2\"  # --set dram.device=hbm2") != std::string::npos);
}

TEST_CASE("the controller's keys reach its configuration") {
  const DramControllerConfig c =
      with({"dram.device=lpddr4-4266", "dram.channels=4", "dram.ranks=2", "dram.bank_xor=true",
            "dram.mapping=rank-row-bank-bankgroup-column-channel",
            "dram.page_policy=closed_adaptive", "dram.starvation_cap=3", "dram.unified_queue=true",
            "dram.read_queue=8", "dram.write_queue=9", "dram.write_high_percent=70",
            "dram.write_low_percent=10", "dram.refresh=false", "dram.refresh_postponed=8"})
          .values.dram.controller;
  CHECK(c.channels == 4);
  CHECK(c.ranks == 2);
  CHECK(c.bank_xor);
  CHECK(c.mapping == "rank-row-bank-bankgroup-column-channel");
  CHECK(c.page_policy == PagePolicy::closed_adaptive);
  CHECK(c.starvation_cap == 3);
  CHECK(c.unified_queue);
  CHECK(c.read_queue == 8);
  CHECK(c.write_queue == 9);
  CHECK(c.write_high_percent == 70);
  CHECK(c.write_low_percent == 10);
  CHECK_FALSE(c.refresh);
  CHECK(c.refresh_postponed == 8);
}

TEST_CASE("a device beside the scenario comes before a shipped one, and may be small") {
  const ScratchFolder folder;
  Json device = read_json_file(std::string(EPOCH_SCENARIOS) + "/memory/hbm2.json");
  device["organisation"]["rows"]["value"] = 2048;  // 64 MiB
  folder.write("hbm2.json", device.dump());
  const auto scenario = folder.write("s.json", R"({"dram":{"device":"hbm2"}})");
  CHECK(load_configuration(scenario, {}).values.dram.size_bytes == 64u << 20);
  const Json dumped = effective_configuration(load_configuration(scenario, {}));
  CHECK(dumped["dram"]["device"] == (folder / "hbm2.json").string());
  CHECK(load_configuration(scenario, {"dram.channels=4"}).values.dram.size_bytes == 256u << 20);
  CHECK(load_configuration(scenario, {"dram.size_mib=32"}).values.dram.size_bytes == 32u << 20);
  CHECK_THAT(message_of<UsageError>([&] { load_configuration(scenario, {"dram.size_mib=65"}); }),
             Contains("dram.size_mib: 65 MiB are more than the device has: 1 channels x 1 ranks x "
                      "64 MiB"));
}

TEST_CASE("a device that is not there, and combinations that cannot be, are refused") {
  CHECK_THAT(set_refusal({"dram.device=ddr9"}),
             Contains("dram.device") && Contains("ddr9.json") && Contains("tried"));
  const ScratchFolder folder;
  std::filesystem::create_directory(folder / "folder.json");
  CHECK_THAT(message_of<InputError>([&] { with({"dram.device=" + (folder / "folder").string()}); }),
             Contains("folder.json"));
  CHECK_THAT(set_refusal({"dram.channels=3"}), Contains("dram.channels: 3"));
  CHECK_THAT(set_refusal({"dram.channels=0"}), Contains("dram.channels: 0"));
  CHECK_THAT(set_refusal({"dram.read_queue=0"}), Contains("dram.read_queue: 0"));
  CHECK_THAT(set_refusal({"dram.write_low_percent=81"}),
             Contains("write_low_percent 81 must not be above write_high_percent 80"));
  CHECK_THAT(set_refusal({"dram.page_policy=shut"}), Contains("\"open_adaptive\""));
  CHECK_THAT(set_refusal({"dram.device=ddr4-3200", "dram.mapping=row-bank-column"}),
             Contains("dram.mapping: mapping \"row-bank-column\" does not cover the space: "
                      "bankgroup has 2 bits, the mapping names 0"));
  CHECK_THAT(set_refusal({"dram.device=ddr4-3200", "dram.mapping=row-bank-bankgroup-column-page"}),
             Contains("\"page\" is no field"));
  CHECK_THAT(set_refusal(
                 {"dram.device=hbm2", "dram.mapping=row-bank-bankgroup-column", "dram.channels=2"}),
             Contains("channel has 1 bit"));
}

TEST_CASE("impossible devices are refused with file, field, value and what would do") {
  const auto timing = [](const char* field, unsigned value) {
    return device_refusal([&](Json& d) { d["timing"][field]["value"] = value; });
  };
  CHECK(device_refusal([](Json&) {}).empty());
  CHECK_THAT(timing("tRC", 70), Contains("bent.json: timing.tRC: 70: must be at least 74"));
  CHECK_THAT(timing("tFAW", 2), Contains("bent.json: timing.tFAW: 2: must be at least 4"));
  CHECK_THAT(timing("tRFC", 20'000), Contains("timing.tREFI: 12480: must be at least"));
  CHECK_THAT(timing("CL", 0), Contains("timing.CL: 0: must be from 1"));
  CHECK_THAT(device_refusal([](Json& d) { d["organisation"]["data_bits"]["value"] = 0; }),
             Contains("bent.json: organisation.data_bits: 0"));
}

TEST_CASE("malformed device files are refused with file and field") {
  CHECK_THAT(device_refusal([](Json& d) { d = Json::array(); }), Contains("a device is an object"));
  CHECK_THAT(device_refusal([](Json& d) { d["colour"] = 1; }), Contains("colour: unknown key"));
  CHECK_THAT(device_refusal([](Json& d) { d.erase("timing"); }),
             Contains("timing: must be an object"));
  CHECK_THAT(device_refusal([](Json& d) { d.erase("sources"); }),
             Contains("sources: must be an object"));
  CHECK_THAT(device_refusal([](Json& d) { d["timing"].erase("tRC"); }),
             Contains("timing.tRC: is missing"));
  CHECK_THAT(device_refusal([](Json& d) { d["timing"]["tXP"] = d["timing"]["tRC"]; }),
             Contains("timing.tXP: is no field; fields are CL, CWL"));
  CHECK_THAT(device_refusal([](Json& d) { d["timing"]["tRC"] = 74; }),
             Contains("timing.tRC: 74 is not of the form"));
  CHECK_THAT(device_refusal([](Json& d) { d["timing"]["tRC"].erase("source"); }),
             Contains("timing.tRC") && Contains("not of the form"));
  CHECK_THAT(device_refusal([](Json& d) { d["timing"]["tRC"]["source"] = "a friend"; }),
             Contains("timing.tRC: source: \"a friend\" is not explained under \"sources\""));
  for (const Json& value : {Json(-1), Json(1.5), Json("74"), Json(nullptr), Json(1ull << 40)}) {
    CHECK_THAT(device_refusal([&](Json& d) { d["timing"]["tRC"]["value"] = value; }),
               Contains("timing.tRC") && Contains("is not a whole number"));
  }
}
