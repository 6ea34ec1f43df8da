// SPDX-License-Identifier: Apache-2.0
#include "reference/smnist_data.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "files/input_file.h"
#include "model/safetensors.h"

namespace epoch::test {
namespace {

constexpr std::size_t stages = 4;
constexpr std::size_t channels = 32;

// An IDX file of unsigned bytes (http://yann.lecun.com/exdb/mnist, "the IDX file format").
std::vector<std::uint8_t> read_idx(const std::string& path, std::size_t count,
                                   std::size_t dimensions) {
  const std::size_t header = 4 + 4 * dimensions;
  const std::vector<std::uint8_t> file = read_file(path, header + count);
  if (file.size() < header || file[2] != 8 || file[3] != dimensions ||
      file.size() != header + count) {
    throw std::runtime_error(path + ": not the IDX file expected");
  }
  return {file.begin() + static_cast<std::ptrdiff_t>(header), file.end()};
}

template <typename T>
std::vector<std::vector<T>> rows(const std::vector<T>& values, std::size_t width) {
  std::vector<std::vector<T>> result;
  for (auto row = values.begin(); row != values.end(); row += static_cast<std::ptrdiff_t>(width)) {
    result.emplace_back(row, row + static_cast<std::ptrdiff_t>(width));
  }
  return result;
}

}  // namespace

std::string smnist_folder() {
  return EPOCH_SMNIST_FOLDER;
}

SmnistData load_smnist() {
  constexpr std::size_t count = SmnistData::digit_count;
  SmnistData data;
  data.digits = rows(read_idx(smnist_folder() + "/digits.idx", count * SmnistData::steps, 3),
                     SmnistData::steps);
  data.labels = read_idx(smnist_folder() + "/labels.idx", count, 1);
  const Safetensors expected = Safetensors::read(smnist_folder() + "/expected.safetensors");
  data.logits_recurrent =
      rows(expected.floats("logits_recurrent", {count, SmnistData::classes}), SmnistData::classes);
  data.logits_convolution = rows(
      expected.floats("logits_convolution", {count, SmnistData::classes}), SmnistData::classes);
  data.digit0_residual = expected.floats("digit0_residual", {SmnistData::steps, stages, channels});
  return data;
}

std::optional<MnistDigits> load_mnist(std::size_t count) {
  const std::string folder = smnist_folder() + "/../mnist";
  const std::string ending = "-" + std::to_string(count) + ".idx";
  if (!std::filesystem::exists(folder + "/digits" + ending) ||
      !std::filesystem::exists(folder + "/labels" + ending)) {
    return std::nullopt;
  }
  return MnistDigits{
      rows(read_idx(folder + "/digits" + ending, count * SmnistData::steps, 3), SmnistData::steps),
      read_idx(folder + "/labels" + ending, count, 1)};
}

double relative_error(const std::vector<double>& found, const std::vector<float>& expected) {
  double error = 0;
  double largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    error = std::max(error, std::abs(found[i] - static_cast<double>(expected[i])));
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return error / largest;
}

}  // namespace epoch::test
