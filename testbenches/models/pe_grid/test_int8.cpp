// SPDX-License-Identifier: Apache-2.0
// Type int8, which the array specification leaves to the project
// (models/epochcore/pe_grid/README.md): both fidelities against its definition written a second
// time, in exact integers.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <random>

#include "models/pe_grid/random_case.h"
#include "models/pe_grid/soft_float.h"

using namespace epoch;

namespace {

__extension__ using Wide = __int128;

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

struct Case {
  ArrayConfig config;
  CoefficientBlock block;
  ArrayCommand command;
  std::vector<float> words, extra, scale, u, stored, acc, state;
};

Case random_case(std::uint32_t seed) {
  std::mt19937 engine(seed);
  const auto between = [&](int low, int high) {
    return low + static_cast<int>(engine() % static_cast<unsigned>(high - low + 1));
  };
  const auto small = [&] { return std::ldexp(static_cast<float>(between(-1000, 1000)), -12); };
  Case c;
  c.config.segment_rows = static_cast<unsigned>(between(1, 4));
  c.config.rows = c.config.segment_rows * static_cast<unsigned>(between(1, 3));
  c.config.cols = static_cast<unsigned>(between(1, 9));
  c.config.multipliers = static_cast<unsigned>(between(1, 6));
  c.config.mul_latency = static_cast<unsigned>(between(1, 3));
  c.config.add_latency = static_cast<unsigned>(between(0, 3));
  c.config.drain_lanes = c.config.cols;
  c.config.state_slots = static_cast<unsigned>(between(1, 3));
  c.config.slots_kind = static_cast<SlotsKind>(between(0, 1));
  const ArrayMode modes[] = {ArrayMode::real, ArrayMode::complex, ArrayMode::mac};
  const ArrayMode mode = modes[between(0, 2)];
  const unsigned channels = static_cast<unsigned>(between(1, static_cast<int>(c.config.cols)));
  const unsigned count = static_cast<unsigned>(between(1, static_cast<int>(c.config.rows)));
  c.block = block_of(mode, channels, count, nullptr);
  c.block.type = NumberType::int8;
  const int words_a_mode = mode == ArrayMode::mac ? 1 : mode == ArrayMode::real ? 2 : 4;
  const bool wild = between(0, 2) == 0;
  for (unsigned i = 0; i < channels * count; ++i)
    for (int w = 0; w < words_a_mode; ++w) {
      const bool pole = mode != ArrayMode::mac && w < words_a_mode / 2;
      c.words.push_back(word(pole ? (wild ? between(-32768, 32767) : between(-11000, 11000))
                                  : between(-128, 127)));
    }
  c.command.steps = static_cast<unsigned>(between(1, 12));
  const unsigned inputs = mode == ArrayMode::mac ? count : channels;
  for (unsigned i = 0; i < c.command.steps * inputs; ++i) c.u.push_back(word(between(-128, 127)));
  for (unsigned i = 0; i < channels; ++i) {
    c.scale.push_back(small());
    c.extra.push_back(small());
  }
  for (unsigned i = 0; i < c.command.steps * channels; ++i) {
    c.stored.push_back(small());
    c.acc.push_back(word(wild ? static_cast<std::int32_t>(engine()) : between(-5000, 5000)));
  }
  const int parts = mode == ArrayMode::mac ? 0 : words_a_mode / 2;
  for (unsigned i = 0; i < channels * count * static_cast<unsigned>(parts); ++i)
    c.state.push_back(word(wild ? static_cast<std::int32_t>(engine()) : between(-9000, 9000)));
  c.command.partial = between(0, 3) == 0;
  c.command.use_extra = !c.command.partial && between(0, 1) == 0;
  if (!c.command.partial && between(0, 1) == 0) c.command.stored = c.stored.data();
  if (between(0, 1) == 0) c.command.accumulator = c.acc.data();
  const NumberType outputs[] = {NumberType::fp32, NumberType::bf16, NumberType::int8};
  c.command.output = c.command.partial ? NumberType::fp32 : outputs[between(0, 2)];
  c.command.output_scale = 3.5f;
  c.command.reverse = mode != ArrayMode::mac && between(0, 2) == 0;
  return c;
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

// Results [step][channel] by the definition; `c.state` becomes the final state.
std::vector<float> defined(Case& c, std::uint64_t& clamped) {
  Int8Pe pe;
  const unsigned channels = c.block.channels, modes = c.block.modes;
  const bool mac = c.block.mode == ArrayMode::mac, complex = c.block.mode == ArrayMode::complex;
  const std::size_t parts = mac ? 0 : complex ? 2 : 1, words = mac ? 1 : 2 * parts;
  std::vector<float> results(std::size_t{c.command.steps} * channels);
  for (unsigned k = 0; k < c.command.steps; ++k) {
    const std::size_t t = c.command.reverse ? c.command.steps - 1 - k : k;
    for (std::size_t h = 0; h < channels; ++h) {
      const std::size_t at = t * channels + h;
      std::int64_t y = c.command.accumulator != nullptr ? integer(c.acc[at]) : 0;
      for (std::size_t n = 0; n < modes; ++n) {
        const std::size_t mode = h * modes + n;
        if (mac) {
          y = pe.clamp(Wide{y} +
                       pe.product(integer(c.words[mode]), integer(c.u[t * modes + n]), 0));
          continue;
        }
        std::vector<std::int64_t> x;
        for (std::size_t p = 0; p < parts; ++p) x.push_back(integer(c.state[mode * parts + p]));
        pe.step(c.words, mode * words, complex, integer(c.u[at]), x, y);
        for (std::size_t p = 0; p < parts; ++p)
          c.state[mode * parts + p] = word(static_cast<std::int32_t>(x[p]));
      }
      if (c.command.partial) {
        results[at] = word(static_cast<std::int32_t>(y));
        continue;
      }
      float v = soft::mul(static_cast<float>(y), c.scale[h]);
      if (c.command.use_extra)
        v = soft::add(
            v, mac ? c.extra[h] : soft::mul(c.extra[h], static_cast<float>(integer(c.u[at]))));
      if (c.command.stored != nullptr) v = soft::add(v, c.stored[at]);
      results[at] = converted(v, c.command);
    }
  }
  clamped = pe.clamped;
  return results;
}

std::vector<std::uint32_t> bits_of(const std::vector<float>& words) {
  std::vector<std::uint32_t> bits;
  for (float each : words) bits.push_back(soft::to_bits(each));
  return bits;
}

}  // namespace

TEST_CASE("int8 equals its definition in integers, and fast equals cycle in time") {
  std::uint64_t clamped_in_all = 0;
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    const Case original = random_case(seed);
    Case expected = random_case(seed);
    std::uint64_t clamped = 0;
    const std::vector<float> results = defined(expected, clamped);
    clamped_in_all += clamped;
    ArrayTiming timing[2];
    for (const Fidelity fidelity : {Fidelity::fast, Fidelity::cycle}) {
      CAPTURE(seed, static_cast<int>(fidelity), static_cast<int>(original.block.mode));
      const auto array = PeArray::make(fidelity, original.config);
      CoefficientBlock block = original.block;
      block.words = original.words.data();
      block.extra = original.extra.data();
      block.scale = original.scale.data();
      array->load(block);
      array->load_state(block, original.state.data());
      ArrayCommand command = original.command;
      command.u = original.u.data();
      if (command.stored != nullptr) command.stored = original.stored.data();
      if (command.accumulator != nullptr) command.accumulator = original.acc.data();
      std::vector<float> y(results.size(), 7.0f), state(original.state.size());
      NumericEvents events;
      timing[fidelity == Fidelity::cycle] = array->run(command, y.data(), events);
      array->save_state(block, state.data());
      CHECK(bits_of(y) == bits_of(results));
      CHECK(bits_of(state) == bits_of(expected.state));
      CHECK(events.saturated == clamped);
    }
    CHECK(timing[0].array == timing[1].array);
    CHECK(timing[0].total == timing[1].total);
    CHECK(timing[0].bytes_in == timing[1].bytes_in);
  }
  CHECK(clamped_in_all > 0);
}
