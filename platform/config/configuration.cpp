// SPDX-License-Identifier: Apache-2.0
#include "config/configuration.h"

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "config/checks.h"
#include "config/json_text.h"
#include "config/key_value.h"
#include "config/keys.h"
#include "config/suggest.h"
#include "errors.h"

namespace epoch {

namespace fs = std::filesystem;

void Writer::refuse(const std::string& key_path, const std::string& why) const {
  if (command_line) throw UsageError("--set " + one_line(name, 120) + ": " + key_path + ": " + why);
  throw InputError(name, key_path + ": " + why);
}

void Configuration::refuse(const std::string& key_path, const std::string& why) const {
  const auto writer = writers.find(key_path);
  if (writer != writers.end()) writer->second.refuse(key_path, why);
  throw InputError(scenario.empty() ? "default platform" : scenario.string(),
                   key_path + ": " + why);
}

namespace {

// Writes one JSON value into a configuration, at one key path, in the name of one writer.
class LayerReader {
 public:
  LayerReader(Configuration& configuration, Writer writer)
      : configuration_(configuration), writer_(std::move(writer)) {}

  // `path` as written ("data.0.file"), `table_path` as in the table ("data[].file").
  void read(const Json& json, const std::string& path, const std::string& table_path,
            std::size_t index) {
    if (table_path == "data") {
      read_data_list(json);
    } else if (const Key* key = find_key(table_path)) {
      read_value(*key, json, path, index);
    } else if (is_group(table_path)) {
      read_group(json, path, table_path, index);
    } else {
      writer_.refuse(path, "unknown key" + suggestion(table_path));
    }
  }

  void read_data_element(const Json& json, std::size_t index) {
    read_group(json, "data." + std::to_string(index), "data[]", index);
  }

  void append_data() { configuration_.values.data.emplace_back(); }

 private:
  void read_group(const Json& json, const std::string& path, const std::string& table_path,
                  std::size_t index) {
    if (!json.is_object()) {
      writer_.refuse(path, one_line(json.dump(-1, ' ', true, Json::error_handler_t::replace)) +
                               " is not allowed here; allowed: an object with " +
                               children_text(table_path));
    }
    for (const auto& [name, value] : json.items()) {
      if (name == "$schema" || name == "description" || (name == "extends" && path.empty())) {
        if (!value.is_string()) writer_.refuse(join(path, name), "must be a text");
        continue;
      }
      if (name.find_first_of(".[]") != std::string::npos) {
        writer_.refuse(join(path, one_line(name)),
                       "unknown key: a file nests objects, only --set writes dots");
      }
      read(value, join(path, one_line(name)), join(table_path, one_line(name)), index);
    }
  }

  void read_data_list(const Json& json) {
    if (!json.is_array()) {
      writer_.refuse("data", "must be a list of objects with " + children_text("data[]"));
    }
    forget("data.");
    configuration_.values.data.clear();
    for (std::size_t i = 0; i < json.size(); ++i) {
      append_data();
      read_data_element(json[i], i);
    }
  }

  void read_value(const Key& key, const Json& json, const std::string& path, std::size_t index) {
    try {
      key.write(configuration_.values, index, key_value_from_json(key, json, writer_.folder));
    } catch (const std::invalid_argument& problem) {
      writer_.refuse(path, problem.what());
    }
    configuration_.writers[path] = writer_;
  }

  // Lists replace: what wrote the old elements no longer counts.
  void forget(const std::string& prefix) {
    auto& writers = configuration_.writers;
    for (auto at = writers.lower_bound(prefix);
         at != writers.end() && at->first.compare(0, prefix.size(), prefix) == 0;) {
      at = writers.erase(at);
    }
  }

  static std::string join(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
  }

