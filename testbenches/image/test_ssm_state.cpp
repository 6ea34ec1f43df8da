// SPDX-License-Identifier: Apache-2.0
// The evaluator's recurrences against the array itself, and against closed forms.
#include "image/ssm_state.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "epochcore/pe_grid/array.h"
#include "epochcore/pe_grid/number_format.h"
#include "epochcore/pe_grid/operands.h"
#include "image/numbers.h"

using namespace epoch;
using namespace epoch::test;

namespace {

constexpr unsigned kChannels = 5, kModes = 3, kSteps = 200;

// A random op, as an image would hold it, and a sequence for it. Words are what the type holds.
class RandomOp {
 public:
  RandomOp(unsigned seed, std::uint32_t mode, std::uint32_t type)
      : random_(seed), mode_(mode), type_(type) {
    op.op.kind = EPOCH_IMAGE_OP_SSM;
    op.op.format = EPOCH_FORMAT(mode, type, 0);
    op.op.width_in = op.op.width_out = kChannels;
    op.op.modes = mode == EPOCH_MODE_EDGE ? 1 : kModes;
    op.scale.assign(type == EPOCH_TYPE_INT8 ? kChannels : 0, 1.0);
    const auto& kinds = coefficient_words(static_cast<ArrayMode>(mode));
    for (unsigned mode_of_channel = 0; mode_of_channel < kChannels * op.op.modes; ++mode_of_channel)
      for (std::size_t i = 0; i < kinds.size(); ++i) op.words.push_back(word(kinds[i], i));
  }

  // Values that a tensor of the op's operands holds; factors that stay near 1 where they multiply.
  Row row(std::size_t width, double low, double high, bool narrow = true) {
    Row values;
    for (std::size_t i = 0; i < width; ++i) {
      const double value = std::uniform_real_distribution<double>(low, high)(random_);
      values.push_back(type_ == EPOCH_TYPE_INT8 ? std::rint(100 * value)
                       : narrow && type_ != EPOCH_TYPE_FP32
                           ? rounded_to(EPOCH_TYPE_BF16, value, 1)
                           : rounded_to(EPOCH_TYPE_FP32, value, 1));
    }
    return values;
  }

  ImageOp op;

 private:
  double uniform(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random_);
  }
  // Poles inside the unit circle, negative A, small feedback.
  double word(WordKind kind, std::size_t place) {
    if (kind == WordKind::narrow)
      return type_ == EPOCH_TYPE_INT8
                 ? std::rint(uniform(-127, 127))
                 : rounded_to(type_ == EPOCH_TYPE_FP32 ? EPOCH_TYPE_FP32 : EPOCH_TYPE_BF16,
                              uniform(-0.2, 0.2), 1);
    if (mode_ == EPOCH_MODE_SELECTIVE) return rounded_to(EPOCH_TYPE_FP32, uniform(-2, -0.1), 1);
    const double value = kind == WordKind::wide ? uniform(-0.1, 0.1)
                         : place == 0           ? uniform(0.3, 0.8)
                                                : uniform(-0.5, 0.5);
    if (kind == WordKind::pole && type_ == EPOCH_TYPE_INT8) return std::rint(value * 16384) / 16384;
    if (kind == WordKind::pole && type_ == EPOCH_TYPE_BF16D)
      return place == 0 ? 1 + rounded_to(EPOCH_TYPE_BF16, value - 1, 1)
                        : rounded_to(EPOCH_TYPE_BF16, value, 1);
    return rounded_to(EPOCH_TYPE_FP32, value, 1);
  }

  std::mt19937 random_;
  std::uint32_t mode_, type_;
};

std::vector<float> as_operands(const Row& row, bool integers) {
  std::vector<float> words;
  for (const double value : row)
    words.push_back(integers ? word_of_int(static_cast<std::int32_t>(value))
                             : static_cast<float>(value));
  return words;
}

// The op's words as the array is handed them: poles of bf16d less 1, integers of int8 as such.
std::vector<float> as_coefficients(const ImageOp& op) {
  const auto mode = static_cast<ArrayMode>(EPOCH_FORMAT_MODE(op.op.format));
  const std::uint32_t type = EPOCH_FORMAT_TYPE(op.op.format);
  const auto& kinds = coefficient_words(mode);
  Row words = op.words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool pole = kinds[i % kinds.size()] == WordKind::pole;
    if (pole && type == EPOCH_TYPE_INT8) words[i] *= 16384;
    if (type == EPOCH_TYPE_BF16D && i % kinds.size() == 0) words[i] -= 1;
  }
  return as_operands(words, type == EPOCH_TYPE_INT8);
}

