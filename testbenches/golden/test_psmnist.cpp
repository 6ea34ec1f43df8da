// SPDX-License-Identifier: Apache-2.0
// The bidirectional network that scripts/train_psmnist trained, against what PyTorch made of it.
#include <algorithm>
#include <catch2/catch.hpp>

#include "golden/console_run.h"
#include "model/safetensors.h"
#include "reference/reference_network.h"
#include "reference/smnist_data.h"

using Catch::Matchers::Contains;
using namespace epoch::test;

namespace {

constexpr std::size_t classes = 10;

// [digit][class] of scenarios/psmnist/expected.safetensors.
std::vector<std::vector<float>> expected_logits(const std::string& name) {
  const auto file = epoch::Safetensors::read(smnist_folder() + "/../psmnist/expected.safetensors");
  const std::vector<float> flat = file.floats(name, file.tensors().at(name).shape);
  std::vector<std::vector<float>> logits;
  for (std::size_t at = 0; at < flat.size(); at += classes)
    logits.emplace_back(flat.begin() + static_cast<std::ptrdiff_t>(at),
                        flat.begin() + static_cast<std::ptrdiff_t>(at + classes));
  return logits;
}

}  // namespace

TEST_CASE("psmnist: the logits of 200 digits are PyTorch's") {
  const ConsoleRun run = run_epochvp("run psmnist -- --digits=200 --logits");
  REQUIRE(run.status == 0);
  const auto digits = digit_lines(run.output);
  const auto recurrent = expected_logits("logits_recurrent");
  const auto convolution = expected_logits("logits_convolution");
  REQUIRE(digits.size() == recurrent.size());
  double worst = 0, worst_convolution = 0;
  for (unsigned number = 0; number < recurrent.size(); ++number) {
    CAPTURE(number);
    REQUIRE(digits.count(number) == 1);
    const auto& digit = digits.at(number);
    REQUIRE(digit.logits.size() == classes);
    worst = std::max(worst, relative_error(digit.logits, recurrent[number]));
    worst_convolution =
        std::max(worst_convolution, relative_error(digit.logits, convolution[number]));
    CHECK(digit.predicted ==
          epoch::predicted_label({convolution[number].begin(), convolution[number].end()}));
  }
  CAPTURE(worst, worst_convolution);
  CHECK(worst <= 1e-4);
  CHECK(worst_convolution <= 2e-4);  // fp32 FFTs are off by 1e-4 themselves
  CHECK_THAT(run.output, Contains("accuracy 194/200"));
}