  Configuration& configuration_;
  Writer writer_;
};

// ---- files and `extends` -----------------------------------------------------------------------

constexpr std::size_t kMaxExtends = 32;  // files in a chain

void read_scenario_file(Configuration& configuration, const fs::path& file,
                        std::vector<fs::path>& chain) {
  std::error_code ignored;
  const fs::path canonical = fs::weakly_canonical(file, ignored);
  if (std::find(chain.begin(), chain.end(), canonical) != chain.end()) {
    std::string text;
    for (const fs::path& link : chain) text += link.filename().string() + " -> ";
    throw InputError(chain.back().string(),
                     "extends: a cycle: " + text + canonical.filename().string());
  }
  if (chain.size() == kMaxExtends) {
    throw InputError(chain.back().string(),
                     "extends: a chain of more than " + std::to_string(kMaxExtends) + " files");
  }
  chain.push_back(canonical);
  const Json json = read_json_file(file);
  const Writer writer{file.string(), fs::absolute(file).parent_path(), false};
  if (!json.is_object()) throw InputError(file.string(), "a scenario is an object, { ... }");
  if (const auto extends = json.find("extends"); extends != json.end()) {
    if (!extends->is_string()) writer.refuse("extends", "must be the name of a scenario file");
    const fs::path base = writer.folder / extends->get<std::string>();
    if (!fs::is_regular_file(base, ignored)) {
      writer.refuse("extends", "no such file: " + one_line(base.string(), 200));
    }
    read_scenario_file(configuration, base, chain);
  }
  LayerReader(configuration, writer).read(json, "", "", 0);
  chain.pop_back();
}

// ---- --set, and the changes of other files
// --------------------------------------------------------------------------------------

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> parts(1);
  for (const char c : path) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// A list index: at most one past the end, which appends. Returns false if it is no such index.
bool list_index(const std::string& text, std::size_t size, std::size_t& index) {
  if (text.empty() || text.size() > 6 ||
      text.find_first_not_of("0123456789") != std::string::npos) {
    return false;
  }
  index = std::stoul(text);
  return index <= size;
}

const std::string kArgument = "firmware.args[]";

// The value of --set: JSON if it is JSON, else a text; always the text itself where a text belongs.
Json set_value(const std::string& text, const std::string& table_path) {
  if (table_path == kArgument) return text;
  const Key* key = find_key(table_path);
  const bool textual =
      key != nullptr &&
      (key->type == KeyType::text || key->type == KeyType::file || key->type == KeyType::choice);
  try {
    const Json json = parse_json(text);
    if (textual && !json.is_string()) return text;
    return json;
  } catch (const std::invalid_argument&) {
    return text;
  }
}

// The value to write, once it is known which key of the table it is for.
using ValueFor = std::function<Json(const std::string& table_path)>;

void change_data(Configuration& configuration, const Writer& writer, const std::string& path,
                 const std::vector<std::string>& parts, const ValueFor& value) {
  std::size_t index = 0;
  const std::size_t size = configuration.values.data.size();
  if (!list_index(parts[1], size, index) || parts.size() > 3) {
    writer.refuse(path,
                  "the list has elements 0 to " + std::to_string(size) + ", the last appends");
  }
  LayerReader reader(configuration, writer);
  if (index == size) reader.append_data();
  if (parts.size() == 2) {
    reader.read_data_element(value("data[]"), index);
  } else {
    const std::string in_table = "data[]." + parts[2];
    reader.read(value(in_table), path, in_table, index);
  }
}

void change_argument(Configuration& configuration, const Writer& writer, const std::string& path,
                     const std::vector<std::string>& parts, const ValueFor& value) {
  auto& args = configuration.values.firmware.args;
  std::size_t index = 0;
  if (!list_index(parts[2], args.size(), index) || parts.size() > 3) {
    writer.refuse(
        path, "the list has elements 0 to " + std::to_string(args.size()) + ", the last appends");
  }
  const Json text = value(kArgument);
  if (!text.is_string()) {
    writer.refuse(path, one_line(text.dump(-1, ' ', true, Json::error_handler_t::replace)) +
                            " is not allowed here; allowed: a text");
  }
  if (index == args.size()) args.emplace_back();
  args[index] = text.get<std::string>();
  configuration.writers["firmware.args"] = writer;
}

void apply_change(Configuration& configuration, const Writer& writer, const std::string& path,
                  const ValueFor& value) {
  if (path.find_first_of("[]") != std::string::npos) {
    writer.refuse(path, "unknown key; write list elements with dots, e.g. data.0.file");
  }
  const std::vector<std::string> parts = split_path(path);
  if (parts[0] == "data" && parts.size() > 1) {
    change_data(configuration, writer, path, parts, value);
  } else if (parts.size() > 2 && parts[0] == "firmware" && parts[1] == "args") {
    change_argument(configuration, writer, path, parts, value);
  } else {
    LayerReader(configuration, writer).read(value(path), path, path, 0);
  }
}

void apply_set(Configuration& configuration, const std::string& argument) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw UsageError("--set " + one_line(argument) +
                     ": write it as KEY=VALUE, e.g. --set epochcore.pe_grid.rows=64");
  }
  const std::string text = argument.substr(equals + 1);
  apply_change(configuration, Writer{argument, fs::current_path(), true},
               one_line(argument.substr(0, equals)),
               [&](const std::string& in_table) { return set_value(text, in_table); });
}

Configuration load_scenario(const std::optional<fs::path>& scenario) {
  Configuration configuration;
  if (scenario) {
    configuration.scenario = *scenario;
    std::vector<fs::path> chain;
    read_scenario_file(configuration, *scenario, chain);
  }
  return configuration;
}

}  // namespace

Configuration load_configuration(const std::optional<fs::path>& scenario,
                                 const std::vector<std::string>& sets) {
  Configuration configuration = load_scenario(scenario);
  for (const std::string& set : sets) apply_set(configuration, set);
  derive_values(configuration);
  check_configuration(configuration);
  return configuration;
}

Configuration load_changed_configuration(const std::optional<fs::path>& scenario,
                                         const std::vector<KeyChange>& changes) {
  Configuration configuration = load_scenario(scenario);
  for (const KeyChange& change : changes) {
    apply_change(configuration, change.writer, one_line(change.path, 200),
                 [&](const std::string&) { return change.value; });
  }
  derive_values(configuration);
  check_configuration(configuration);
  return configuration;
}

std::string table_path(const std::string& path) {
  const std::vector<std::string> parts = split_path(path);
  const auto number = [](const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  };
  if (parts.size() == 3 && parts[0] == "data" && number(parts[1])) return "data[]." + parts[2];
  if (parts.size() == 3 && parts[0] == "firmware" && parts[1] == "args" && number(parts[2])) {
    return "firmware.args";
  }
  return path;
}

}  // namespace epoch
