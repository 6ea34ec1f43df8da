// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>

#include "generate/portable_math.h"
#include "generate/random_stream.h"
#include "generate/tensor_file.h"
#include "model/safetensors.h"
#include "platform/scratch_folder.h"

using namespace epoch;

// glibc documents its exp and log within 1 unit in the last place; 4 more are ours.
TEST_CASE("portable exp and log are libm's within a few units in the last place") {
  constexpr double tolerance = 5 * 0x1p-52;
  RandomStream random(1, "x");
  for (int i = 0; i < 20'000; ++i) {
    const double x = random.uniform(-700, 700), small = random.uniform(-1, 1);
    CHECK(std::abs(portable_exp(x) / std::exp(x) - 1) <= tolerance);
    CHECK(std::abs(portable_exp(small) / std::exp(small) - 1) <= tolerance);
    const double y = std::exp(x), near = 1 + small / 2;
    CHECK(std::abs(portable_log(y) - std::log(y)) <= tolerance * std::abs(std::log(y)));
    CHECK(std::abs(portable_log(near) - std::log(near)) <= tolerance * std::abs(std::log(near)));
  }
  CHECK(portable_exp(0) == 1);
  CHECK(portable_log(1) == 0);
}

TEST_CASE("streams have the moments of their distributions") {
  constexpr int count = 1'000'000;
  RandomStream random(7, "moments");
  double normal[5] = {}, uniform[3] = {}, largest = 0;
  std::uint32_t below[5] = {};
  for (int i = 0; i < count; ++i) {
    const double x = random.normal(), u = random.uniform(-2, 4);
    for (int power = 1; power < 5; ++power) normal[power] += std::pow(x, power) / count;
    for (int power = 1; power < 3; ++power) uniform[power] += std::pow(u, power) / count;
    largest = std::max(largest, std::abs(x));
    ++below[random.below(5)];
  }
  // Five standard deviations of each estimate: those of a million samples.
  CHECK(std::abs(normal[1]) <= 5e-3);
  CHECK(std::abs(normal[2] - 1) <= 5 * std::sqrt(2.0) * 1e-3);
  CHECK(std::abs(normal[3]) <= 5 * std::sqrt(15.0) * 1e-3);
  CHECK(std::abs(normal[4] - 2.9) <= 5 * std::sqrt(96.0) * 1e-3);  // Irwin-Hall: 3 - 6 / (5 * 12)
  CHECK(largest < 6);
  CHECK(std::abs(uniform[1] - 1) <= 5 * std::sqrt(3.0) * 1e-3);
  CHECK(std::abs(uniform[2] - 4) <= 5 * 5e-3);
  for (const std::uint32_t hits : below) CHECK(std::abs(hits - count / 5.0) <= 5 * 400);
}

// SplitMix64 of seed 1234567, as published with the algorithm's test vectors (rosettacode.org,
// "Pseudo-random numbers/Splitmix64").
TEST_CASE("SplitMix64 gives the published numbers") {
  SplitMix64 random(1234567);
  CHECK(random.next() == 6457827717110365317u);
  CHECK(random.next() == 3203168211198807973u);
  CHECK(random.next() == 9817491932198370423u);
}

TEST_CASE("streams differ by seed and by name, and repeat") {
  const auto first = [](std::uint64_t seed, const char* name) {
    return RandomStream(seed, name).normals(8, 0, 1);
  };
  CHECK(first(1, "a") == first(1, "a"));
  CHECK(first(1, "a") != first(2, "a"));
  CHECK(first(1, "a") != first(1, "b"));
}

TEST_CASE("a tensor file reads back as it was filled") {
  const test::ScratchFolder folder;
  TensorFile file;
  file.add("b.weight", {2, 3}, {1, -2, 3, -4, 5, -6});
  file.add("a", {}, {0.5f});
  file.add("empty", {0}, {});
  CHECK(file.elements() == 7);
  CHECK_THROWS_AS(file.add("a", {1}, {1}), std::logic_error);
  CHECK_THROWS_AS(file.add("c", {2}, {1}), std::logic_error);
  const auto path = folder.write("x", "");
  file.write(path);
  const Safetensors read = Safetensors::read(path.string());
  CHECK(read.tensors().size() == 3);
  CHECK(read.floats("b.weight", {2, 3}) == std::vector<float>{1, -2, 3, -4, 5, -6});
  CHECK(read.floats("a", {}) == std::vector<float>{0.5f});
  CHECK(read.floats("empty", {0}).empty());
}
