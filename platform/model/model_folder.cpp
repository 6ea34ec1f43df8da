// SPDX-License-Identifier: Apache-2.0
#include "model/model_folder.h"

#include <cmath>
#include <filesystem>

#include "errors.h"
#include "files/input_file.h"
#include "model/strict_json.h"

namespace epoch {
namespace {

using nlohmann::json;

constexpr unsigned kConfigDepth = 4;
constexpr std::uint64_t kMaxConfigBytes = 1u << 20;

bool is_finite_number(const json& value) {
  return value.is_number() && std::isfinite(value.get<double>());
}

bool is_integer_in(const json& value, std::uint32_t least, std::uint32_t most) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() >= least &&
         value.get<std::uint64_t>() <= most;
}

std::string range(std::uint32_t least, std::uint32_t most) {
  return "an integer in " + std::to_string(least) + ".." + std::to_string(most);
}

// Python's json module writes Infinity and NaN as bare words, which JSON has not; as strings they
// can be recognised where they are allowed.
std::string with_quoted_numbers(const std::string& text) {
  std::string result;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\' && i + 1 < text.size()) {
      result += {c, text[++i]};
      continue;
    }
    if (c == '"') in_string = !in_string;
    bool replaced = false;
    for (const std::string word : {"-Infinity", "Infinity", "NaN"}) {
      if (in_string || text.compare(i, word.size(), word) != 0) continue;
      result += '"' + word + '"';
      i += word.size() - 1;
      replaced = true;
      break;
    }
    if (!replaced) result += c;
  }
  return result;
}

}  // namespace

ConfigReader::ConfigReader(const std::string& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw InputError(folder, "no such model folder");
  }
  path_ = (std::filesystem::path(folder) / "config.json").string();
  folder_name_ = std::filesystem::weakly_canonical(folder).filename().string();
  const std::vector<std::uint8_t> bytes = read_file(path_, kMaxConfigBytes);
  config_ = parse_strict_json(with_quoted_numbers(std::string(bytes.begin(), bytes.end())), path_,
                              kConfigDepth);
  if (!config_.is_object()) {
    throw InputError(path_, "not a JSON object");
  }
}

json ConfigReader::take(const char* key) {
  const auto found = config_.find(key);
  if (found == config_.end()) {
    throw InputError(path_, std::string("no key '") + key + "'");
  }
  json value = *found;
  config_.erase(found);
  return value;
}

void ConfigReader::refuse(const char* key, const std::string& why) const {
  throw InputError(path_, std::string("'") + key + "' " + why);
}

void ConfigReader::refuse_value(const char* key, const json& value,
                                const std::string& expected) const {
  refuse(key, "is " + quoted(value.dump(-1, ' ', true)) + ", expected " + expected);
}

std::uint32_t ConfigReader::integer(const char* key, std::uint32_t least, std::uint32_t most) {
  const json value = take(key);
  if (!is_integer_in(value, least, most)) refuse_value(key, value, range(least, most));
  return value.get<std::uint32_t>();
}

std::uint32_t ConfigReader::integer_or(const char* key, std::uint32_t otherwise,
                                       std::uint32_t least, std::uint32_t most) {
  return has(key) ? integer(key, least, most) : otherwise;
}

std::vector<std::uint32_t> ConfigReader::integers(const char* key) {
  const json value = take(key);
  if (!value.is_array() || value.empty()) refuse_value(key, value, "a list of integers");
  std::vector<std::uint32_t> result;
  for (const json& each : value) {
    if (!is_integer_in(each, 1, kLargestWidth)) refuse_value(key, each, range(1, kLargestWidth));
    result.push_back(each.get<std::uint32_t>());
  }
  return result;
}

double ConfigReader::number(const char* key) {
  const json value = take(key);
  if (!is_finite_number(value)) refuse_value(key, value, "a finite number");
  return value.get<double>();
}

double ConfigReader::number_or(const char* key, double otherwise) {
  return has(key) ? number(key) : otherwise;
}

double ConfigReader::positive(const char* key) {
  const json value = take(key);
  if (!is_finite_number(value) || value.get<double>() <= 0) {
    refuse_value(key, value, "a finite number above 0");
  }
  return value.get<double>();
}

double ConfigReader::positive_or(const char* key, double otherwise) {
  return has(key) ? positive(key) : otherwise;
}

bool ConfigReader::flag(const char* key) {
  const json value = take(key);
  if (!value.is_boolean()) refuse_value(key, value, "true or false");
  return value.get<bool>();
}

bool ConfigReader::flag_or(const char* key, bool otherwise) {
  return has(key) ? flag(key) : otherwise;
}

std::string ConfigReader::text(const char* key) {
  const json value = take(key);
  if (!value.is_string()) refuse_value(key, value, "a string");
  return value.get<std::string>();
}

std::string ConfigReader::text_or(const char* key, const std::string& otherwise) {
  return has(key) ? text(key) : otherwise;
}

void ConfigReader::only(const char* key, const json& supported) {
  if (!has(key)) return;
  const json value = take(key);
  if (value != supported) refuse_value(key, value, supported.dump());
}

void ConfigReader::ignore(std::initializer_list<const char*> keys) {
  for (const char* key : keys) config_.erase(key);
}

void ConfigReader::finish() const {
  if (!config_.empty()) {
    throw InputError(path_, "unknown key " + quoted(config_.begin().key()));
  }
}

void TensorReader::finish() const {
  for (const auto& [name, tensor] : file_.tensors()) {
    if (taken_.count(name) == 0) {
      throw InputError(file_.where(), "unknown tensor " + quoted(name));
    }
  }
}

std::string layer_prefix(const std::string& stem, std::uint32_t layer) {
  return stem + std::to_string(layer) + ".";
}

}  // namespace epoch
