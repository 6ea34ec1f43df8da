// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace epoch::test {

// The bytes of a safetensors file: length, header text, data.
std::vector<std::uint8_t> safetensors_file(const std::string& header,
                                           const std::vector<std::uint8_t>& data);

// A model folder to spoil: written where the test runs, removed with the object. Weights are small
// and different from each other; poles are inside the unit circle.
class ModelFolder {
 public:
  struct Tensor {
    std::vector<std::uint64_t> shape;
    std::vector<float> values;
  };

  ModelFolder(std::uint32_t channels, std::uint32_t modes, std::uint32_t layers,
              std::uint32_t input_width, std::uint32_t labels);
  ~ModelFolder();
  ModelFolder(const ModelFolder&) = delete;
  ModelFolder& operator=(const ModelFolder&) = delete;

  // Writes config and tensors as they are now.
  void write() const;
  std::string path() const { return path_; }

  nlohmann::json config;
  std::map<std::string, Tensor> tensors;

 private:
  void add(const std::string& name, const std::vector<std::uint64_t>& shape, float scale);

  std::string path_;
};

}  // namespace epoch::test