// Error of the array's y against the evaluator's, as level 3a has it: its norm over time of the
// norm of the magnitudes, the worst channel's.
double array_error(unsigned seed, std::uint32_t mode, std::uint32_t type) {
  RandomOp random(seed, mode, type);
  const ImageOp& op = random.op;
  const bool integers = type == EPOCH_TYPE_INT8, edge = mode == EPOCH_MODE_EDGE;
  const bool decays = mode == EPOCH_MODE_SELECTIVE || mode == EPOCH_MODE_SSD;
  const std::size_t width = edge ? 2 * kChannels : kChannels;
  SsmState state(op);
  Row source, drive, b, c, expected, magnitude;
  const auto append = [](Row& rows, const Row& row) {
    rows.insert(rows.end(), row.begin(), row.end());
  };
  for (unsigned step = 0; step < kSteps; ++step) {
    const SsmState::Input input{random.row(width, decays ? 0.3 : -1, 0.9, !decays && !edge),
                                random.row(kChannels, -1, 1), random.row(kModes, -1, 1),
                                random.row(kModes, -1, 1)};
    const SsmState::Output output = state.step(input);
    append(source, input.source);
    append(drive, input.drive);
    append(b, input.b);
    append(c, input.c);
    append(expected, output.y);
    append(magnitude, output.magnitude);
  }
  const std::vector<float> words = as_coefficients(op), north = as_operands(source, integers),
                           second = as_operands(drive, false), west_b = as_operands(b, false),
                           west_c = as_operands(c, false);
  const std::vector<float> scale(kChannels, 1.0f);
  CoefficientBlock block;
  block.mode = static_cast<ArrayMode>(mode);
  block.type = static_cast<NumberType>(type);
  block.channels = kChannels;
  block.modes = op.op.modes;
  block.scale = scale.data();
  block.words = words.empty() ? nullptr : words.data();
  ArrayCommand command;
  command.steps = kSteps;
  command.zero_state = true;
  command.partial = integers;  // the sums themselves, not yet scaled and rounded to fp32
  (decays ? command.decay : command.u) = north.data();
  if (decays) {
    command.drive = second.data();
    command.b = west_b.data();
    command.c = west_c.data();
  }
  const auto array = PeArray::make(Fidelity::fast, ArrayConfig{});
  array->load(block);
  std::vector<float> y(expected.size());
  NumericEvents events;
  array->run(command, y.data(), events);
  double worst = 0;
  for (std::size_t column = 0; column < width; ++column) {
    double error = 0, size = 0;
    for (std::size_t i = column; i < y.size(); i += width) {
      const double found = integers ? int_of_word(y[i]) : static_cast<double>(y[i]);
      error += std::pow(found - expected[i], 2);
      size += std::pow(magnitude[i], 2);
    }
    worst = std::max(worst, std::sqrt(error / size));
  }
  return worst;
}

// The state of one channel.
ImageOp one_channel(std::uint32_t mode, std::uint32_t type, const Row& words) {
  ImageOp op;
  op.op.kind = EPOCH_IMAGE_OP_SSM;
  op.op.format = EPOCH_FORMAT(mode, type, 0);
  op.op.width_in = op.op.width_out = 1;
  op.op.modes = 1;
  op.words = words;
  op.scale.assign(type == EPOCH_TYPE_INT8 ? 1 : 0, 0.5);
  return op;
}

Row outputs(const ImageOp& op, const Row& u) {
  SsmState state(op);
  Row y;
  for (const double value : u) y.push_back(state.step({{value}, {}, {}, {}}).y[0]);
  return y;
}

}  // namespace

// fp32 against float64 on the same words and inputs: measured 9.4e-8 at worst, 4.1e-7 for selective
// with its exp_pe. Integers are the same.
TEST_CASE("every mode and type steps as the array does") {
  const std::uint32_t mode = GENERATE(0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u);  // EPOCH_MODE_REAL to _EDGE
  const std::uint32_t type = GENERATE(0u, 1u, 2u, 3u);
  if (!type_fits(static_cast<ArrayMode>(mode), static_cast<NumberType>(type))) return;
  for (unsigned seed = 0; seed < 20; ++seed) {
    CAPTURE(mode, type, seed);
    const double error = array_error(seed, mode, type);
    if (type == EPOCH_TYPE_INT8)
      CHECK(error == 0);
    else
      CHECK(error <= (mode == EPOCH_MODE_SELECTIVE ? 1e-6 : 2e-7));
  }
}

TEST_CASE("an impulse is answered with the pole's powers") {
  CHECK(outputs(one_channel(EPOCH_MODE_REAL, EPOCH_TYPE_FP32, {0.5, 3}), {1, 0, 0, 0}) ==
        Row{3, 1.5, 0.75, 0.375});
  CHECK(outputs(one_channel(EPOCH_MODE_COMPLEX, EPOCH_TYPE_FP32, {0, 0.5, 1, 2}), {1, 0, 0, 0}) ==
        Row{1, -1, -0.25, 0.25});  // Re (1 + 2i)(i/2)^t
}

TEST_CASE("a liquid pole moves with its input") {
  // g = 0.25 u: x = (a + g) x + g
  CHECK(outputs(one_channel(EPOCH_MODE_LIQUID_REAL, EPOCH_TYPE_FP32, {0.5, 0.25, 8}), {4, 2, 0}) ==
        Row{8, 12, 6});
}

TEST_CASE("int8: products shift halves up, registers clamp, sums are scaled") {
  // a = 1/2: x is 256 u; u = 1: x = 256, 128, ... 1, 1 (a half goes up), and y = (c x + 128) >> 8.
  const Row y = outputs(one_channel(EPOCH_MODE_REAL, EPOCH_TYPE_INT8, {0.5, 127}),
                        {1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(y == Row{63.5, 32, 16, 8, 4, 2, 1, 0.5, 0, 0});
  // a = -2 + 2^-14 doubles the state until it clamps at 2^31 - 1 or -2^31.
  Row u(40);
  u[0] = 127;
  const Row large = outputs(one_channel(EPOCH_MODE_REAL, EPOCH_TYPE_INT8, {-2, 1}), u);
  CHECK(*std::max_element(large.begin(), large.end()) == 0.5 * (1 << 23));
  CHECK(*std::min_element(large.begin(), large.end()) == -0.5 * (1 << 23));
}
