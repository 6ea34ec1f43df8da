// SPDX-License-Identifier: Apache-2.0
#include "compiler/poles.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "compiler/compiled_network.h"
#include "compiler/number_words.h"
#include "errors.h"

using namespace epoch;
using namespace epoch::test;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Complex = std::complex<double>;

namespace {

constexpr NumberType kTypes[] = {NumberType::fp32, NumberType::bf16, NumberType::bf16d,
                                 NumberType::int8};

Complex stored(Complex a, NumberType type) {
  return {pole_of(a.real(), type, true).value, pole_of(a.imag(), type, false).value};
}

// The next layer of a builder, "layers.3".
NetworkBuilder builder_of(NumberType type) {
  NetworkBuilder builder(default_target(), type, "model");
  builder.begin_layer("layers.3");
  return builder;
}

// In any type; the pole of layer 1, channel 1, mode 1 is `a`.
S4Model model_with_pole(RandomModels& random, Complex a) {
  S4Model model = random_int8_model(random);
  while (model.config.discretization != Discretization::stored || model.config.layers < 2)
    model = random_int8_model(random);
  const std::size_t modes = model.config.modes;
  std::vector<float>& a_bar = model.layers[1].ssm.a_bar;
  a_bar[2 * (modes + 1)] = static_cast<float>(a.real());  // channel 1, mode 1
  a_bar[2 * (modes + 1) + 1] = static_cast<float>(a.imag());
  return model;
}

}  // namespace

TEST_CASE("a pole near the unit circle is stored inside it, as near as it can be") {
  const NumberType type = GENERATE(from_range(std::begin(kTypes), std::end(kTypes)));
  const unsigned seed = 8;
  CAPTURE(type, seed);
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> angle(0, 2 * std::acos(-1.0)), digits(1, 12);
  std::size_t moved = 0;
  for (unsigned i = 0; i < 20000; ++i) {
    const Complex a = std::polar(1 - std::pow(10, -digits(random)), angle(random));
    const bool outside = std::norm(stored(a, type)) >= 1;
    NetworkBuilder builder = builder_of(type);
    const Complex pole = stable_pole(builder, a, "channel 2, mode 0");
    REQUIRE(std::norm(stored(pole, type)) < 1);
    REQUIRE(builder.warnings().size() == (outside ? 1 : 0));
    if (!outside) {
      REQUIRE(pole == a);
      continue;
    }
    ++moved;
    REQUIRE_THAT(builder.warnings()[0],
                 Contains("model: layers.3.ssm: the pole of channel 2, mode 0 leaves the unit "
                          "circle when it is rounded (by ") &&
                     EndsWith("); moved inside"));
    // Rounding moves each part by half a step, the way back takes one or two steps of the larger.
    const double step = type == NumberType::int8                                ? 0x1p-14
                        : type == NumberType::bf16d && std::abs(a.imag()) < 0.5 ? 0x1p-7
                        : type == NumberType::bf16d                             ? 0x1p-8
                                                                                : 0x1p-24;
    REQUIRE(std::abs(stored(pole, type) - a) <= 3 * step);
  }
  CHECK(moved > 100);
}

TEST_CASE("an image's poles are inside the unit circle, and nudged ones are warned of") {
  const NumberType type = GENERATE(NumberType::fp32, NumberType::bf16, NumberType::bf16d);
  std::size_t warned = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    CAPTURE(type, seed);
    RandomModels random(seed);
    S4Model model = random.s4(static_cast<SsmKind>(seed % 4));
    model.config.modes = 128;  // frequencies up to 128 pi, which dt turns by up to a radian
    for (S4Layer& layer : model.layers) layer.ssm = random.ssm(model.config, 1e-3, 3e-3);
    const auto compiled = compile_network(model, target_of(128, 8, 8), {type, {}});
    for (const ImageOp& op : read_image(compiled.image).ops) {
      if (op.op.kind != EPOCH_IMAGE_OP_SSM) continue;
      const std::size_t words = words_of_mode(EPOCH_FORMAT_MODE(op.op.format));
      for (std::size_t i = 0; i < op.words.size(); i += words)
        CHECK(std::norm(Complex(op.words[i], op.words[i + 1])) < 1);
    }
    warned += compiled.warnings.size();
  }
  CHECK((type == NumberType::bf16d) == (warned > 0));  // whose steps reach 2^-7
}

TEST_CASE("poles that do not decay are refused by layer, channel, mode and excess") {
  struct Bad {
    Complex a;
    const char* excess;
  };
  const Bad bad = GENERATE(Bad{{1, 0}, "by 0"}, Bad{{0, -1}, "by 0"}, Bad{{-1.5, 0}, "by 0.5"},
                           Bad{{3, 4}, "by 4"});
  const NumberType type = GENERATE(from_range(std::begin(kTypes), std::end(kTypes)));
  RandomModels random(2);
  const NetworkModel model = model_with_pole(random, bad.a);
  const ReferenceInput input = random.input(model);
  CHECK_THROWS_WITH(
      compile_network(model, default_target(), {type, {input_bytes(input)}}),
      EndsWith(std::string("layers.1.ssm: the pole of channel 1, mode 1 has |a| >= 1 (") +
               bad.excess + "): its state would never decay"));
}

TEST_CASE("the largest pole below 1 is taken as it is") {
  const float a = std::nextafter(1.0f, 0.0f);
  RandomModels random(3);
  const NetworkModel model = model_with_pole(random, a);
  const auto compiled = compile_network(model, default_target());
  CHECK(compiled.warnings.empty());
  std::size_t found = 0;
  for (const ImageOp& op : read_image(compiled.image).ops)
    found += static_cast<std::size_t>(
        std::count(op.words.begin(), op.words.end(), static_cast<double>(a)));
  CHECK(found == 1);
}

TEST_CASE("s5 names the mode alone: its state is shared by all channels") {
  RandomModels random(4);
  S4Model model = random.s4(SsmKind::s5);
  model.layers.back().ssm.log_a_re[1] = 0.5f;  // Re(lambda) > 0
  CHECK_THROWS_WITH(compile_network(model, default_target()),
                    Contains("ssm: the pole of mode 1 has |a| >= 1 (by "));
}
