// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/int8_reference.h"

#include <cmath>
#include <cstring>
#include <random>

#include "models/pe_grid/soft_float.h"

using namespace epoch;

namespace int8_reference {

float word(std::int32_t value) {
  float result;
  std::memcpy(&result, &value, sizeof result);
  return result;
}
std::int32_t integer(float bits) {
  std::int32_t value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

namespace {

__extension__ using Wide = __int128;

// The definition, element by element.
struct Int8Pe {
  std::uint64_t clamped = 0;

  std::int64_t clamp(Wide value) {
    const Wide low = INT32_MIN, high = INT32_MAX;
    clamped += value < low || value > high ? 1 : 0;
    return static_cast<std::int64_t>(value < low ? low : value > high ? high : value);
  }
  // Half up: floor(p / 2^shift + 1/2).
  std::int64_t product(std::int64_t a, std::int64_t b, int shift) {
    const Wide p = Wide{a} * b, unit = Wide{1} << shift;
    Wide quotient = (2 * p + unit) / (2 * unit);
    if ((2 * p + unit) % (2 * unit) < 0) --quotient;
    return clamp(quotient);
  }

  void step(const std::vector<float>& words, std::size_t at, bool complex, std::int64_t u,
            std::vector<std::int64_t>& x, std::int64_t& y) {
    const auto w = [&](std::size_t i) { return std::int64_t{integer(words[at + i])}; };
    if (!complex) {
      x[0] = clamp(Wide{product(w(0), x[0], 14)} + u * 256);
      y = clamp(Wide{y} + product(w(1), x[0], 8));
      return;
    }
    const std::int64_t re = clamp(Wide{product(w(0), x[0], 14)} - product(w(1), x[1], 14));
    const std::int64_t im = clamp(Wide{product(w(0), x[1], 14)} + product(w(1), x[0], 14));
    x[0] = clamp(Wide{re} + u * 256);
    x[1] = im;
    y = clamp(Wide{y} + clamp(Wide{product(w(2), x[0], 8)} - product(w(3), x[1], 8)));
  }
};

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  int between(int low, int high) {
    return low + static_cast<int>(engine_() % static_cast<unsigned>(high - low + 1));
  }
  unsigned count(int low, int high) { return static_cast<unsigned>(between(low, high)); }
  std::int32_t any() { return static_cast<std::int32_t>(engine_()); }
  // A multiple of 2^-12 below 1/4.
  float small() { return std::ldexp(static_cast<float>(between(-1000, 1000)), -12); }

 private:
  std::mt19937 engine_;
};

ArrayConfig draw_array(Dice& dice) {
  ArrayConfig config;
  config.segment_rows = dice.count(1, 4);
  config.rows = config.segment_rows * dice.count(1, 3);
  config.cols = dice.count(1, 9);
  config.multipliers = dice.count(1, 6);
  config.mul_latency = dice.count(1, 3);
  config.add_latency = dice.count(0, 3);
  config.drain_lanes = config.cols;
  config.state_slots = dice.count(1, 3);
  config.slots_kind = static_cast<SlotsKind>(dice.between(0, 2));
  return config;
}

CoefficientBlock draw_block(Dice& dice, const ArrayConfig& config) {
  const ArrayMode modes[] = {ArrayMode::real, ArrayMode::complex, ArrayMode::mac};
  CoefficientBlock block;
  block.mode = modes[dice.between(0, 2)];
  block.type = NumberType::int8;
  block.channels = dice.count(1, static_cast<int>(config.cols));
  block.modes = dice.count(1, static_cast<int>(config.rows));
  if (config.slots_kind == SlotsKind::batch && block.mode != ArrayMode::mac)
    block.sequences = dice.count(1, static_cast<int>(config.state_slots));
  return block;
}

// Words a mode: poles, then c; of mac a weight.
int words_of(ArrayMode mode) {
  return mode == ArrayMode::mac ? 1 : mode == ArrayMode::real ? 2 : 4;
}

void draw_operands(Dice& dice, Case& c, bool wild) {
  const bool mac = c.block.mode == ArrayMode::mac;
  const int words = words_of(c.block.mode), poles = mac ? 0 : words / 2;
  const unsigned lanes = c.block.lanes(), modes = c.block.modes;
  for (unsigned i = 0; i < c.block.channels * modes; ++i)
    for (int w = 0; w < words; ++w) {
      const int most = w >= poles ? 127 : wild ? 32767 : 11000;
      c.words.push_back(word(dice.between(-most - 1, most)));
    }
  for (unsigned i = 0; i < c.command.steps * (mac ? modes : lanes); ++i)
    c.u.push_back(word(dice.between(-128, 127)));
  for (unsigned i = 0; i < c.block.channels; ++i) {
    c.scale.push_back(dice.small());
    c.extra.push_back(dice.small());
  }
  for (unsigned i = 0; i < c.command.steps * lanes; ++i) {
    c.stored.push_back(dice.small());
    c.acc.push_back(word(wild ? dice.any() : dice.between(-5000, 5000)));
  }
  for (unsigned i = 0; i < lanes * modes * static_cast<unsigned>(poles); ++i)
    c.state.push_back(word(wild ? dice.any() : dice.between(-9000, 9000)));
}

void draw_flags(Dice& dice, Case& c) {
  ArrayCommand& command = c.command;
  command.partial = dice.between(0, 3) == 0;
  command.use_extra = !command.partial && dice.between(0, 1) == 0;
  if (!command.partial && dice.between(0, 1) == 0) command.stored = c.stored.data();
  if (dice.between(0, 1) == 0) command.accumulator = c.acc.data();
  const NumberType outputs[] = {NumberType::fp32, NumberType::bf16, NumberType::int8};
  command.output = command.partial ? NumberType::fp32 : outputs[dice.between(0, 2)];
  command.output_scale = 3.5f;
  command.reverse = c.block.mode != ArrayMode::mac && dice.between(0, 2) == 0;
}

float converted(float v, const ArrayCommand& command) {
  v = soft::flush(v);
  if (command.output == NumberType::fp32) return v;
  if (command.output == NumberType::int8) {
    const double scaled = static_cast<double>(soft::mul(v, command.output_scale));
    return word(static_cast<std::int32_t>(std::nearbyint(std::fmax(-127, std::fmin(127, scaled)))));
  }
  const std::uint32_t bits = soft::to_bits(v);
  const std::uint32_t upper = bits & 0xFFFF0000u, below = bits & 0xFFFFu;
  const bool up = below > 0x8000u || (below == 0x8000u && (bits & 0x10000u) != 0);
  return soft::from_bits(upper + (up ? 0x10000u : 0u));
}

}  // namespace

Case random_case(std::uint32_t seed) {
  Dice dice(seed);
  Case c;
  c.config = draw_array(dice);
  c.block = draw_block(dice, c.config);
  c.command.steps = dice.count(1, 12);
  draw_operands(dice, c, dice.between(0, 2) == 0);
  draw_flags(dice, c);
  return c;
}

namespace {

// A lane's y after all modes of a step.
std::int64_t summed(Int8Pe& pe, Case& c, std::size_t t, std::size_t lane) {
  const std::size_t modes = c.block.modes, lanes = c.block.lanes();
  const std::size_t at = t * lanes + lane, channel = lane / c.block.sequences;
  const auto words = static_cast<std::size_t>(words_of(c.block.mode));
  const std::size_t parts = words / 2;
  std::int64_t y = c.command.accumulator != nullptr ? integer(c.acc[at]) : 0;
  for (std::size_t n = 0; n < modes; ++n) {
    const std::size_t mode = channel * modes + n, register_at = (lane * modes + n) * parts;
    if (parts == 0) {
      y = pe.clamp(Wide{y} + pe.product(integer(c.words[mode]), integer(c.u[t * modes + n]), 0));
      continue;
    }
    std::vector<std::int64_t> x;
    for (std::size_t p = 0; p < parts; ++p) x.push_back(integer(c.state[register_at + p]));
    pe.step(c.words, mode * words, parts == 2, integer(c.u[at]), x, y);
    for (std::size_t p = 0; p < parts; ++p)
      c.state[register_at + p] = word(static_cast<std::int32_t>(x[p]));
  }
  return y;
}

float drained(const Case& c, std::int64_t y, std::size_t t, std::size_t lane) {
  const std::size_t at = t * c.block.lanes() + lane, channel = lane / c.block.sequences;
  float v = soft::mul(static_cast<float>(y), c.scale[channel]);
  if (c.command.use_extra) {
    const float d = c.extra[channel];
    const bool mac = c.block.mode == ArrayMode::mac;
    v = soft::add(v, mac ? d : soft::mul(d, static_cast<float>(integer(c.u[at]))));
  }
  if (c.command.stored != nullptr) v = soft::add(v, c.stored[at]);
  return converted(v, c.command);
}

}  // namespace

std::vector<float> defined(Case& c, std::uint64_t& clamped) {
  Int8Pe pe;
  const std::size_t lanes = c.block.lanes();
  std::vector<float> results(c.command.steps * lanes);
  for (std::size_t k = 0; k < c.command.steps; ++k) {
    const std::size_t t = c.command.reverse ? c.command.steps - 1 - k : k;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const std::int64_t y = summed(pe, c, t, lane);
      results[t * lanes + lane] =
          c.command.partial ? word(static_cast<std::int32_t>(y)) : drained(c, y, t, lane);
    }
  }
  clamped = pe.clamped;
  return results;
}

}  // namespace int8_reference
