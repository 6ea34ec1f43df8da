// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "compiler/image_executor.h"
#include "compiler/model_folder.h"
#include "compiler/network_compiler.h"
#include "reference/s4_reference.h"
#include "reference/smnist_data.h"

using epoch::ArrayTarget;
using epoch::test::execute_image;
using epoch::test::read_image;

// Measured over all 200 digits: 4.5e-6.
TEST_CASE("an image run in the array's arithmetic gives the trained network's logits") {
  constexpr std::size_t digits = 20;
  const auto data = epoch::test::load_smnist();
  const auto image =
      read_image(epoch::compile_network(epoch::test::smnist_folder(), ArrayTarget{}));
  double worst = 0;
  for (std::size_t digit = 0; digit < digits; ++digit) {
    const std::vector<float> logits = execute_image(image, data.digits[digit]);
    const std::vector<double> wide(logits.begin(), logits.end());
    const std::vector<float>& expected = data.logits_recurrent[digit];
    worst = std::max(worst, epoch::test::relative_error(wide, expected));
    CHECK(epoch::predicted_label(wide) ==
          epoch::predicted_label({expected.begin(), expected.end()}));
  }
  CHECK(worst <= 2e-5);  // what the hardware is asked for
}

TEST_CASE("images for other arrays hold the same network") {
  const auto data = epoch::test::load_smnist();
  const std::string folder = epoch::test::smnist_folder();
  const auto expected =
      execute_image(read_image(epoch::compile_network(folder, ArrayTarget{})), data.digits[3]);
  for (const auto& [rows, cols, segment_rows] :
       {std::array{8u, 8u, 4u}, std::array{128u, 128u, 16u}, std::array{64u, 16u, 64u}}) {
    CAPTURE(rows, cols, segment_rows);
    ArrayTarget target;
    target.rows = rows;
    target.cols = cols;
    target.segment_rows = segment_rows;
    const auto image = read_image(epoch::compile_network(folder, target));
    CHECK(execute_image(image, data.digits[3]) == expected);
  }
}

TEST_CASE("an odd-sized network's image computes what the float64 reference does") {
  epoch::test::ModelFolder folder(37, 19, 2, 3, 5);
  folder.write();
  const epoch::S4dModel model = epoch::load_s4d_model(folder.path());
  ArrayTarget target;
  target.rows = target.cols = target.segment_rows = 8;
  const auto image = read_image(epoch::compile_network(model, target));
  std::vector<std::uint8_t> input(3 * 50);
  for (std::size_t i = 0; i < input.size(); ++i) {
    input[i] = static_cast<std::uint8_t>(i * 37);
  }
  const std::vector<double> expected =
      epoch::S4Reference(epoch::load_s4_model(folder.path())).outputs({input, {}});
  const std::vector<float> found = execute_image(image, input);
  CHECK(epoch::test::relative_error(expected, found) <= 1e-5);
}
