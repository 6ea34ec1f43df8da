// SPDX-License-Identifier: Apache-2.0
#include "generate/tensor_file.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "files/output_file.h"

namespace epoch {

void TensorFile::add(const std::string& name, const std::vector<std::uint64_t>& shape,
                     std::vector<float> values) {
  std::uint64_t count = 1;
  for (const std::uint64_t extent : shape) count *= extent;
  if (count != values.size() || tensors_.count(name) != 0)
    throw std::logic_error("tensor " + name + " has " + std::to_string(values.size()) +
                           " values for " + std::to_string(count) + ", or is there already");
  tensors_[name] = {shape, std::move(values)};
}

std::uint64_t TensorFile::elements() const {
  std::uint64_t count = 0;
  for (const auto& [name, tensor] : tensors_) count += tensor.values.size();
  return count;
}

// Padded with spaces, so that data begin at a multiple of 8 bytes.
std::string TensorFile::header() const {
  nlohmann::json json = nlohmann::json::object();
  std::uint64_t begin = 0;
  for (const auto& [name, tensor] : tensors_) {
    const std::uint64_t end = begin + tensor.values.size() * sizeof(float);
    json[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text = json.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

// The host is little-endian, as the format is: CMakeLists.txt builds for x86-64 only.
void TensorFile::write(const std::filesystem::path& file) const {
  const std::string text = header();
  const std::uint64_t length = text.size();
  OutputFile output(file);
  output.write(&length, sizeof length);
  output.write(text.data(), text.size());
  for (const auto& [name, tensor] : tensors_)
    output.write(tensor.values.data(), tensor.values.size() * sizeof(float));
  output.close();
}

}  // namespace epoch
