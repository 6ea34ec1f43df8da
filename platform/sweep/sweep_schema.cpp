// SPDX-License-Identifier: Apache-2.0
#include "config/describe.h"
#include "sweep/sweep_file.h"

namespace epoch {

namespace {

// Every key that may be swept, as a name or a pattern of names, with the schema that `wrap` makes
// of its value's.
template <typename Wrap>
Json keys_schema(Wrap wrap) {
  Json properties = Json::object();
  Json patterns = {{"^firmware\\.args\\.[0-9]+$", wrap(Json{{"type", "string"}})}};
  for (const Key& key : scenario_keys()) {
    const std::string list = "data[].";
    if (key.path.rfind(list, 0) == 0) {
      patterns["^data\\.[0-9]+\\." + key.path.substr(list.size()) + "$"] = wrap(value_schema(key));
    } else {
      properties[key.path] = wrap(value_schema(key));
      properties[key.path]["description"] = key.description + " (" + key.allowed() + ")";
    }
  }
  return {{"type", "object"},
          {"additionalProperties", false},
          {"properties", std::move(properties)},
          {"patternProperties", std::move(patterns)}};
}

Json list_of(Json items, bool may_be_empty) {
  Json list = {{"type", "array"}, {"items", std::move(items)}};
  if (!may_be_empty) list["minItems"] = 1;
  return list;
}

Json described(Json schema, const std::string& description) {
  schema["description"] = description;
  return schema;
}

}  // namespace

Json sweep_schema() {
  const Json text = {{"type", "string"}};
  Json scenario = {{"$ref", "scenario.schema.json"}};  // beside it
  Json grid = keys_schema([](const Json& value) { return list_of(value, false); });
  grid["minProperties"] = 1;
  Json point = keys_schema([](const Json& value) { return value; });
  Json properties = {
      {"$schema", text},
      {"description", text},
      {"scenario", described({{"anyOf", Json::array({text, std::move(scenario)})}},
                             "A scenario's file, relative to this one, the bare name of a shipped "
                             "one, or a scenario itself")},
      {"args", described(list_of(text, true), "Firmware arguments, in place of the scenario's")},
      {"grid",
       described(std::move(grid), "Values of each key: every combination, the last key fastest")},
      {"points", described(list_of(std::move(point), false),
                           "Combinations one by one; each with every point of the grid, if there "
                           "is one")},
      {"columns", described(list_of(text, true),
                            "Columns of the table behind the swept keys: names, and prefixes that "
                            "end with *; \"*\" is every statistic")},
      {"max_sim_time", described(text, "End each run after this simulated time, e.g. 5ms")}};
  return {{"$schema", "http://json-schema.org/draft-07/schema#"},
          {"title", "EpochCore VP sweep"},
          {"type", "object"},
          {"additionalProperties", false},
          {"properties", std::move(properties)},
          {"required", {"scenario"}},
          {"anyOf", Json::array({{{"required", {"grid"}}}, {{"required", {"points"}}}})}};
}

}  // namespace epoch
