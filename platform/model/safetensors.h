// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace epoch {

// A safetensors file (format: the safetensors repository's README, "Format"), checked before
// anything in it is used: every tensor lies inside the file, tensors cover its data without overlap
// or hole, sizes do not overflow, names are unique. Errors are InputError.
class Safetensors {
 public:
  struct Tensor {
    std::string dtype;  // as in the file: F32, BF16, ...
    std::vector<std::uint64_t> shape;
    std::size_t begin = 0;  // bytes from the start of the data
    std::size_t bytes = 0;
  };

  // Longest header accepted; the limit of the reference implementation.
  static constexpr std::uint64_t max_header_bytes = 100'000'000;

  static Safetensors read(const std::string& path);
  // `where` names the source in errors.
  static Safetensors parse(std::vector<std::uint8_t> file, const std::string& where);

  const std::string& where() const { return where_; }
  const std::map<std::string, Tensor>& tensors() const { return tensors_; }

  // The elements of an F32, BF16 or F16 tensor in C order, as fp32. Refuses a missing tensor,
  // another dtype or shape (found and expected are named), and NaN or infinity (its index is
  // named).
  std::vector<float> floats(const std::string& name, const std::vector<std::uint64_t>& shape) const;

 private:
  std::string where_;
  std::vector<std::uint8_t> file_;
  std::size_t data_begin_ = 0;  // first byte of the data in the file
  std::map<std::string, Tensor> tensors_;
};

// "[2, 3]", as messages show a shape or an index.
std::string shape_text(const std::vector<std::uint64_t>& shape);

}  // namespace epoch
