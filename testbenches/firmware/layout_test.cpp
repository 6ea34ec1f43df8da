// SPDX-License-Identifier: Apache-2.0
#include "epoch_layout.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "epochcore.h"

namespace {

std::uint32_t pick(std::mt19937& random, std::uint32_t low, std::uint32_t high) {
  return std::uniform_int_distribution<std::uint32_t>(low, high)(random);
}

struct Block {
  std::uint32_t begin;
  std::uint32_t end;
};

// Blocks start at multiples of 64, in order, apart, and end within the whole.
void check_blocks(const std::vector<Block>& blocks, std::uint32_t total) {
  std::uint32_t end = 0;
  for (const Block& block : blocks) {
    CHECK(block.begin % 64 == 0);
    CHECK(block.begin >= end);
    CHECK(block.begin - end < 64);  // nothing but padding between them
    CHECK(block.end > block.begin);
    end = block.end;
  }
  CHECK(total >= end);
  CHECK(total - end < 64);
}

// Bytes of a mode's words and of D or a bias by mode and type, from the table in epochcore.h; 0
// where a type is not defined for a mode.
constexpr std::uint32_t mode_bytes[EPOCH_MODE_MAC + 1][4] = {
    {8, 6, 4, 3}, {16, 12, 8, 6}, {12, 8, 6, 0}, {24, 16, 12, 0}, {32, 28, 24, 0},
    {4, 4, 0, 0}, {0, 0, 0, 0},   {8, 8, 4, 0},  {4, 2, 2, 1}};
constexpr std::uint32_t d_bytes[] = {4, 2, 2, 4};

std::uint32_t padded(std::uint32_t bytes) {
  return (bytes + 3) / 4 * 4;
}

// COEFF's block: words, int8's scales, D or biases.
std::uint32_t block_bytes(std::uint32_t mode, std::uint32_t type, std::uint32_t channels,
                          std::uint32_t modes, std::uint32_t extra) {
  const std::uint32_t beside = mode == EPOCH_MODE_MAC ? 4 : d_bytes[type];
  return padded(channels * modes * mode_bytes[mode][type]) +
         (type == EPOCH_TYPE_INT8 ? 4 * channels : 0) + extra * beside * channels;
}

epoch_array_shape random_shape(std::mt19937& random) {
  const std::uint32_t segment = pick(random, 1, 8), slots = pick(random, 1, 3);
  return {segment * pick(random, 1, 16), pick(random, 2, 64), segment, slots,
          pick(random, EPOCH_SLOTS_MODE, EPOCH_SLOTS_BATCH)};
}

}  // namespace

TEST_CASE("layout: P, F, G and passes by the formulas of the array") {
  struct Example {
    epoch_array_shape array;
    std::uint32_t channels, modes;
    std::uint32_t p, f, g, passes, blocks;
  };
  constexpr std::uint32_t mode = EPOCH_SLOTS_MODE, channel = EPOCH_SLOTS_CHANNEL;
  const Example example = GENERATE_COPY(
      // smnist on the default array: 16 modes take two segments of 8
      Example{{32, 32, 8, 1, mode}, 32, 16, 16, 2, 64, 1, 1},
      // 17 modes are rounded up to three segments
      Example{{32, 32, 8, 1, mode}, 100, 17, 24, 1, 32, 4, 1},
      Example{{128, 128, 16, 1, mode}, 256, 64, 64, 2, 256, 1, 1},
      // P > R: two sequential blocks, one channel a column
      Example{{32, 32, 8, 1, mode}, 32, 40, 32, 1, 32, 1, 2},
      Example{{4, 3, 1, 1, mode}, 13, 1, 1, 4, 12, 2, 1},
      // two slots: 33 modes in 17 rows, three segments; or twice the channels
      Example{{32, 32, 8, 2, mode}, 100, 33, 24, 1, 32, 4, 1},
      Example{{32, 32, 8, 2, channel}, 100, 17, 24, 1, 64, 2, 1});
  epoch_ssm_layout layout{};
  REQUIRE(epoch_ssm_layout_make(&layout, &example.array, EPOCH_MODE_COMPLEX, EPOCH_TYPE_FP32,
                                example.channels, example.modes, 1) == 0);
  CHECK(layout.rows_per_channel == example.p);
  CHECK(layout.folds == example.f);
  CHECK(layout.channels_per_pass == example.g);
  CHECK(layout.passes == example.passes);
  CHECK(layout.blocks == example.blocks);
}

