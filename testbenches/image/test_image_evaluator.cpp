// SPDX-License-Identifier: Apache-2.0
// The order of ops, rows and documents, and ops that no family uses: small networks whose results
// can be told by hand. The families are held against their references in testbenches/compiler.
#include "image/image_evaluator.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <stdexcept>

#include "compiler/network_builder.h"
#include "compiler/network_compiler.h"

using namespace epoch;
using namespace epoch::test;
using Numbers = std::vector<double>;
using Bytes = std::vector<std::uint8_t>;

namespace {

// A network of `width` bytes a step, which are themselves its numbers.
struct Network {
  NetworkBuilder builder{compiler_target(EpochCoreConfig{}), NumberType::fp32, "network"};
  Value bytes, u;

  explicit Network(std::uint32_t width) {
    builder.begin_layer("");
    bytes = builder.tensor(width, EPOCH_IMAGE_TYPE_UINT8);
    u = builder.tensor(width);
    builder.affine(bytes, u, 1, 0);
  }
  Value copy(Value in, Value out) {
    builder.map("copy", in, out, EPOCH_FUNCTION_IDENTITY);
    return out;
  }
  Image finish(Value out) { return read_image(builder.finish("network", bytes, out)); }
  Numbers outputs(Value out, const Bytes& input) {
    const Image image = finish(out);
    return evaluate_image(image, input, static_cast<std::uint32_t>(input.size() / bytes.width))
        .tensors[image.header.output];
  }
};

// x' = x/2 + u, y = x'
epoch::Recurrence halving() {
  epoch::Recurrence recurrence;
  recurrence.mode = EPOCH_MODE_REAL;
  recurrence.values.words = {0.5, 1};
  return recurrence;
}

}  // namespace

TEST_CASE("a recurrence runs forwards, backwards, and backwards from the row after") {
  Network network(1);
  epoch::Recurrence recurrence = halving();
  const Value y = network.builder.tensor(1);
  Numbers expected = {8, 4, 18, 9, 20.5};
  SECTION("forwards") {}
  SECTION("backwards") {
    recurrence.reverse = true;
    expected = {13, 10, 20, 8, 16};
  }
  SECTION("backwards, shifted") {
    recurrence.reverse = recurrence.ahead = true;
    expected = {10, 20, 8, 16, 0};
  }
  network.builder.ssm("ssm", network.u, y, recurrence);
  CHECK(network.outputs(y, {8, 0, 16, 0, 16}) == expected);
}

TEST_CASE(
    "D, what is stored and the activation follow the sum, magnitudes leave the activation out") {
  Network network(1);
  epoch::Recurrence recurrence = halving();
  recurrence.values.extra = {-3};
  recurrence.stored = &network.u;
  recurrence.activation = EPOCH_ACTIVATION_RELU;
  const Value stored = network.copy(network.u, network.builder.tensor(1));
  recurrence.stored = &stored;
  const Value y = network.builder.tensor(1);
  network.builder.ssm("ssm", network.u, y, recurrence);
  const Image image = network.finish(y);
  const ImageRun run = evaluate_image(image, {8, 0, 4}, 3);
  CHECK(run.tensors[y.tensor] == Numbers{0, 4, 0});  // 8 - 24 + 8, 4, 6 - 12 + 4
  CHECK(run.magnitudes.back() == Numbers{8 + 24 + 8, 4, 6 + 12 + 4});
  CHECK(run.magnitudes.front().empty());
}

TEST_CASE("combine takes the larger, differences and repeats, map repeats") {
  Network network(4);
  const Value a = network.u.part(0, 2), b = network.u.part(2, 2), one = network.u.part(3, 1);
  const Value y = network.builder.tensor(2), wide = network.builder.tensor(4);
  SECTION("larger") {
    network.builder.combine("combine", a, b, y, EPOCH_COMBINE_MAXIMUM);
    CHECK(network.outputs(y, {1, 9, 5, 4}) == Numbers{5, 9});
  }
  SECTION("difference, of a gain times what repeats") {
    network.builder.combine("combine", a, one, y, EPOCH_COMBINE_SUBTRACT, EPOCH_FUNCTION_RELU,
                            {2, -1});
    CHECK(network.outputs(y, {1, 9, 5, 4}) == Numbers{1 - 8, 9});
  }
  SECTION("map") {
    network.builder.map("map", a, wide, EPOCH_FUNCTION_RELU, {1, 2, 3, -4}, {0, 1, 0, 1});
    CHECK(network.outputs(wide, {1, 9, 5, 4}) == Numbers{1, 3, 27, 0});
  }
}

