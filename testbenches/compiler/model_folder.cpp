// SPDX-License-Identifier: Apache-2.0
#include "compiler/model_folder.h"

#include <unistd.h>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace epoch::test {

std::vector<std::uint8_t> safetensors_file(const std::string& header,
                                           const std::vector<std::uint8_t>& data) {
  std::vector<std::uint8_t> file;
  for (unsigned byte = 0; byte < 8; ++byte) {
    file.push_back(static_cast<std::uint8_t>(std::uint64_t{header.size()} >> 8 * byte));
  }
  file.insert(file.end(), header.begin(), header.end());
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

ModelFolder::ModelFolder(std::uint32_t channels, std::uint32_t modes, std::uint32_t layers,
                         std::uint32_t input_width, std::uint32_t labels) {
  // Tests run side by side in one folder.
  path_ = "model-" + std::to_string(getpid());
  config = {{"model_type", "s4d"},    {"d_model", channels},        {"d_state", 2 * modes},
            {"n_layers", layers},     {"input_width", input_width}, {"num_labels", labels},
            {"input_scale", 255},     {"input_mean", 0.25},         {"input_std", 0.5},
            {"layer_norm_eps", 1e-5}, {"activation", "gelu"},       {"glu", true},
            {"pooling", "mean"},      {"discretization", "stored"}};
  add("encoder.weight", {channels, input_width}, 0.5f);
  add("encoder.bias", {channels}, 0.5f);
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    const std::string prefix = "layers." + std::to_string(layer) + ".";
    add(prefix + "norm.weight", {channels}, 1.0f);
    add(prefix + "norm.bias", {channels}, 0.5f);
    add(prefix + "ssm.A_bar", {channels, modes, 2}, 0.7f);  // below 1/sqrt 2 in each part
    add(prefix + "ssm.B_bar", {channels, modes, 2}, 1.0f);
    add(prefix + "ssm.C", {channels, modes, 2}, 1.0f);
    add(prefix + "ssm.D", {channels}, 1.0f);
    add(prefix + "output_linear.weight", {2 * channels, channels}, 0.5f);
    add(prefix + "output_linear.bias", {2 * channels}, 0.5f);
  }
  add("decoder.weight", {labels, channels}, 0.5f);
  add("decoder.bias", {labels}, 0.5f);
}

ModelFolder::~ModelFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

// A quadratic walk modulo a prime: values in (-scale, scale), different within a tensor.
void ModelFolder::add(const std::string& name, const std::vector<std::uint64_t>& shape,
                      float scale) {
  constexpr std::uint64_t prime = 1000003;
  std::uint64_t count = 1;
  for (const std::uint64_t extent : shape) {
    count *= extent;
  }
  Tensor tensor{shape, {}};
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t step = i + 7919 * tensors.size();
    const auto place = static_cast<float>(step * 48271 % prime) / static_cast<float>(prime);
    tensor.values.push_back(scale * (2 * place - 1));
  }
  tensors[name] = tensor;
}

void ModelFolder::write() const {
  std::filesystem::create_directories(path_);
  std::ofstream(path_ + "/config.json") << config.dump(1);
  nlohmann::json header;
  std::vector<std::uint8_t> data;
  for (const auto& [name, tensor] : tensors) {
    const std::size_t begin = data.size();
    data.resize(begin + tensor.values.size() * sizeof(float));
    std::memcpy(data.data() + begin, tensor.values.data(), data.size() - begin);
    header[name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  const std::vector<std::uint8_t> file = safetensors_file(header.dump(), data);
  std::ofstream(path_ + "/model.safetensors", std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
}

}  // namespace epoch::test
