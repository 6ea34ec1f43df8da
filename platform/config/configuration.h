// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/json_text.h"
#include "config/scenario.h"

namespace epoch {

// Who wrote a value: a scenario file or --set.
struct Writer {
  std::string name;              // the file, or the whole --set argument
  std::filesystem::path folder;  // what relative file names in it are relative to
  bool command_line = false;

  // Refuses `key_path` as this writer must: InputError for a file, UsageError for --set.
  [[noreturn]] void refuse(const std::string& key_path, const std::string& why) const;
};

// A scenario with everything it extends and every --set applied, and who wrote what.
struct Configuration {
  ScenarioConfig values;
  std::map<std::string, Writer> writers;       // by key path with indices, "data.0.file"
  std::map<std::string, std::string> derived;  // key path: which other key it follows
  std::filesystem::path scenario;              // empty: the default platform

  // Refuses a key that was written, or a combination, in the name of whoever wrote `key_path`.
  [[noreturn]] void refuse(const std::string& key_path, const std::string& why) const;
  bool written(const std::string& key_path) const { return writers.count(key_path) != 0; }
};

// Reads a scenario file (none: the defaults), its `extends` chain and `--set` arguments
// ("a.b.c=value", left to right), and checks all of it.
Configuration load_configuration(const std::optional<std::filesystem::path>& scenario,
                                 const std::vector<std::string>& sets);

// One key's value as another file than a scenario writes it: a path of `--set`, and JSON.
struct KeyChange {
  std::string path;  // "data.0.file"
  Json value;
  Writer writer;
};

// The same with changes in place of `--set` arguments.
Configuration load_changed_configuration(const std::optional<std::filesystem::path>& scenario,
                                         const std::vector<KeyChange>& changes);

// The key in the table that a path of `--set` names: "data[].file" for "data.0.file", and the list
// "firmware.args" for "firmware.args.0".
std::string table_path(const std::string& path);

}  // namespace epoch
