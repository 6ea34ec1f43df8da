// SPDX-License-Identifier: Apache-2.0
// Random networks of every family, compiled for random arrays: what their images hold is run in
// float64 and held against the family's reference.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "compiler/compiled_network.h"
#include "reference/s4_reference.h"
#include "reference/smnist_data.h"

using namespace epoch;
using namespace epoch::test;

namespace {

constexpr unsigned kSeeds = 100;

// A random network with its input, an array for it, and what the reference makes of it.
struct Case {
  RandomModels random;
  NetworkModel model;
  ReferenceInput input;
  epoch_caps caps;
  std::vector<double> expected;

  Case(const std::string& family, unsigned seed)
      : random(first_seed(family) + seed),
        model(random_model(random, family)),
        input(random.input(model)),
        caps(random_target(random, model)),
        expected(ReferenceNetwork::make(model)->outputs(input)) {}

  std::vector<double> outputs(NumberType type, const epoch_caps& on) const {
    return image_outputs(compile_network(model, on, {type, {}}).image, input);
  }
  double error(NumberType type) const { return relative_difference(outputs(type, caps), expected); }
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

// Coefficients and tensors are rounded to fp32, 2^-24 each. Over 300 seeds a family the median is
// 4e-8 to 9e-8 of the largest logit, the worst 5.8e-6: norms of few channels enlarge errors.
TEST_CASE("fp32: an image computes what the family's reference does") {
  const std::string family = GENERATE(from_range(family_names()));
  std::vector<double> errors;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    CAPTURE(family, seed);
    errors.push_back(Case(family, seed).error(NumberType::fp32));
    CHECK(errors.back() <= 1e-5);
  }
  CHECK(median(errors) <= 1.5e-7);
}

// bf16 has 16 binary digits fewer than fp32, so that errors are 2^16 times as large, whatever the
// network makes of them; 2^-24 for where fp32's happen to cancel. Over 300 seeds a family the ratio
// is 0.15 to 0.5 in the median and 11.8 at worst.
TEST_CASE("bf16 and bf16d: an image errs as much more than fp32 as its digits are fewer") {
  const std::string family = GENERATE(from_range(family_names()));
  const NumberType type = GENERATE(NumberType::bf16, NumberType::bf16d);
  if (!family_has(family, type)) return;
  std::vector<double> ratios;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    CAPTURE(family, type, seed);
    const Case network(family, seed);
    const double digits = 0x1p16 * (network.error(NumberType::fp32) + 0x1p-24);
    ratios.push_back(network.error(type) / digits);
    CHECK(ratios.back() <= 20);
  }
  CHECK(median(ratios) <= 1);
  CHECK(median(ratios) >= 0.05);  // it is not fp32
}

// One rounding to 2^-9 of what one direction has made, in place of one to 2^-25.
TEST_CASE("a bidirectional layer's first direction may wait in bf16") {
  const std::string family = GENERATE("s4", "s4d", "liquid_s4");
  unsigned bidirectional = 0, inexact = 0;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    CAPTURE(family, seed);
    const Case network(family, seed);
    const auto& config = std::get<S4Model>(network.model).config;
    CompilerOptions options;
    const auto exact = compile_network(network.model, network.caps, options).image;
    options.partial = NumberType::bf16;
    const auto narrow = compile_network(network.model, network.caps, options).image;
    if (config.directions == 1) {
      CHECK(narrow == exact);
      continue;
    }
    ++bidirectional;
    const auto bf16_tensors = [](const std::vector<std::uint8_t>& bytes) {
      const Image image = read_image(bytes);
      return std::count_if(image.tensors.begin(), image.tensors.end(),
                           [](const auto& tensor) { return tensor.type == EPOCH_TYPE_BF16; });
    };
    CHECK(bf16_tensors(exact) == 0);
    CHECK(bf16_tensors(narrow) == config.layers);
    const double error =
        relative_difference(image_outputs(narrow, network.input), network.expected);
    CHECK(error <= 20 * 0x1p16 * (network.error(NumberType::fp32) + 0x1p-24));
    inexact += error > 100 * network.error(NumberType::fp32);
  }
  CHECK(bidirectional > 10);
  CHECK(inexact > bidirectional / 2);
}