TEST_CASE("layout: widths by mode and type") {
  for (std::uint32_t mode = 0; mode <= EPOCH_MODE_MAC; ++mode)
    for (std::uint32_t type = 0; type < 4; ++type) {
      CAPTURE(mode, type);
      CHECK(epoch_mode_bytes(mode, type) == mode_bytes[mode][type]);
    }
  CHECK(epoch_mode_bytes(EPOCH_MODE_MAC + 1, 0) == 0);
  CHECK(epoch_mode_bytes(0, 4) == 0);
  CHECK(epoch_type_bytes(4) == 0);
  CHECK(epoch_state_bytes(EPOCH_MODE_REAL) == 4);
  CHECK(epoch_state_bytes(EPOCH_MODE_COMPLEX) == 8);
  CHECK(epoch_state_bytes(EPOCH_MODE_MAC) == 0);
}

TEST_CASE("layout: every channel and mode of an SSM once, in blocks that do not overlap") {
  for (std::uint32_t seed = 1; seed <= 600; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const epoch_array_shape array = random_shape(random);
    const std::uint32_t mode = pick(random, EPOCH_MODE_REAL, EPOCH_MODE_EDGE);
    const std::uint32_t type = pick(random, 0, 3);
    if (mode_bytes[mode][type] == 0) continue;
    const bool edge = mode == EPOCH_MODE_EDGE;
    const std::uint32_t channels = pick(random, 1, 300);
    const std::uint32_t in_rows =
        array.rows * (array.slots_kind == EPOCH_SLOTS_MODE ? array.state_slots : 1);
    const std::uint32_t modes =
        edge ? 1 : pick(random, 1, mode == EPOCH_MODE_DPLR ? std::min(in_rows, 150u) : 150);
    const std::uint32_t extra = edge ? 0 : pick(random, 0, 1);
    epoch_ssm_layout layout{};
    REQUIRE(epoch_ssm_layout_make(&layout, &array, mode, type, channels, modes, extra) == 0);
    std::uint32_t seen_channels = 0;
    std::vector<Block> blocks;
    for (std::uint32_t pass = 0; pass < layout.passes; ++pass) {
      const std::uint32_t here = epoch_ssm_pass_channels(&layout, pass);
      CHECK(here >= 1);
      CHECK(here <= layout.channels_per_pass);
      seen_channels += here;
      std::uint32_t seen_modes = 0;
      for (std::uint32_t block = 0; block < layout.blocks; ++block) {
        const std::uint32_t in_block = epoch_ssm_block_modes(&layout, block);
        CHECK(in_block >= 1);
        CHECK(in_block <= in_rows);
        seen_modes += in_block;
        const std::uint32_t begin = epoch_ssm_block_offset(&layout, pass, block);
        const std::uint32_t bytes = epoch_ssm_block_bytes(&layout, pass, block);
        const bool last = block + 1 == layout.blocks;
        CHECK(bytes == block_bytes(mode, type, here, in_block, last ? extra : 0));
        CHECK(epoch_ssm_block_state(&layout, pass, block) ==
              here * in_block * epoch_state_bytes(mode));
        blocks.push_back({begin, begin + bytes});
      }
      CHECK(seen_modes == modes);
    }
    CHECK(seen_channels == channels);
    check_blocks(blocks, epoch_ssm_bytes(&layout));
  }
}

TEST_CASE("layout: every weight of a GEMM once, in tiles that fit the array") {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const epoch_array_shape array = random_shape(random);
    const std::uint32_t type = pick(random, 0, 3);
    const std::uint32_t glu = pick(random, 0, 1);
    const std::uint32_t inputs = pick(random, 1, 300);
    const std::uint32_t outputs = (glu + 1) * pick(random, 1, 200);
    const std::uint32_t extra = pick(random, 0, 1);
    epoch_gemm_layout layout{};
    REQUIRE(epoch_gemm_layout_make(&layout, &array, type, inputs, outputs, extra, glu) == 0);
    std::uint32_t seen_outputs = 0;
    std::vector<Block> blocks;
    for (std::uint32_t o = 0; o < layout.output_folds; ++o) {
      const std::uint32_t columns = epoch_gemm_fold_outputs(&layout, o);
      CHECK(columns >= 1);
      CHECK(columns <= array.cols);
      if (glu) CHECK(columns % 2 == 0);  // a pair is never cut
      seen_outputs += columns;
      std::uint32_t seen_inputs = 0;
      for (std::uint32_t i = 0; i < layout.input_folds; ++i) {
        const std::uint32_t rows = epoch_gemm_fold_inputs(&layout, i);
        CHECK(rows >= 1);
        CHECK(rows <= array.rows);
        seen_inputs += rows;
        const std::uint32_t begin = epoch_gemm_block_offset(&layout, o, i);
        const std::uint32_t bytes = epoch_gemm_block_bytes(&layout, o, i);
        const bool last = i + 1 == layout.input_folds;
        CHECK(bytes == block_bytes(EPOCH_MODE_MAC, type, columns, rows, last ? extra : 0));
        blocks.push_back({begin, begin + bytes});
      }
      CHECK(seen_inputs == inputs);
    }
    CHECK(seen_outputs == outputs);
    check_blocks(blocks, epoch_gemm_bytes(&layout));
  }
}

