// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <regex>
#include <string>

#include "config/json_text.h"

namespace epoch::test {

// The part of JSON Schema draft 7 that scenario_schema() and sweep_schema() use, as an independent
// reading of it. Gives the first violation, "" if there is none.
inline std::string violation(const Json& schema, const Json& value, const std::string& path);

inline std::string type_violation(const Json& schema, const Json& value, const std::string& path) {
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

inline const Json* property_schema(const Json& schema, const std::string& name) {
  const auto properties = schema.find("properties");
  if (properties != schema.end() && properties->contains(name)) return &(*properties)[name];
  const auto patterns = schema.find("patternProperties");
  if (patterns == schema.end()) return nullptr;
  for (const auto& [pattern, below] : patterns->items()) {
    if (std::regex_search(name, std::regex(pattern))) return &below;
  }
  return nullptr;
}

inline std::string object_violation(const Json& schema, const Json& value,
                                    const std::string& path) {
  for (const Json& name : schema.value("required", Json::array())) {
    if (!value.contains(name.get<std::string>())) return path + " lacks " + name.get<std::string>();
  }
  if (value.size() < schema.value("minProperties", std::size_t{0}))
    return path + " has too few keys";
  for (const auto& [name, member] : value.items()) {
    const std::string below = path + "." + name;
    const Json* found = property_schema(schema, name);
    if (found != nullptr) {
      const std::string problem = violation(*found, member, below);
      if (!problem.empty()) return problem;
    } else if (schema.value("additionalProperties", true) == false) {
      return below + " is not known";
    }
  }
  return "";
}

inline std::string violation(const Json& schema, const Json& value, const std::string& path) {
  if (schema.contains("anyOf")) {
    const auto& options = schema["anyOf"];
    const bool any = std::any_of(options.begin(), options.end(), [&](const Json& option) {
      return violation(option, value, path).empty();
    });
    if (!any) return path + " matches none of anyOf";
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
  if (value.is_array() && value.size() < schema.value("minItems", std::size_t{0})) {
    return path + " has too few elements";
  }
  if (value.is_array() && schema.contains("items")) {
    for (const Json& element : value) {
      const std::string found = violation(schema["items"], element, path + "[]");
      if (!found.empty()) return found;
    }
  }
  return value.is_object() ? object_violation(schema, value, path) : "";
}

}  // namespace epoch::test
