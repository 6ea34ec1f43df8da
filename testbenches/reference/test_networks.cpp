// SPDX-License-Identifier: Apache-2.0
// Every family's reference against a second one that was written without it (second_network.h).
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <stdexcept>

#include "reference/mamba_reference.h"
#include "reference/random_models.h"
#include "reference/row_functions.h"
#include "reference/second_network.h"

using namespace epoch;
using namespace epoch::test;

namespace {

// Sums of at most some hundred terms through at most three layers: float64's 1.1e-16 becomes at
// most some 1e-13 of what was added; 1e-11 of the largest logit leaves a hundred for cancellation.
constexpr double kTolerance = 1e-11;

double difference(const std::vector<double>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!std::isfinite(found[i])) return std::abs(found[i]);
    worst = std::max(worst, std::abs(found[i] - expected[i]));
    largest = std::max(largest, std::abs(expected[i]));
  }
  return worst / largest;
}

void compare(unsigned seed, const std::function<NetworkModel(RandomModels&)>& make) {
  CAPTURE(seed);
  RandomModels random(seed);
  const NetworkModel model = make(random);
  const ReferenceInput input = random.input(model);
  const std::vector<double> found = ReferenceNetwork::make(model)->outputs(input);
  CHECK(difference(found, second_outputs(model, input)) <= kTolerance);
}

}  // namespace

TEST_CASE("s4 family: two references agree on random networks") {
  const auto kind = GENERATE(SsmKind::s4d, SsmKind::s4, SsmKind::s5, SsmKind::liquid);
  for (unsigned seed = 0; seed < 100; ++seed)
    compare(1000 * static_cast<unsigned>(kind) + seed,
            [&](RandomModels& random) { return random.s4(kind); });
}

TEST_CASE("mamba: two references agree on random networks") {
  const bool second = GENERATE(false, true);
  for (unsigned seed = 0; seed < 100; ++seed)
    compare(4000 + seed, [&](RandomModels& random) { return random.mamba(second); });
}

TEST_CASE("mlp, lstm, cnn: two references agree on random networks") {
  const auto kind = GENERATE(DenseKind::mlp, DenseKind::lstm, DenseKind::cnn);
  for (unsigned seed = 0; seed < 60; ++seed)
    compare(5000 + seed, [&](RandomModels& random) { return random.dense(kind); });
}

TEST_CASE("mamba: decoding step by step is reading the longer prompt anew") {
  const bool second = GENERATE(false, true);
  for (unsigned seed = 6000; seed < 6020; ++seed) {
    CAPTURE(seed);
    RandomModels random(seed);
    const MambaReference reference(random.mamba(second));
    ReferenceInput prompt = random.input(reference.model());
    const MambaReference::Decoded decoded = reference.decode(prompt, 5);
    REQUIRE(decoded.tokens.size() == 5);
    const std::size_t width = reference.model().config.vocabulary;
    for (std::size_t i = 0; i < 5; ++i) {
      const std::vector<double> logits = second_mamba(reference.model(), prompt.tokens);
      const auto row = decoded.logits.begin() + static_cast<std::ptrdiff_t>(i * width);
      CHECK(difference({row, row + static_cast<std::ptrdiff_t>(width)}, logits) <= kTolerance);
      CHECK(decoded.tokens[i] == predicted_label(logits));
      prompt.tokens.push_back(decoded.tokens[i]);
    }
  }
}

TEST_CASE("an observer sees every layer's parts, and they belong together") {
  RandomModels random(7000);
  S4Model model = random.s4(SsmKind::s4d);
  model.config.directions = 2;
  model.config.prenorm = true;
  for (S4Layer& layer : model.layers) layer.ssm = random.ssm(model.config, 1e-2, 0.1);
  const ReferenceInput input = random.input(model);
  std::vector<double> u, sum;
  std::size_t streams = 0, outputs = 0;
  ReferenceNetwork::make(model)->outputs(input, [&](const Signal& signal) {
    streams += signal.kind == Signal::Kind::stream;
    if (signal.kind == Signal::Kind::input) {
      u = signal.values;
      sum.assign(u.size(), 0.0);
    }
    if (signal.kind == Signal::Kind::direction) {
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += signal.values[i];
    }
    if (signal.kind != Signal::Kind::output) return;
    ++outputs;
    const std::vector<float>& d = model.layers[signal.layer].ssm.d;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += d[i % signal.width] * u[i];
    CHECK(sum == signal.values);
  });
  const std::size_t documents = model.config.retrieval ? 2 : 1;
  CHECK(outputs == documents * model.config.layers);
  CHECK(streams == documents * (model.config.layers + 1));
}

TEST_CASE("inputs that are no sequence of the network are refused") {
  RandomModels random(8000);
  S4Model s4 = random.s4(SsmKind::s4d);
  s4.config.vocabulary = 0;
  s4.config.input_width = 2;
  s4.config.retrieval = false;
  const auto outputs = [](const NetworkModel& model, const ReferenceInput& input) {
    return ReferenceNetwork::make(model)->outputs(input);
  };
  CHECK_THROWS_AS(outputs(s4, {}), std::invalid_argument);
  CHECK_THROWS_AS(outputs(s4, {{1, 2, 3}, {}}), std::invalid_argument);
  const MambaModel mamba = random.mamba(false);
  CHECK_THROWS_AS(outputs(mamba, {}), std::invalid_argument);
  CHECK_THROWS_AS(outputs(mamba, {{}, {mamba.config.vocabulary}}), std::invalid_argument);
  const DenseModel cnn = random.dense(DenseKind::cnn);
  CHECK_THROWS_AS(outputs(cnn, {{1, 2, 3}, {}}), std::invalid_argument);
  CHECK_THROWS_AS(outputs(random.dense(DenseKind::mlp), {}), std::invalid_argument);
}

TEST_CASE("a file of inputs is bytes, or little-endian token ids") {
  RandomModels random(8100);
  const std::vector<std::uint8_t> file = {1, 2, 0, 0, 4, 3, 2, 1};
  const NetworkModel mamba = random.mamba(false), mlp = random.dense(DenseKind::mlp);
  CHECK(reads_tokens(mamba));
  CHECK(input_from_file(mamba, file).tokens == std::vector<std::uint32_t>{0x201, 0x01020304});
  CHECK_FALSE(reads_tokens(mlp));
  CHECK(input_from_file(mlp, file).bytes == file);
  CHECK_THROWS_AS(input_from_file(mamba, {1, 2, 3}), std::invalid_argument);
}

TEST_CASE("functions keep their precision at both ends") {
  for (const double x : {-700.0, -40.0, -1.0, -1e-9, 0.0, 1e-9, 1.0, 40.0, 700.0}) {
    CAPTURE(x);
    // log(1 + e^x) is e^x (1 - e^x / 2) where that is exact to a rounding.
    const double tail = std::exp(x);
    CHECK(softplus(x) == Approx(x < -20 ? tail : second_softplus(x)).epsilon(1e-14));
    CHECK(sigmoid(x) == Approx(second_sigmoid(x)).epsilon(1e-14).margin(1e-16));
    CHECK(silu(x) == Approx(second_silu(x)).epsilon(1e-14));
    CHECK(gelu_by_erf(x) == Approx(second_gelu_erf(x)).epsilon(1e-14).margin(1e-14));
    CHECK(gelu_by_tanh(x) == Approx(second_gelu_tanh(x)).epsilon(1e-14).margin(1e-14));
  }
}
