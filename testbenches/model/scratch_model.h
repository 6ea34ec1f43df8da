// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/network_model.h"

namespace epoch::test {

// The bytes of a safetensors file: length, header text, data.
std::vector<std::uint8_t> safetensors_file(const std::string& header,
                                           const std::vector<std::uint8_t>& data);

// The model folder of a network, to spoil: keys, names and shapes as platform/model/README.md has
// them, every key written out. Written where the test runs, removed with the object.
class ScratchModel {
 public:
  struct Tensor {
    std::vector<std::uint64_t> shape;
    std::vector<float> values;

    bool operator==(const Tensor& other) const {
      return shape == other.shape && values == other.values;
    }
  };

  explicit ScratchModel(const NetworkModel& model);
  ~ScratchModel();
  ScratchModel(const ScratchModel&) = delete;
  ScratchModel& operator=(const ScratchModel&) = delete;

  // Writes config and tensors as they are now.
  void write() const;
  NetworkModel load() const;  // what load_model makes of the folder, written anew
  std::string path() const { return path_; }

  nlohmann::json config;
  std::map<std::string, Tensor> tensors;

 private:
  void fill(const S4Model& model);
  void fill(const MambaModel& model);
  void fill(const DenseModel& model);
  void fill_norm(const std::string& prefix, const NormTensors& norm);
  void fill_ssm(const std::string& prefix, const S4Config& model, const SsmTensors& ssm);
  // Empty tensors are not there.
  void add(const std::string& name, const std::vector<std::uint64_t>& shape,
           const std::vector<float>& values);

  std::string path_;
};

}  // namespace epoch::test
