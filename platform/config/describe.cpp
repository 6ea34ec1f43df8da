// SPDX-License-Identifier: Apache-2.0
#include "config/describe.h"

#include "config/key_value.h"
#include "config/keys.h"

namespace epoch {
namespace {

constexpr const char* kListMark = "[].";

// The text of a key, with a file name made absolute so that the dump works from any folder. A bare
// name that its own folder lacks stays as it is: it is searched for.
Json shown_value(const Key& key, const KeyValue& value) {
  const auto* file = std::get_if<FileReference>(&value);
  if (file == nullptr || file->empty()) return key_value_to_json(key, value);
  const std::filesystem::path absolute = file->folder / file->text;
  std::error_code error;
  if (!std::filesystem::exists(absolute, error)) return file->text;
  return absolute.lexically_normal().string();
}

Json& descend(Json& root, const std::string& path) {
  Json* node = &root;
  std::size_t from = 0;
  while (true) {
    const std::size_t dot = path.find('.', from);
    node = &(*node)[path.substr(from, dot - from)];
    if (dot == std::string::npos) return *node;
    from = dot + 1;
  }
}

Json address_schema(const Key& key) {
  Json integer = {{"type", "integer"}, {"minimum", 0}, {"maximum", 4294967295u}};
  Json text = {{"type", "string"}, {"pattern", "^(0[xX][0-9a-fA-F_]+|[0-9_]+)$"}};
  Json any = Json::array({std::move(integer), std::move(text)});
  if (key.allows_auto) any.push_back({{"const", "auto"}});
  return {{"anyOf", std::move(any)}};
}

Json integer_schema(const Key& key) {
  const auto minimum = static_cast<std::uint64_t>(key.minimum);
  const auto maximum = static_cast<std::uint64_t>(key.maximum);
  if (key.power_of_two) {
    Json powers = Json::array();
    for (std::uint64_t n = 1; n <= maximum; n *= 2) {
      if (n >= minimum) powers.push_back(n);
    }
    return {{"enum", std::move(powers)}};
  }
  Json integer = {{"type", "integer"}, {"minimum", minimum}, {"maximum", maximum}};
  if (!key.allows_auto) return integer;
  return {{"anyOf", Json::array({std::move(integer), {{"const", "auto"}}})}};
}

Json group_schema() {
  const Json text = {{"type", "string"}};
  return {{"type", "object"},
          {"additionalProperties", false},
          {"properties", {{"$schema", text}, {"description", text}}}};
}

// The schema of the group that `path`'s parent names, made on the way.
Json& property_schema(Json& root, const std::string& path) {
  Json* group = &root;
  std::size_t from = 0;
  while (true) {
    const std::size_t dot = path.find('.', from);
    std::string name = path.substr(from, dot - from);
    const bool list = name.size() > 2 && name.compare(name.size() - 2, 2, "[]") == 0;
    if (list) name.resize(name.size() - 2);
    Json& property = (*group)["properties"][name];
    if (dot == std::string::npos) return property;
    if (property.is_null()) {
      property = list ? Json{{"type", "array"}, {"items", group_schema()}} : group_schema();
    }
    group = list ? &property["items"] : &property;
    from = dot + 1;
  }
}

}  // namespace

void for_each_value(const ScenarioConfig& config,
                    const std::function<void(const Key&, std::size_t, const std::string&)>& visit) {
  for (const Key& key : scenario_keys()) {
    const std::size_t mark = key.path.find(kListMark);
    if (mark == std::string::npos) {
      visit(key, 0, key.path);
      continue;
    }
    for (std::size_t i = 0; i < config.data.size(); ++i) {
      visit(key, i,
            key.path.substr(0, mark) + "." + std::to_string(i) + "." + key.path.substr(mark + 3));
    }
  }
}

Json value_schema(const Key& key) {
  switch (key.type) {
    case KeyType::boolean:
      return {{"type", "boolean"}};
    case KeyType::integer:
      return integer_schema(key);
    case KeyType::number:
      return {{"type", "number"}, {"minimum", key.minimum}, {"maximum", key.maximum}};
    case KeyType::choice:
      return {{"enum", key.choices}};
    case KeyType::text:
      if (!key.pattern.empty()) return {{"type", "string"}, {"pattern", key.pattern}};
      return {{"type", "string"}};
    case KeyType::file:
      return {{"type", "string"}};
    case KeyType::text_list:
      return {{"type", "array"}, {"items", {{"type", "string"}}}};
    case KeyType::address:
      return address_schema(key);
  }
  return {};
}

Json effective_configuration(const Configuration& configuration) {
  Json root = Json::object();
  for_each_value(configuration.values, [&](const Key& key, std::size_t i, const std::string& path) {
    const Json value = shown_value(key, key.read(configuration.values, i));
    if (key.path.find(kListMark) == std::string::npos) {
      descend(root, path) = value;
      return;
    }
    Json& list = root["data"];
    while (list.size() <= i) list.push_back(Json::object());
    list[i][path.substr(path.rfind('.') + 1)] = value;
  });
  if (!root.contains("data")) root["data"] = Json::array();
  return root;
}

std::string configuration_origins(const Configuration& configuration) {
  std::string text;
  for_each_value(configuration.values, [&](const Key& key, std::size_t i, const std::string& path) {
    const auto writer = configuration.writers.find(path);
    std::string who = "default";
    const auto derived = configuration.derived.find(path);
    if (derived != configuration.derived.end()) who += ", by " + derived->second;
    if (writer != configuration.writers.end()) {
      who = (writer->second.command_line ? "--set " : "") + one_line(writer->second.name, 200);
    }
    const Json value = shown_value(key, key.read(configuration.values, i));
    text += path + " = " + value.dump(-1, ' ', true, Json::error_handler_t::replace) + "  # " +
            who + "\n";
  });
  return text;
}

Json scenario_schema() {
  Json root = {{"$schema", "http://json-schema.org/draft-07/schema#"},
               {"title", "EpochCore VP scenario"}};
  root.update(group_schema());
  root["properties"]["extends"] = {
      {"type", "string"}, {"description", "Scenario that this one changes, relative to this file"}};
  const ScenarioConfig defaults;
  for (const Key& key : scenario_keys()) {
    Json& property = property_schema(root, key.path);
    property = value_schema(key);
    property["description"] = key.description + " (" + key.allowed() + ")";
    if (key.path.find(kListMark) == std::string::npos) {
      property["default"] = key_value_to_json(key, key.read(defaults, 0));
    }
  }
  root["properties"]["data"]["items"]["required"] = {"name", "file"};
  return root;
}

}  // namespace epoch
