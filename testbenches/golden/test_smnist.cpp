// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>

#include "compiler/network_compiler.h"
#include "golden/console_run.h"
#include "image/exact_executor.h"
#include "reference/reference_network.h"
#include "reference/smnist_data.h"

using Catch::Matchers::Contains;
using epoch::test::ConsoleRun;
using epoch::test::digit_lines;
using epoch::test::run_epochvp;
using epoch::test::SmnistData;

TEST_CASE("smnist: the logits of 200 digits are the trained network's") {
  const ConsoleRun run = run_epochvp("run smnist -- --digits=200 --logits");
  REQUIRE(run.status == 0);
  const auto digits = digit_lines(run.output);
  const SmnistData data = epoch::test::load_smnist();
  REQUIRE(digits.size() == SmnistData::digit_count);
  double worst = 0;
  std::size_t same_labels = 0;
  std::size_t correct = 0;
  for (unsigned number = 0; number < SmnistData::digit_count; ++number) {
    CAPTURE(number);
    REQUIRE(digits.count(number) == 1);
    const auto& digit = digits.at(number);
    const std::vector<float>& expected = data.logits_recurrent[number];
    REQUIRE(digit.logits.size() == SmnistData::classes);
    REQUIRE(digit.label == data.labels[number]);
    worst = std::max(worst, epoch::test::relative_error(digit.logits, expected));
    CHECK(digit.predicted == epoch::predicted_label(digit.logits));
    same_labels += digit.predicted == epoch::predicted_label({expected.begin(), expected.end()});
    correct += digit.predicted == digit.label;
  }
  // fp32 in the array's order and with its own GELU: measured 4.5e-6.
  CHECK(worst <= 2e-5);
  CHECK(same_labels == SmnistData::digit_count);
  CHECK(correct == SmnistData::correct);
  CHECK_THAT(run.output, Contains("accuracy 198/200"));
}

// Every descriptor, tile, pass and bus transfer between image and UART leaves no trace in the bits:
// %.9g is enough to tell fp32 values apart.
TEST_CASE("smnist: printed logits are a software model's to the bit") {
  constexpr unsigned count = 20;
  const ConsoleRun run = run_epochvp("run smnist -- --digits=20 --logits");
  REQUIRE(run.status == 0);
  const auto digits = digit_lines(run.output);
  REQUIRE(digits.size() == count);
  const SmnistData data = epoch::test::load_smnist();
  const auto image = epoch::test::read_image(
      epoch::compile_network(epoch::load_model(epoch::test::smnist_folder()),
                             epoch::compiler_target({}))
          .image);
  for (const auto& [number, digit] : digits) {
    CAPTURE(number);
    const std::vector<float> expected = epoch::test::execute_exactly(image, data.digits.at(number));
    const std::vector<float> found(digit.logits.begin(), digit.logits.end());
    CHECK(found == expected);
  }
}

TEST_CASE("smnist: fast and cycle print the same bytes") {
  const ConsoleRun fast = run_epochvp("run smnist -- --digits=20 --logits");
  const ConsoleRun cycle =
      run_epochvp("run smnist --set epochcore.pe_grid.fidelity=cycle -- --digits=20 --logits");
  CHECK(fast.status == 0);
  CHECK(cycle.status == 0);
  CHECK(digit_lines(fast.output).size() == 20);
  CHECK(fast.output == cycle.output);
}

TEST_CASE("smnist: two runs print the same bytes") {
  const ConsoleRun first = run_epochvp("run smnist -- --digits=5 --logits");
  const ConsoleRun second = run_epochvp("run smnist -- --digits=5 --logits");
  CHECK(first.status == 0);
  CHECK(digit_lines(first.output).size() == 5);
  CHECK(first.output == second.output);
}

// One array holds a layer at once, another needs passes and folds: time differs, bits do not.
TEST_CASE("smnist: the logits do not depend on the array's shape") {
  const auto expected = digit_lines(run_epochvp("run smnist -- --digits=2 --logits").output);
  REQUIRE(expected.size() == 2);
  for (const char* shape : {"--set epochcore.pe_grid.rows=8 --set epochcore.pe_grid.cols=8",
                            "--set epochcore.pe_grid.rows=64 --set epochcore.pe_grid.cols=16",
                            "--set epochcore.pe_grid.rows=128 --set epochcore.pe_grid.cols=128"}) {
    CAPTURE(shape);
    const ConsoleRun run =
        run_epochvp("run smnist " + std::string(shape) + " -- --digits=2 --logits");
    CHECK(run.status == 0);
    const auto found = digit_lines(run.output);
    for (const auto& [number, digit] : expected) {
      REQUIRE(found.count(number) == 1);
      CHECK(found.at(number).logits == digit.logits);
      CHECK(found.at(number).cycles != digit.cycles);
    }
  }
}
