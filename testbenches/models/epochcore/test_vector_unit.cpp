// SPDX-License-Identifier: Apache-2.0
// The vector unit: bits against float64 and hand-made cases, cycles against the table.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "device_bench.h"
#include "epochcore/vector_ops.h"

using namespace epoch;

namespace {

constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t accumulators = EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, 0);

std::uint32_t bits(float value) {
  std::uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  return word;
}
float from_bits(std::uint32_t word) {
  float value;
  std::memcpy(&value, &word, sizeof value);
  return value;
}
// One rounding to fp32 of an operation that is exact in double (sums and products of floats are
// not always, but round the same: 53 >= 2*24 + 2).
float round32(double value) {
  return static_cast<float>(value);
}

}  // namespace

TEST_CASE("AFFINE multiplies and adds with two roundings") {
  std::vector<std::uint8_t> in(256);
  for (unsigned i = 0; i < in.size(); ++i) in[i] = static_cast<std::uint8_t>(i);
  std::vector<float> out(in.size());
  const float scale = 1.0f / 255.0f, offset = -0.1307f;
  vector_affine(in.data(), out.data(), in.size(), scale, offset);
  for (unsigned i = 0; i < in.size(); ++i)
    CHECK(bits(out[i]) ==
          bits(round32(double{round32(double(i) * double{scale})} + double{offset})));
}

TEST_CASE("LAYERNORM follows its definition operation by operation") {
  for (const std::uint32_t rows : {1u, 7u, 8u, 9u, 20u}) {
    const std::uint32_t length = 37;
    const auto in = random_floats(std::size_t{rows} * length, rows, 4.0f);
    const auto parameters = random_floats(2 * length, 77);
    std::vector<float> out(in.size());
    vector_layernorm(in.data(), out.data(), rows, length, parameters.data(),
                     parameters.data() + length, 1e-5f);
    for (std::uint32_t r = 0; r < rows; ++r) {
      const float* x = in.data() + std::size_t{r} * length;
      double sum = 0.0;
      for (std::uint32_t k = 0; k < length; ++k) sum = round32(sum + double{x[k]});
      const double mean = round32(sum / length);
      double squares = 0.0;
      for (std::uint32_t k = 0; k < length; ++k) {
        const double d = round32(double{x[k]} - mean);
        squares = round32(squares + double{round32(d * d)});
      }
      const double variance = round32(double{round32(squares / length)} + double{1e-5f});
      const double inverse = round32(1.0 / double{round32(std::sqrt(variance))});
      for (std::uint32_t k = 0; k < length; ++k) {
        const double d = round32(double{round32(double{x[k]} - mean)} * inverse);
        const double scaled = round32(d * double{parameters[k]});
        const float expected = round32(scaled + double{parameters[length + k]});
        CAPTURE(rows, r, k);
        REQUIRE(bits(out[std::size_t{r} * length + k]) == bits(expected));
      }
    }
  }
}

TEST_CASE("POOL sums rows in order, continues and scales") {
  const std::uint32_t rows = 9, length = 13;
  const auto in = random_floats(rows * length, 5);
  std::vector<float> out(length, 100.0f);
  vector_pool(in.data(), out.data(), rows, length, false, nullptr);
  const float scale = 1.0f / 18.0f;
  std::vector<float> both = out;
  vector_pool(in.data(), both.data(), rows, length, true, &scale);
  for (std::uint32_t i = 0; i < length; ++i) {
    double sum = 0.0;
    for (std::uint32_t r = 0; r < rows; ++r) sum = round32(sum + double{in[r * length + i]});
    CHECK(bits(out[i]) == bits(static_cast<float>(sum)));
    for (std::uint32_t r = 0; r < rows; ++r) sum = round32(sum + double{in[r * length + i]});
    CHECK(bits(both[i]) == bits(round32(sum * double{scale})));
  }
}

TEST_CASE("subnormals are flushed and NaN is 7fc00000") {
  const float subnormal = from_bits(0x00400000), smallest = from_bits(0x00800000);
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> in = {
      subnormal, smallest, infinity, 1.0f, subnormal, -from_bits(0x00C00000), -infinity, 2.0f};
  std::vector<float> out(4);
  vector_pool(in.data(), out.data(), 2, 4, false, nullptr);
  CHECK(bits(out[0]) == 0);
  CHECK(bits(out[1]) == 0x80000000);  // -2^-127 is subnormal
  CHECK(bits(out[2]) == 0x7FC00000);
  CHECK(out[3] == 3.0f);
}

