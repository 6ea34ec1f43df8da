// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "reference/s4_reference.h"
#include "reference/smnist_data.h"

using epoch::S4Reference;
using epoch::Signal;
using epoch::test::SmnistData;

TEST_CASE("float64 network agrees with the trained network's 200 logits") {
  const SmnistData data = epoch::test::load_smnist();
  const S4Reference network(epoch::load_s4_model(epoch::test::smnist_folder()));
  double worst_recurrent = 0;
  double worst_convolution = 0;
  std::size_t same_labels = 0;
  std::size_t correct = 0;
  for (std::size_t digit = 0; digit < SmnistData::digit_count; ++digit) {
    const std::vector<double> logits = network.outputs({data.digits[digit], {}});
    const std::vector<float>& expected = data.logits_recurrent[digit];
    worst_recurrent = std::max(worst_recurrent, epoch::test::relative_error(logits, expected));
    worst_convolution = std::max(
        worst_convolution, epoch::test::relative_error(logits, data.logits_convolution[digit]));
    const std::size_t label = epoch::predicted_label(logits);
    same_labels += label == epoch::predicted_label({expected.begin(), expected.end()});
    correct += label == data.labels[digit];
  }
  // The fp32 networks' own distance from a float64 recurrence.
  CHECK(worst_recurrent <= 3.4e-6);
  CHECK(worst_convolution <= 2.1e-5);
  CHECK(same_labels == SmnistData::digit_count);
  CHECK(correct == SmnistData::correct);
}

TEST_CASE("float64 network agrees with digit 0's residual stream after each layer") {
  const SmnistData data = epoch::test::load_smnist();
  const S4Reference network(epoch::load_s4_model(epoch::test::smnist_folder()));
  const std::size_t width = network.model().config.channels;
  const std::size_t stages = network.model().config.layers + 1;
  // The fp32 recurrence's own error, which grows from layer to layer: measured 1.3e-7, 6.9e-7,
  // 1.6e-6, 4.7e-6.
  const double bounds[] = {2e-7, 1e-6, 2e-6, 6e-6};
  std::size_t seen = 0;
  network.outputs({data.digits[0], {}}, [&](const Signal& signal) {
    if (signal.kind != Signal::Kind::stream) return;
    std::vector<float> expected;
    for (std::size_t step = 0; step < SmnistData::steps; ++step) {
      const auto row = data.digit0_residual.begin() +
                       static_cast<std::ptrdiff_t>((step * stages + signal.layer) * width);
      expected.insert(expected.end(), row, row + static_cast<std::ptrdiff_t>(width));
    }
    CAPTURE(signal.layer);
    CHECK(epoch::test::relative_error(signal.values, expected) <= bounds[signal.layer]);
    ++seen;
  });
  CHECK(seen == stages);
}
