// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace epoch {

// F32 tensors to be written as a safetensors file (format: the safetensors repository's README,
// "Format"), sorted by name.
class TensorFile {
 public:
  // std::logic_error for values that do not fill the shape, or a name twice.
  void add(const std::string& name, const std::vector<std::uint64_t>& shape,
           std::vector<float> values);
  std::uint64_t elements() const;
  const std::vector<float>& values(const std::string& name) const {
    return tensors_.at(name).values;
  }

  // Throws UnavailableError if the file cannot be written whole.
  void write(const std::filesystem::path& file) const;

 private:
  struct Tensor {
    std::vector<std::uint64_t> shape;
    std::vector<float> values;
  };

  std::string header() const;

  std::map<std::string, Tensor> tensors_;
};

}  // namespace epoch
