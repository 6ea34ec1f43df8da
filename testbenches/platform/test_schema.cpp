// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "config/configuration.h"
#include "config/describe.h"
#include "errors.h"
#include "platform/schema_reader.h"
#include "platform/scratch_folder.h"

using namespace epoch;
using test::message_of;
using test::ScratchFolder;
using test::violation;

TEST_CASE("the schema accepts every shipped scenario and the dump of the defaults") {
  const Json schema = scenario_schema();
  unsigned count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(EPOCH_SCENARIOS)) {
    if (entry.path().extension() != ".json" || entry.path().stem().extension() == ".schema")
      continue;
    INFO(entry.path());
    ++count;
    CHECK(violation(schema, read_json_file(entry.path()), "") == "");
    CHECK_NOTHROW(load_configuration(entry.path(), {}));
  }
  CHECK(count >= 2);
  CHECK(violation(schema, effective_configuration(load_configuration(std::nullopt, {})), "") == "");
}

TEST_CASE("schema and checks agree on single values") {
  const Json schema = scenario_schema();
  const ScratchFolder folder;
  const char* texts[] = {R"({"epochcore":{"pe_grid":{"cols":1}}})",
                         R"({"epochcore":{"pe_grid":{"cols":0}}})",
                         R"({"epochcore":{"pe_grid":{"cols":1024}}})",
                         R"({"epochcore":{"pe_grid":{"cols":1025}}})",
                         R"({"epochcore":{"pe_grid":{"cols":2.0}}})",
                         R"({"epochcore":{"pe_grid":{"cols":2.5}}})",
                         R"({"epochcore":{"pe_grid":{"drain_lanes":"auto"}}})",
                         R"({"epochcore":{"pe_grid":{"drain_lanes":"none"}}})",
                         R"({"epochcore":{"pe_grid":{"pe":"mac"}}})",
                         R"({"epochcore":{"pe_grid":{"pe":"MAC"}}})",
                         R"({"epochcore":{"pe_grid":{"state_shadow":true}}})",
                         R"({"epochcore":{"pe_grid":{"state_shadow":1}}})",
                         R"({"epochcore":{"pe_grid":{"state_shadow":"true"}}})",
                         R"({"epochcore":{"pe_grid":{"slots_kind":"batch"}}})",
                         R"({"epochcore":{"pe_grid":{"slots_kind":"none"}}})",
                         R"({"cpu":{"clock_mhz":0.5}})",
                         R"({"cpu":{"clock_mhz":33.3}})",
                         R"({"cpu":{"kind":"native"}})",
                         R"({"uart":{"output":"stdout"}})",
                         R"({"uart":{"output":"stdin"}})",
                         R"({"uart":{"output":"file:a b"}})",
                         R"({"uart":{"output":"file:"}})",
                         R"({"uart":{"output":"file:a\nb"}})",
                         R"({"uart":{"output":"tcp:0"}})",
                         R"({"uart":{"output":"tcp:00080"}})",
                         R"({"uart":{"output":"tcp:65535"}})",
                         R"({"uart":{"output":"tcp:65536"}})",
                         R"({"uart":{"output":"tcp:99999"}})",
                         R"({"uart":{"output":"tcp:100000"}})",
                         R"({"uart":{"output":"tcp:"}})",
                         R"({"uart":{"output":"tcp:1x"}})",
                         R"({"uart":{"output":1}})",
                         R"({"uart":{"input":"auto"}})",
                         R"({"uart":{"input":"none"}})",
                         R"({"uart":{"input":"stdin"}})",
                         R"({"uart":{"input":"file:x"}})",
                         R"({"uart":{"input":"tcp:80"}})",
                         R"({"uart":{"input":""}})",
                         R"({"cpu":{"nothing":1}})",
                         R"({"cpu":{"description":"x"}})",
                         R"({"cpu":{"description":1}})",
                         R"({"network":{"address":"auto"}})",
                         R"({"network":{"address":"0x8000_0000"}})",
                         R"({"network":{"address":"8k"}})",
                         R"({"memory_map":{"uart":"auto"}})",
                         R"({"firmware":{"args":["a"]}})",
                         R"({"firmware":{"args":[1]}})",
                         R"({"data":[{"name":"n","file":"f"}]})",
                         R"({"data":[{"name":"n"}]})",
                         R"({"epochcore":{"dma":{"burst_bytes":128}}})",
                         R"({"epochcore":{"dma":{"burst_bytes":100}}})",
                         R"({"epochcore":{"pe_grid":{"state_slots":2}}})"};
  for (const char* text : texts) {
    INFO(text);
    const auto file = folder.write("one.json", text);
    const bool refused = !message_of<InputError>([&] { load_configuration(file, {}); }).empty();
    CHECK(violation(schema, Json::parse(text), "").empty() == !refused);
  }
}
