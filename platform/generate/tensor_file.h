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

// A file that must be written to its end; UnavailableError names it otherwise.
class OutputFile {
 public:
  explicit OutputFile(const std::filesystem::path& file);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(const void* bytes, std::size_t count);
  void close();

 private:
  [[noreturn]] void fail() const;

  std::string name_;
  std::FILE* stream_;
};

}  // namespace epoch
