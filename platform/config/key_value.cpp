// SPDX-License-Identifier: Apache-2.0
#include "config/key_value.h"

#include <cmath>
#include <cstdio>
#include <optional>
#include <stdexcept>

namespace epoch {
namespace {

[[noreturn]] void refuse(const Key& key, const Json& json) {
  const std::string shown = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  throw std::invalid_argument(one_line(shown) + " is not allowed here; allowed: " + key.allowed());
}

// An integer, also when written 32.0; nullopt if it is none or does not fit.
std::optional<std::uint64_t> whole_number(const Json& json) {
  if (json.is_number_unsigned()) return json.get<std::uint64_t>();
  if (!json.is_number_float()) return std::nullopt;
  const double value = json.get<double>();
  if (!(value >= 0 && value < 9007199254740992.0) || value != std::floor(value)) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(value);
}

KeyValue integer_value(const Key& key, const Json& json) {
  std::optional<std::uint64_t> value = whole_number(json);
  if (key.type == KeyType::address && json.is_string()) {
    value = address_from_text(json.get<std::string>());
  }
  if (!value || static_cast<double>(*value) < key.minimum ||
      static_cast<double>(*value) > key.maximum ||
      (key.power_of_two && (*value & (*value - 1)) != 0)) {
    refuse(key, json);
  }
  return *value;
}

KeyValue text_list_value(const Key& key, const Json& json) {
  if (!json.is_array()) refuse(key, json);
  std::vector<std::string> list;
  for (const Json& element : json) {
    if (!element.is_string()) refuse(key, element);
    list.push_back(element.get<std::string>());
  }
  return list;
}

}  // namespace

std::optional<std::uint64_t> address_from_text(const std::string& text) {
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  const bool hex = digits.rfind("0x", 0) == 0 || digits.rfind("0X", 0) == 0;
  if (hex) digits.erase(0, 2);
  if (digits.empty() || digits.size() > 16) return std::nullopt;
  const char* valid = hex ? "0123456789abcdefABCDEF" : "0123456789";
  if (digits.find_first_not_of(valid) != std::string::npos) return std::nullopt;
  return std::stoull(digits, nullptr, hex ? 16 : 10);
}

std::optional<std::uint32_t> number32(const std::string& text) {
  const auto value = address_from_text(text);
  if (!value || *value > 0xFFFFFFFFu) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

KeyValue key_value_from_json(const Key& key, const Json& json,
                             const std::filesystem::path& folder) {
  if (key.allows_auto && json == "auto") return Automatic{};
  switch (key.type) {
    case KeyType::boolean:
      if (!json.is_boolean()) refuse(key, json);
      return json.get<bool>();
    case KeyType::integer:
    case KeyType::address:
      return integer_value(key, json);
    case KeyType::number: {
      if (!json.is_number()) refuse(key, json);
      const double value = json.get<double>();
      if (!(value >= key.minimum && value <= key.maximum)) refuse(key, json);
      return value;
    }
    case KeyType::choice: {
      if (!json.is_string()) refuse(key, json);
      for (const std::string& choice : key.choices) {
        if (json == choice) return choice;
      }
      refuse(key, json);
    }
    case KeyType::text:
      if (!json.is_string()) refuse(key, json);
      if (key.accepts && !key.accepts(json.get<std::string>())) refuse(key, json);
      return json.get<std::string>();
    case KeyType::file: {
      if (!json.is_string()) refuse(key, json);
      const auto text = json.get<std::string>();
      if (text.find('\0') != std::string::npos) refuse(key, json);
      return FileReference{text, folder};
    }
    case KeyType::text_list:
      return text_list_value(key, json);
  }
  refuse(key, json);
}

Json key_value_to_json(const Key& key, const KeyValue& value) {
  if (std::holds_alternative<Automatic>(value)) return "auto";
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  if (const auto* integer = std::get_if<std::uint64_t>(&value)) {
    if (key.type == KeyType::address) return hex_address(*integer);
    return *integer;
  }
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* file = std::get_if<FileReference>(&value)) return file->text;
  return std::get<std::vector<std::string>>(value);
}

std::string hex_address(std::uint64_t address) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%08llx", static_cast<unsigned long long>(address));
  return text;
}

}  // namespace epoch
