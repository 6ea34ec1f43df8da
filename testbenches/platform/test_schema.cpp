// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <regex>

#include "config/configuration.h"
#include "config/describe.h"
#include "errors.h"
#include "platform/scratch_folder.h"

using namespace epoch;
using test::message_of;
using test::ScratchFolder;

namespace {

// The part of JSON Schema draft 7 that scenario_schema() uses, as an independent reading of it.
// Gives the first violation, "" if there is none.
std::string violation(const Json& schema, const Json& value, const std::string& path);

std::string type_violation(const Json& schema, const Json& value, const std::string& path) {
  if (!schema.contains("type")) return "";
  const std::string type = schema["type"];
  const bool integral =
      value.is_number_integer() ||
      (value.is_number_float() && value.get<double>() == std::floor(value.get<double>()));
  const bool fits =
      (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
      (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
      (type == "number" && value.is_number()) || (type == "integer" && integral);
  return fits ? "" : path + " is not of type " + type;
}

std::string object_violation(const Json& schema, const Json& value, const std::string& path) {
  for (const Json& name : schema.value("required", Json::array())) {
    if (!value.contains(name.get<std::string>())) return path + " lacks " + name.get<std::string>();
  }
  for (const auto& [name, member] : value.items()) {
    const std::string below = path + "." + name;
    if (schema["properties"].contains(name)) {
      const std::string found = violation(schema["properties"][name], member, below);
      if (!found.empty()) return found;
    } else if (schema.value("additionalProperties", true) == false) {
      return below + " is not known";
    }
  }
  return "";
}

std::string violation(const Json& schema, const Json& value, const std::string& path) {
  if (schema.contains("anyOf")) {
    for (const Json& option : schema["anyOf"]) {
      if (violation(option, value, path).empty()) return "";
    }
    return path + " matches none of anyOf";
  }
  if (schema.contains("const") && value != schema["const"]) return path + " is not the constant";
  if (schema.contains("enum")) {
    const auto& list = schema["enum"];
    if (std::find(list.begin(), list.end(), value) == list.end()) return path + " is not in enum";
  }
  const std::string type = type_violation(schema, value, path);
  if (!type.empty()) return type;
  if (value.is_number() && schema.contains("minimum") &&
      (value.get<double>() < schema["minimum"].get<double>() ||
       value.get<double>() > schema["maximum"].get<double>())) {
    return path + " is out of range";
  }
  if (value.is_string() && schema.contains("pattern") &&
      !std::regex_search(value.get<std::string>(),
                         std::regex(schema["pattern"].get<std::string>()))) {
    return path + " does not match its pattern";
  }
  if (value.is_array() && schema.contains("items")) {
    for (const Json& element : value) {
      const std::string found = violation(schema["items"], element, path + "[]");
      if (!found.empty()) return found;
    }
  }
  return value.is_object() ? object_violation(schema, value, path) : "";
}

}  // namespace

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
