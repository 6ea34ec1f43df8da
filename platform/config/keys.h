// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "config/scenario.h"

namespace epoch {

struct Automatic {};  // the value "auto"

using KeyValue = std::variant<Automatic, bool, std::uint64_t, double, std::string, FileReference,
                              std::vector<std::string>>;

enum class KeyType { boolean, integer, number, choice, text, file, text_list, address };

// One key of a scenario: what it may be, and where it goes. Parsing, checks, the effective
// configuration, the JSON Schema and `did you mean` are all made from the table of these.
struct Key {
  std::string path;  // dotted; "data[].name" = in each element of the list "data"
  KeyType type = KeyType::integer;
  std::string description;
  double minimum = 0;  // integer, number, address
  double maximum = 0;
  bool power_of_two = false;
  bool allows_auto = false;
  std::vector<std::string> choices;
  // text: what it has to match, for the schema, and the same for the check.
  std::string pattern;
  std::function<bool(const std::string&)> accepts;
  std::string note;  // appended to a refusal
  std::function<KeyValue(const ScenarioConfig&, std::size_t)> read;
  std::function<void(ScenarioConfig&, std::size_t, const KeyValue&)> write;

  std::string allowed() const;  // "an integer from 1 to 1024"
};

const std::vector<Key>& scenario_keys();
const Key* find_key(const std::string& path);  // nullptr if no key has this very path

}  // namespace epoch