TEST_CASE("argmax is the first of the largest") {
  Network network(4);
  const Value y = network.builder.tensor(1, EPOCH_IMAGE_TYPE_UINT32);
  network.builder.argmax(network.u, y);
  CHECK(network.outputs(y, {3, 7, 7, 1, 9, 9, 9, 9, 0, 0, 0, 1}) == Numbers{1, 0, 3});
}

TEST_CASE("a tensor may be written in parts, by several ops") {
  Network network(2);
  const Value y = network.builder.tensor(4);
  network.builder.map("low", network.u, y.part(2, 2), EPOCH_FUNCTION_IDENTITY, {10, 10});
  network.builder.map("high", network.u, y.part(0, 2), EPOCH_FUNCTION_IDENTITY);
  CHECK(network.outputs(y, {1, 2, 3, 4}) == Numbers{1, 2, 10, 20, 3, 4, 30, 40});
}

TEST_CASE("results are rounded to their tensor's type") {
  Network network(4);
  SECTION("bf16, to even") {
    const Value next = network.builder.tensor(4), y = network.builder.tensor(4, EPOCH_TYPE_BF16);
    const float more = 1.00390625f;  // 1 + 2^-8, a tie
    network.builder.map("map", network.u, next, EPOCH_FUNCTION_IDENTITY, {more, more, 1, 1});
    network.copy(next, y);
    CHECK(network.outputs(y, {1, 3, 255, 0}) == Numbers{1, 3.015625, 255, 0});
  }
  SECTION("int8, clamped") {
    const Value y = network.builder.int8_tensor(4, 100);  // in units of 100/127
    network.copy(network.u, y);
    CHECK(network.outputs(y, {1, 40, 100, 255}) == Numbers{1, 51, 127, 127});
  }
}

TEST_CASE("a carried tensor is the step before's until it is written") {
  Network network(1);
  const Value sum = network.builder.tensor(1, EPOCH_TYPE_FP32, 0, EPOCH_TENSOR_CARRIED);
  const Value next = network.builder.tensor(1), twice = network.builder.tensor(1);
  network.builder.combine("add", network.u, sum, next, EPOCH_COMBINE_ADD);
  network.copy(next, sum);
  network.builder.combine("after", sum, next, twice, EPOCH_COMBINE_ADD);  // outside the loop
  CHECK(network.outputs(twice, {1, 2, 3, 4}) == Numbers{2, 6, 12, 20});
}

TEST_CASE("pooling is the mean, or the last row") {
  Network network(2);
  const Value y = network.builder.tensor(2, EPOCH_TYPE_FP32, 1);
  SECTION("mean") {
    network.builder.mean_pool(network.u, y);
    CHECK(network.outputs(y, {1, 2, 3, 4, 8, 0}) == Numbers{4, 2});
  }
  SECTION("last") {
    network.builder.last_pool(network.u, y);
    CHECK(network.outputs(y, {1, 2, 3, 4, 8, 0}) == Numbers{8, 0});
  }
}

TEST_CASE("documents leave their pieces side by side, the head runs once") {
  Network network(1);
  const Value both = network.builder.tensor(4, EPOCH_TYPE_FP32, 1, EPOCH_TENSOR_DOCUMENTS);
  network.builder.mean_pool(network.u, both.part(0, 1));
  network.builder.last_pool(network.u, both.part(1, 1));
  network.builder.begin_head(2);
  const Value y = network.builder.tensor(4, EPOCH_TYPE_FP32, 1);
  network.copy(both, y);
  const Image image = network.finish(y);
  CHECK(evaluate_image(image, {1, 2, 3, 4}, 2).tensors[y.tensor] == Numbers{1.5, 2, 3.5, 4});
  CHECK_THROWS_AS(evaluate_image(image, {1, 2, 3}, 2), std::runtime_error);
}

TEST_CASE("an index that a table has not is an error") {
  NetworkBuilder builder(compiler_target(EpochCoreConfig{}), NumberType::fp32, "table");
  builder.begin_layer("");
  const Value tokens = builder.tensor(1, EPOCH_IMAGE_TYPE_UINT32), row = builder.tensor(1);
  builder.gather("table", tokens, row, {5, 6});
  const Image image = read_image(builder.finish("table", tokens, row));
  CHECK(evaluate_image(image, {1, 0, 0, 0}, 1).tensors[row.tensor] == Numbers{6});
  CHECK_THROWS_AS(evaluate_image(image, {2, 0, 0, 0}, 1), std::runtime_error);
}