TEST_CASE("layout: what cannot be laid out is refused") {
  const epoch_array_shape good = {8, 8, 4, 1, EPOCH_SLOTS_MODE};
  epoch_ssm_layout ssm{};
  epoch_gemm_layout gemm{};
  const auto make_ssm = [&](epoch_array_shape array, std::uint32_t mode, std::uint32_t channels,
                            std::uint32_t modes, std::uint32_t extra,
                            std::uint32_t type = EPOCH_TYPE_FP32) {
    return epoch_ssm_layout_make(&ssm, &array, mode, type, channels, modes, extra);
  };
  const auto make_gemm = [&](epoch_array_shape array, std::uint32_t inputs, std::uint32_t outputs,
                             std::uint32_t extra, std::uint32_t glu,
                             std::uint32_t type = EPOCH_TYPE_FP32) {
    return epoch_gemm_layout_make(&gemm, &array, type, inputs, outputs, extra, glu);
  };
  constexpr std::uint32_t mode = EPOCH_SLOTS_MODE;
  REQUIRE(make_ssm(good, EPOCH_MODE_REAL, 4, 4, 0) == 0);
  CHECK(make_ssm(good, EPOCH_MODE_MAC, 4, 4, 0) == -1);
  CHECK(make_ssm(good, EPOCH_MODE_MAC + 1, 4, 4, 0) == -1);
  CHECK(make_ssm(good, EPOCH_MODE_REAL, 4, 4, 0, 4) == -1);
  CHECK(make_ssm(good, EPOCH_MODE_SELECTIVE, 4, 4, 0, EPOCH_TYPE_BF16D) == -1);
  CHECK(make_ssm(good, EPOCH_MODE_DPLR, 4, 4, 0, EPOCH_TYPE_INT8) == -1);
  REQUIRE(make_ssm(good, EPOCH_MODE_DPLR, 4, 8, 0) == 0);
  CHECK(make_ssm(good, EPOCH_MODE_DPLR, 4, 9, 0) == -1);  // feeds back: one block only
  REQUIRE(make_ssm(good, EPOCH_MODE_EDGE, 4, 1, 0) == 0);
  CHECK(make_ssm(good, EPOCH_MODE_EDGE, 4, 2, 0) == -1);
  CHECK(make_ssm(good, EPOCH_MODE_EDGE, 4, 1, 1) == -1);
  CHECK(make_ssm({8, 1, 4, 1, mode}, EPOCH_MODE_EDGE, 4, 1, 0) == -1);  // pairs of columns
  CHECK(make_ssm(good, EPOCH_MODE_REAL, 0, 4, 0) == -1);
  CHECK(make_ssm(good, EPOCH_MODE_REAL, 4, 0, 0) == -1);
  CHECK(make_ssm(good, EPOCH_MODE_REAL, 4, 4, 2) == -1);
  CHECK(make_ssm(good, EPOCH_MODE_REAL, 65536, 4, 0) == -1);
  CHECK(make_ssm(good, EPOCH_MODE_COMPLEX, 65535, 65535, 0) == -1);  // more than 2 GiB
  CHECK(make_ssm({0, 8, 4, 1, mode}, EPOCH_MODE_REAL, 4, 4, 0) == -1);
  CHECK(make_ssm({8, 0, 4, 1, mode}, EPOCH_MODE_REAL, 4, 4, 0) == -1);
  CHECK(make_ssm({8, 8, 0, 1, mode}, EPOCH_MODE_REAL, 4, 4, 0) == -1);
  CHECK(make_ssm({8, 8, 3, 1, mode}, EPOCH_MODE_REAL, 4, 4, 0) == -1);  // segments divide the rows
  CHECK(make_ssm({8, 8, 4, 0, mode}, EPOCH_MODE_REAL, 4, 4, 0) == -1);
  CHECK(make_ssm({8, 8, 4, 256, mode}, EPOCH_MODE_REAL, 4, 4, 0) == -1);
  CHECK(make_ssm({8, 8, 4, 1, 3}, EPOCH_MODE_REAL, 4, 4, 0) == -1);
  REQUIRE(make_gemm(good, 4, 4, 1, 1) == 0);
  CHECK(make_gemm(good, 4, 4, 0, 0, 4) == -1);
  CHECK(make_gemm(good, 0, 4, 0, 0) == -1);
  CHECK(make_gemm(good, 4, 0, 0, 0) == -1);
  CHECK(make_gemm(good, 4, 3, 0, 1) == -1);                // GLU takes pairs of columns
  CHECK(make_gemm({8, 1, 4, 1, mode}, 4, 4, 0, 1) == -1);  // and a pair does not fit one column
  CHECK(make_gemm(good, 65535, 65534, 0, 0) == -1);
}
