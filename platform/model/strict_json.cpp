// SPDX-License-Identifier: Apache-2.0
#include "model/strict_json.h"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "errors.h"

namespace epoch {
namespace {

// The parser's time grows with the square of arrays and objects side by side. 20,000 tensors.
constexpr unsigned max_structures = 60'000;

}  // namespace

std::string quoted(const std::string& text) {
  constexpr std::size_t longest = 80;
  std::string result = "'";
  for (const char c : text.substr(0, longest)) {
    result += c >= ' ' && c <= '~' ? c : '?';
  }
  return result + (text.size() > longest ? "...'" : "'");
}

nlohmann::json parse_strict_json(const std::string& text, const std::string& where,
                                 unsigned max_depth) {
  using nlohmann::json;
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  unsigned depth = 0;
  unsigned structures = 0;
  const auto check = [&](int, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
        keys.emplace_back();
        [[fallthrough]];
      case json::parse_event_t::array_start:
        if (++depth > max_depth) {
          throw InputError(where, "JSON is nested deeper than " + std::to_string(max_depth));
        }
        if (++structures > max_structures) {
          throw InputError(
              where, "JSON of more than " + std::to_string(max_structures) + " arrays and objects");
        }
        break;
      case json::parse_event_t::object_end:
        keys.pop_back();
        [[fallthrough]];
      case json::parse_event_t::array_end:
        --depth;
        break;
      case json::parse_event_t::key:
        if (!keys.back().insert(parsed.get<std::string>()).second) {
          throw InputError(where, "key " + quoted(parsed.get<std::string>()) + " appears twice");
        }
        break;
      case json::parse_event_t::value:
        break;
    }
    return true;
  };
  try {
    return json::parse(text, check);
  } catch (const json::exception& error) {
    std::string message = error.what();
    for (char& c : message) {
      c = c >= ' ' && c <= '~' ? c : '?';
    }
    throw InputError(where, "not valid JSON: " + message.substr(0, 200));
  }
}

}  // namespace epoch