TEST_CASE("images for different arrays compute the same numbers") {
  const std::string family = GENERATE(from_range(family_names()));
  for (unsigned seed = 0; seed < 20; ++seed) {
    CAPTURE(family, seed);
    Case network(family, seed);
    const auto expected = network.outputs(NumberType::fp32, default_target());
    for (unsigned array = 0; array < 5; ++array) {
      const epoch_caps caps = random_target(network.random, network.model);
      CAPTURE(caps.array.rows, caps.array.cols, caps.array.segment_rows, caps.array.state_slots,
              caps.array.slots_kind);
      CHECK(network.outputs(NumberType::fp32, caps) == expected);
    }
  }
}

// Over 500 seeds the median is 5.6e-3 of the largest logit, the worst 1.03e-1: a step of int8 is
// 1/254 of a signal's range.
TEST_CASE("int8: a calibrated image computes about what the reference does") {
  std::vector<double> errors;
  for (unsigned seed = 9000; seed < 9000 + 2 * kSeeds; ++seed) {
    CAPTURE(seed);
    RandomModels random(seed);
    const NetworkModel model = random_int8_model(random);
    const ReferenceInput input = random.input(model);
    const epoch_caps caps = random_target(random, model);
    const auto image = compile_network(model, caps, {NumberType::int8, {input_bytes(input)}}).image;
    const auto found = image_outputs(image, input);
    errors.push_back(relative_difference(found, ReferenceNetwork::make(model)->outputs(input)));
    CHECK(errors.back() <= 0.15);
    const auto other =
        compile_network(model, default_target(), {NumberType::int8, {input_bytes(input)}}).image;
    CHECK(image_outputs(other, input) == found);
  }
  CHECK(median(errors) <= 1e-2);
  CHECK(median(errors) >= 1e-4);  // it is not fp32
}

// Measured over 20 digits: 1.3e-7, 5.8e-3, 3.9e-2 and 3.0e-2 of the largest logit.
TEST_CASE("the trained network's image gives its logits and labels in every type") {
  struct Bound {
    NumberType type;
    double worst;
  };
  const Bound bound = GENERATE(Bound{NumberType::fp32, 3e-7}, Bound{NumberType::bf16, 1e-2},
                               Bound{NumberType::bf16d, 6e-2}, Bound{NumberType::int8, 5e-2});
  const SmnistData data = load_smnist();
  const NetworkModel model = load_model(smnist_folder());
  const auto reference = ReferenceNetwork::make(model);
  const auto compiled = compile_network(model, default_target(),
                                        {bound.type, {data.digits.end() - 32, data.digits.end()}});
  CHECK(compiled.warnings.empty());
  for (std::size_t digit = 0; digit < 5; ++digit) {
    CAPTURE(bound.type, digit);
    const ReferenceInput input{data.digits[digit], {}};
    const auto found = image_outputs(compiled.image, input);
    const auto expected = reference->outputs(input);
    CHECK(relative_difference(found, expected) <= bound.worst);
    CHECK(predicted_label(found) == predicted_label(expected));
  }
}

// Bidirectional, 3 layers of 64 channels. Its digits are permuted, these are not: measured 4.9e-5
// of the largest logit.
TEST_CASE("the trained bidirectional network's image gives its reference's logits") {
  const SmnistData data = load_smnist();
  const NetworkModel model = load_model(smnist_folder() + "/../psmnist");
  const ReferenceInput input{data.digits[0], {}};
  CHECK(relative_difference(image_outputs(compile_network(model, default_target()).image, input),
                            ReferenceNetwork::make(model)->outputs(input)) <= 1e-4);
}
