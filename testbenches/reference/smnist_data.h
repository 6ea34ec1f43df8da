// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace epoch::test {

// scenarios/smnist: digits, labels and what the training recipe's fp32 networks made of them.
struct SmnistData {
  static constexpr std::size_t digit_count = 200;
  static constexpr std::size_t steps = 784;
  static constexpr std::size_t classes = 10;
  static constexpr std::size_t correct = 198;  // digits that the trained network gets right

  std::vector<std::vector<std::uint8_t>> digits;       // [digit][step]
  std::vector<std::uint8_t> labels;                    // [digit]
  std::vector<std::vector<float>> logits_recurrent;    // [digit][class]
  std::vector<std::vector<float>> logits_convolution;  // [digit][class]
  std::vector<float> digit0_residual;                  // [step][stage][channel]
};

std::string smnist_folder();
SmnistData load_smnist();

// The first `count` digits of the whole test set: scenarios/mnist, which scripts/fetch_mnist makes.
struct MnistDigits {
  std::vector<std::vector<std::uint8_t>> digits;  // [digit][step]
  std::vector<std::uint8_t> labels;               // [digit]
};

// nullopt when they are not fetched; `count` is 1000 or 10000.
std::optional<MnistDigits> load_mnist(std::size_t count);

// max over i of |found[i] - expected[i]| over max |expected[i]|.
double relative_error(const std::vector<double>& found, const std::vector<float>& expected);

}  // namespace epoch::test
