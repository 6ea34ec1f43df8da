// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/safetensors.h"

namespace epoch {

// Limits that keep every product of two sizes in 64 bits.
constexpr std::uint32_t kLargestWidth = 1u << 20;
constexpr std::uint32_t kMostLayers = 4096;

// Takes keys out of a folder's config.json one by one; what is left at the end is unknown. Refusals
// are InputError and name file, key, value and what is allowed.
class ConfigReader {
 public:
  explicit ConfigReader(const std::string& folder);

  const std::string& where() const { return path_; }
  std::string folder_name() const { return folder_name_; }
  bool has(const char* key) const { return config_.contains(key); }
  bool is_flag(const char* key) const { return has(key) && config_[key].is_boolean(); }
  bool is_text(const char* key) const { return has(key) && config_[key].is_string(); }

  std::uint32_t integer(const char* key, std::uint32_t least = 1,
                        std::uint32_t most = kLargestWidth);
  std::uint32_t integer_or(const char* key, std::uint32_t otherwise, std::uint32_t least = 1,
                           std::uint32_t most = kLargestWidth);
  std::vector<std::uint32_t> integers(const char* key);  // at least one
  double number(const char* key);
  double number_or(const char* key, double otherwise);
  double positive(const char* key);
  double positive_or(const char* key, double otherwise);
  bool flag(const char* key);
  bool flag_or(const char* key, bool otherwise);
  std::string text(const char* key);
  std::string text_or(const char* key, const std::string& otherwise);
  // The meaning of one of several words.
  template <class Meaning>
  Meaning choice(const char* key, std::initializer_list<std::pair<const char*, Meaning>> choices);
  template <class Meaning>
  Meaning choice_or(const char* key, Meaning otherwise,
                    std::initializer_list<std::pair<const char*, Meaning>> choices) {
    return has(key) ? choice(key, choices) : otherwise;
  }
  // A key that may be missing, and has only one value that is supported.
  void only(const char* key, const nlohmann::json& supported);
  // Keys that training or generation read, inference does not.
  void ignore(std::initializer_list<const char*> keys);
  [[noreturn]] void refuse(const char* key, const std::string& why) const;
  void finish() const;

 private:
  nlohmann::json take(const char* key);
  [[noreturn]] void refuse_value(const char* key, const nlohmann::json& value,
                                 const std::string& expected) const;
  [[noreturn]] void refuse_choice(const char* key, const nlohmann::json& value,
                                  const std::string& allowed) const {
    refuse_value(key, value, "one of " + allowed);
  }

  std::string path_, folder_name_;
  nlohmann::json config_;
};

template <class Meaning>
Meaning ConfigReader::choice(const char* key,
                             std::initializer_list<std::pair<const char*, Meaning>> choices) {
  const nlohmann::json value = take(key);
  std::string allowed;
  for (const auto& [word, meaning] : choices) {
    if (value == word) return meaning;
    allowed += (allowed.empty() ? "\"" : ", \"") + std::string(word) + "\"";
  }
  refuse_choice(key, value, allowed);
}

// Takes tensors of a folder's model.safetensors by name; afterwards names what nobody asked for.
class TensorReader {
 public:
  using Shape = std::vector<std::uint64_t>;

  explicit TensorReader(const std::string& folder)
      : file_(Safetensors::read(folder + "/model.safetensors")) {}

  const std::string& where() const { return file_.where(); }
  bool has(const std::string& name) const { return file_.tensors().count(name) != 0; }
  // C order, widened to fp32; finite.
  std::vector<float> floats(const std::string& name, const Shape& shape) {
    taken_.insert(name);
    return file_.floats(name, shape);
  }
  // Empty if there is no such tensor.
  std::vector<float> floats_if_there(const std::string& name, const Shape& shape) {
    return has(name) ? floats(name, shape) : std::vector<float>();
  }
  void finish() const;

 private:
  Safetensors file_;
  std::set<std::string> taken_;
};

// "layers.3."
std::string layer_prefix(const std::string& stem, std::uint32_t layer);

}  // namespace epoch