TEST_CASE("vector commands move tiles and take the table's cycles") {
  DeviceBench bench;
  bench.record_traces();
  const std::uint32_t rows = 40, length = 24;
  const auto in = random_floats(rows * length, 3);
  const auto parameters = random_floats(2 * length, 4);
  bench.poke_floats(activations, in);
  bench.poke_floats(accumulators, parameters);
  std::vector<std::uint8_t> pixels(rows * length);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(7 * i);
  bench.poke(activations + 0x8000, pixels.data(), pixels.size());

  epoch_vector_command norm =
      vector_raw(EPOCH_OP_LAYERNORM, activations, activations + 0x2000, rows, length);
  norm.parameters = accumulators;
  norm.immediate0 = bits(1e-5f);
  epoch_vector_command affine =
      vector_raw(EPOCH_OP_AFFINE, activations + 0x8000, activations + 0x4000, rows, length);
  affine.destination_stride = 4 * length + 32;
  affine.immediate0 = bits(0.5f);
  affine.immediate1 = bits(-1.0f);
  epoch_vector_command pool = vector_raw(EPOCH_OP_POOL, activations + 0x2000, accumulators + 0x1000,
                                         rows, length, EPOCH_VECTOR_SCALE);
  pool.immediate0 = bits(1.0f / 40.0f);
  bench.execute({to_words(norm), to_words(affine), to_words(pool)});

  std::vector<float> expected(in.size());
  vector_layernorm(in.data(), expected.data(), rows, length, parameters.data(),
                   parameters.data() + length, 1e-5f);
  CHECK(bench.peek_floats(activations + 0x2000, in.size()) == expected);
  std::vector<float> pooled(length);
  const float scale = 1.0f / 40.0f;
  vector_pool(expected.data(), pooled.data(), rows, length, false, &scale);
  CHECK(bench.peek_floats(accumulators + 0x1000, length) == pooled);
  const auto row = bench.peek_floats(activations + 0x4000 + 3 * (4 * length + 32), length);
  for (std::uint32_t i = 0; i < length; ++i)
    CHECK(row[i] == static_cast<float>(pixels[3 * length + i]) * 0.5f - 1.0f);

  const auto starts = bench.starts("vector_unit");
  REQUIRE(starts.size() == 3);
  CHECK(starts[1] - starts[0] == 32 + 2 * 24 * 3);  // two groups of 32 rows, three passes
  CHECK(starts[2] - starts[1] == 4 + 30);           // 960 elements on 32 lanes
  CHECK(bench.spans("vector_unit").back().end - starts[2] == 4 + 41);
  CHECK(bench.statistic("core.vector_unit.elements") == 3 * 960);
}

TEST_CASE("a vector command whose tiles outweigh its arithmetic takes the buffer's time") {
  EpochCoreConfig config;
  config.activations = {512, 1, 16};
  DeviceBench bench(config);
  bench.record_traces();
  bench.execute({to_words(vector_raw(EPOCH_OP_POOL, activations, activations + 0x8000, 64, 32))});
  const auto span = bench.spans("vector_unit").at(0);
  CHECK(span.end - span.start == 64 * 128 / 16 + 128 / 16);
}

TEST_CASE("a strided tile takes the cycles of its busiest bank, if the buffer is to show it") {
  EpochCoreConfig config;
  config.activations = {512, 8, 4, false};
  DeviceBench even(config, "even_");
  config.activations.bank_conflicts = true;
  DeviceBench uneven(config, "uneven_");
  // 256 rows of nine words, 16 words apart: two of a row's in the first of eight banks.
  epoch_vector_command raw = vector_raw(EPOCH_OP_POOL, activations, activations + 0x8000, 256, 9);
  raw.source_stride = 64;
  std::vector<std::uint64_t> cycles;
  for (DeviceBench* bench : {&even, &uneven}) {
    bench->record_traces();
    bench->execute({to_words(raw)});
    const auto span = bench->spans("vector_unit").at(0);
    cycles.push_back(span.end - span.start);
  }
  CHECK(cycles[0] == 256 * 9 / 8 + 2);  // the rows, then the result
  CHECK(cycles[1] == 256 * 2 + 2);
  CHECK(even.statistic("even_core.activations.bank_conflict_cycles") == 0);
  CHECK(uneven.statistic("uneven_core.activations.bank_conflict_cycles") == 256 * 2 - 256 * 9 / 8);
}
