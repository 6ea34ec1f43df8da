// SPDX-License-Identifier: Apache-2.0
#include "compiler/s4d_model.h"

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "model/input_file.h"
#include "model/safetensors.h"
#include "model/strict_json.h"
#include "errors.h"

namespace epoch {
namespace {

using nlohmann::json;

constexpr unsigned config_depth = 2;
constexpr std::uint64_t max_config_bytes = 1u << 20;
constexpr std::uint32_t largest_width = 1u << 20;  // of any layer; keeps every product in 64 bits
constexpr std::uint32_t most_layers = 4096;

// Takes keys out of config.json one by one; what is left at the end is unknown.
class ConfigReader {
 public:
  explicit ConfigReader(const std::string& path) : path_(path) {
    const std::vector<std::uint8_t> bytes = read_file(path, max_config_bytes);
    config_ = parse_strict_json(std::string(bytes.begin(), bytes.end()), path, config_depth);
    if (!config_.is_object()) {
      throw InputError(path, "not a JSON object");
    }
  }

  std::uint32_t integer(const char* key, std::uint32_t least, std::uint32_t most) {
    const json value = take(key);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() < least ||
        value.get<std::uint64_t>() > most) {
      refuse(key, value, "an integer in " + std::to_string(least) + ".." + std::to_string(most));
    }
    return value.get<std::uint32_t>();
  }

  double number(const char* key) {
    const json value = take(key);
    if (!value.is_number() || !std::isfinite(value.get<double>())) {
      refuse(key, value, "a finite number");
    }
    return value.get<double>();
  }

  double positive(const char* key) {
    const json value = take(key);
    if (!value.is_number() || !std::isfinite(value.get<double>()) || value.get<double>() <= 0) {
      refuse(key, value, "a finite number above 0");
    }
    return value.get<double>();
  }

  // A key that has only one value which this compiler knows.
  void exactly(const char* key, const json& expected) {
    const json value = take(key);
    if (value != expected) {
      refuse(key, value, expected.dump());
    }
  }

  // Keys that may be missing.
  void exactly_if_there(const char* key, const json& expected) {
    if (config_.contains(key)) {
      exactly(key, expected);
    }
  }

  std::string text_or(const char* key, const std::string& otherwise) {
    if (!config_.contains(key)) {
      return otherwise;
    }
    const json value = take(key);
    if (!value.is_string()) {
      refuse(key, value, "a string");
    }
    return value.get<std::string>();
  }

  void finish() const {
    if (!config_.empty()) {
      throw InputError(path_, "unknown key " + quoted(config_.begin().key()));
    }
  }

 private:
  json take(const char* key) {
    const auto found = config_.find(key);
    if (found == config_.end()) {
      throw InputError(path_, std::string("no key '") + key + "'");
    }
    json value = *found;
    config_.erase(found);
    return value;
  }

  [[noreturn]] void refuse(const char* key, const json& value, const std::string& expected) const {
    throw InputError(path_, std::string("'") + key + "' is " + quoted(value.dump(-1, ' ', true)) +
                                ", expected " + expected);
  }

  std::string path_;
  json config_;
};

S4dConfig read_config(const std::filesystem::path& folder) {
  ConfigReader reader((folder / "config.json").string());
  const auto canonical = std::filesystem::weakly_canonical(folder);
  S4dConfig config;
  reader.exactly("model_type", "s4d");
  config.name = reader.text_or("name", canonical.filename().string());
  reader.text_or("description", "");
  config.channels = reader.integer("d_model", 1, largest_width);
  const std::uint32_t real_dimensions = reader.integer("d_state", 2, largest_width);
  if (real_dimensions % 2 != 0) {
    throw InputError((folder / "config.json").string(),
                     "'d_state' counts real dimensions, 2 a complex mode: " +
                         std::to_string(real_dimensions) + " is odd");
  }
  config.modes = real_dimensions / 2;
  config.layers = reader.integer("n_layers", 1, most_layers);
  config.input_width = reader.integer("input_width", 1, largest_width);
  config.labels = reader.integer("num_labels", 1, largest_width);
  config.input_scale = reader.positive("input_scale");
  config.input_mean = reader.number("input_mean");
  config.input_std = reader.positive("input_std");
  config.norm_epsilon = reader.positive("layer_norm_eps");
  reader.exactly("activation", "gelu");
  reader.exactly("glu", true);
  reader.exactly("pooling", "mean");
  reader.exactly("discretization", "stored");
  reader.exactly_if_there("torch_dtype", "float32");
  reader.finish();
  return config;
}

// Takes tensors by name; afterwards names what nobody asked for.
class TensorReader {
 public:
  explicit TensorReader(const std::string& path) : file_(Safetensors::read(path)) {}

  std::vector<float> floats(const std::string& name, const std::vector<std::uint64_t>& shape) {
    taken_.insert(name);
    return file_.floats(name, shape);
  }

  void finish() const {
    for (const auto& [name, tensor] : file_.tensors()) {
      if (taken_.count(name) == 0) {
        throw InputError(file_.where(), "unknown tensor " + quoted(name));
      }
    }
  }

 private:
  Safetensors file_;
  std::set<std::string> taken_;
};

S4dLayerTensors read_layer(TensorReader& reader, const S4dConfig& config, std::uint32_t layer) {
  const std::string prefix = "layers." + std::to_string(layer) + ".";
  const std::uint64_t width = config.channels;
  const std::vector<std::uint64_t> per_mode = {width, config.modes, 2};
  S4dLayerTensors tensors;
  tensors.norm_weight = reader.floats(prefix + "norm.weight", {width});
  tensors.norm_bias = reader.floats(prefix + "norm.bias", {width});
  tensors.a_bar = reader.floats(prefix + "ssm.A_bar", per_mode);
  tensors.b_bar = reader.floats(prefix + "ssm.B_bar", per_mode);
  tensors.c = reader.floats(prefix + "ssm.C", per_mode);
  tensors.d = reader.floats(prefix + "ssm.D", {width});
  tensors.output_weight = reader.floats(prefix + "output_linear.weight", {2 * width, width});
  tensors.output_bias = reader.floats(prefix + "output_linear.bias", {2 * width});
  return tensors;
}

}  // namespace

S4dModel load_s4d_model(const std::string& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw InputError(folder, "no such model folder");
  }
  S4dModel model;
  model.config = read_config(folder);
  const S4dConfig& config = model.config;
  model.tensor_file = (std::filesystem::path(folder) / "model.safetensors").string();
  TensorReader reader(model.tensor_file);
  model.encoder_weight = reader.floats("encoder.weight", {config.channels, config.input_width});
  model.encoder_bias = reader.floats("encoder.bias", {config.channels});
  for (std::uint32_t layer = 0; layer < config.layers; ++layer) {
    model.layers.push_back(read_layer(reader, config, layer));
  }
  model.decoder_weight = reader.floats("decoder.weight", {config.labels, config.channels});
  model.decoder_bias = reader.floats("decoder.bias", {config.labels});
  reader.finish();
  return model;
}

}  // namespace epoch
