// SPDX-License-Identifier: Apache-2.0
// Both fidelities against the software PE, bit for bit, and against each other in time.
#include <catch2/catch.hpp>

#include "models/pe_grid/closed_form.h"
#include "models/pe_grid/random_case.h"
#include "models/pe_grid/soft_float.h"
#include "models/pe_grid/software_pe.h"

using namespace epoch;

namespace {

std::vector<std::uint32_t> bits_of(const std::vector<float>& words) {
  std::vector<std::uint32_t> bits;
  for (float word : words) bits.push_back(soft::to_bits(word));
  return bits;
}

std::vector<std::uint64_t> fields(const ArrayTiming& t) {
  return {t.interval,     t.stream,     t.array, t.total,    t.useful,
          t.port_limited, t.fill_drain, t.pes,   t.bytes_in, t.bytes_out};
}

// The two fidelities and the software PE side by side: everything done to one is done to all.
struct Trio {
  explicit Trio(const ArrayConfig& config)
      : fast(PeArray::make(Fidelity::fast, config)),
        cycle(PeArray::make(Fidelity::cycle, config)),
        reference(config) {}

  void load(const CoefficientBlock& block) {
    fast->load(block);
    cycle->load(block);
    reference.load(block);
  }
  void load_state(ArrayMode mode, unsigned channels, unsigned modes,
                  const std::vector<float>& words) {
    const CoefficientBlock shape = block_of(mode, channels, modes, nullptr);
    fast->load_state(shape, words.data());
    cycle->load_state(shape, words.data());
    reference.load_state(mode, channels, modes, words);
  }
  // Runs a command; returns the outputs after comparing all that can be seen.
  std::vector<float> run(const CoefficientBlock& block, const ArrayCommand& command) {
    NumericEvents expected, of_fast, of_cycle;
    const std::vector<float> y = reference.run(command, expected);
    std::vector<float> fast_y(y.size(), 77.0f), cycle_y(y.size(), 78.0f);
    const ArrayTiming fast_time = fast->run(command, fast_y.data(), of_fast);
    const ArrayTiming cycle_time = cycle->run(command, cycle_y.data(), of_cycle);
    CHECK(bits_of(fast_y) == bits_of(y));
    CHECK(bits_of(cycle_y) == bits_of(y));
    for (const NumericEvents& events : {of_fast, of_cycle}) {
      CHECK(events.overflow == expected.overflow);
      CHECK(events.nan == expected.nan);
    }
    CHECK(fields(cycle_time) == fields(fast_time));
    const ClosedForm form = closed_form(fast->config(), block, command);
    CHECK(cycle_time.array == form.array);
    CHECK(cycle_time.total == form.total);
    CHECK(cycle_time.interval == form.interval);
    CHECK(cycle_time.useful + cycle_time.port_limited + cycle_time.fill_drain == cycle_time.total);
    return y;
  }
  void check_state(ArrayMode mode, unsigned channels, unsigned modes) const {
    const std::vector<float> words = reference.save_state(mode, channels, modes);
    std::vector<float> fast_words(words.size(), 77.0f), cycle_words(words.size(), 78.0f);
    const CoefficientBlock shape = block_of(mode, channels, modes, nullptr);
    fast->save_state(shape, fast_words.data());
    cycle->save_state(shape, cycle_words.data());
    CHECK(bits_of(fast_words) == bits_of(words));
    CHECK(bits_of(cycle_words) == bits_of(words));
  }

  std::unique_ptr<PeArray> fast, cycle;
  SoftwarePe reference;
};

// A life of one random array: blocks of any mode and extent, commands on them, state in and out.
void random_life(std::uint32_t seed, unsigned blocks, unsigned longest) {
  CAPTURE(seed);
  RandomCase random(seed);
  const ArrayConfig config = random.array();
  CAPTURE(config.rows, config.cols, config.segment_rows, config.multipliers, config.mul_latency,
          config.add_latency, config.hop, config.drain_lanes, config.ports.read,
          config.ports.write);
  Trio trio(config);
  for (unsigned i = 0; i < blocks; ++i) {
    random.make_block(config);
    const CoefficientBlock& block = random.block;
    const bool mac = block.mode == ArrayMode::mac;
    trio.load(block);
    if (!mac && random.chance(3)) {
      const std::size_t words =
          std::size_t{block.channels} * block.modes * (block.mode == ArrayMode::complex ? 2 : 1);
      trio.load_state(block.mode, block.channels, block.modes, random.words(words, random.wild));
    }
    for (unsigned tile = random.between(1, 3); tile > 0; --tile) {
      random.make_command(longest);
      const ArrayCommand& command = random.command;
      CAPTURE(i, static_cast<int>(block.mode), block.channels, block.modes, command.steps,
              command.use_extra, command.partial, command.reverse, command.shift,
              command.stored != nullptr, command.accumulator != nullptr,
              static_cast<int>(command.activation), random.wild);
      trio.run(block, command);
    }
    // The whole array: registers that this block does not use have kept what they held.
    trio.check_state(ArrayMode::complex, config.cols * (config.rows / config.segment_rows),
                     config.segment_rows);
  }
}

ArrayConfig small_array() {
  ArrayConfig config;
  config.rows = 8;
  config.cols = 4;
  config.segment_rows = 4;
  config.drain_lanes = 4;
  return config;
}

}  // namespace

TEST_CASE("random commands equal the software PE in bits and the closed form in cycles") {
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) random_life(seed, 3, 12);
}

TEST_CASE("random long commands equal the software PE") {
  for (std::uint32_t seed = 5001; seed <= 5100; ++seed) random_life(seed, 2, 200);
}

TEST_CASE("a product that rounds up to 2^-126 stays, one that does not is flushed") {
  const ArrayConfig config = small_array();
  // x' = a*x + 0 with x loaded; y = c*x' with c = 1.
  auto product = [&](std::uint32_t a, std::uint32_t x) {
    Trio trio(config);
    const std::vector<float> words{soft::from_bits(a), 1.0f};
    const CoefficientBlock block = block_of(ArrayMode::real, 1, 1, words.data(), nullptr);
    trio.load(block);
    trio.load_state(ArrayMode::real, 1, 1, {soft::from_bits(x)});
    const float u = 0.0f;
    ArrayCommand command;
    command.steps = 1;
    command.u = &u;
    return soft::to_bits(trio.run(block, command).front());
  };
  CHECK(product(0x3F7FFFFF, 0x00800000) == 0x00000000);  // the array specification's example
  CHECK(product(0x3F7FFFFF, 0x00800001) == 0x00800000);  // rounds to 2^-126 in 24 bits
  CHECK(product(0x3F800000, 0x00800000) == 0x00800000);
  CHECK(product(0x3F800000, 0x007FFFFF) == 0x00000000);  // a subnormal state reads as zero
}

TEST_CASE("reverse runs from the last time to the first") {
  const ArrayConfig config = small_array();
  Trio trio(config);
  const std::vector<float> words{0.5f, 1.0f};  // x' = x/2 + u, y = x'
  const CoefficientBlock block = block_of(ArrayMode::real, 1, 1, words.data(), nullptr);
  trio.load(block);
  const std::vector<float> u{8.0f, 4.0f, 2.0f};
  ArrayCommand command;
  command.steps = 3;
  command.u = u.data();
  command.reverse = true;
  CHECK(trio.run(block, command) == std::vector<float>{10.5f, 5.0f, 2.0f});

  const std::vector<float> stored{100.0f, 200.0f, 300.0f};
  command.zero_state = command.shift = true;
  command.stored = stored.data();
  CHECK(trio.run(block, command) == std::vector<float>{105.0f, 202.0f, 300.0f});
}

TEST_CASE("time tiles with carried state equal one long command") {
  RandomCase random(99);
  ArrayConfig config = small_array();
  for (auto mode : {ArrayMode::real, ArrayMode::complex}) {
    const unsigned words_a_mode = mode == ArrayMode::real ? 2 : 4;
    const std::vector<float> words = random.words(std::size_t{8} * 3 * words_a_mode, 0);
    const CoefficientBlock block =
        block_of(mode, 8, 3, words.data(), nullptr);  // two folds of four columns
    const std::vector<float> u = random.words(std::size_t{50} * 8, 0);
    ArrayCommand command;
    command.steps = 50;
    command.u = u.data();
    Trio whole(config), tiled(config);
    whole.load(block);
    tiled.load(block);
    const std::vector<float> expected = whole.run(block, command);
    std::vector<float> joined;
    for (unsigned first = 0; first < 50; first += command.steps) {
      command.steps = first == 0 ? 1 : first == 1 ? 30 : 19;
      command.u = u.data() + std::size_t{first} * 8;
      const std::vector<float> tile = tiled.run(block, command);
      joined.insert(joined.end(), tile.begin(), tile.end());
    }
    CHECK(bits_of(joined) == bits_of(expected));
  }
}

TEST_CASE("modes split into blocks sum in row order through the accumulators") {
  RandomCase random(7);
  ArrayConfig tall = small_array(), low = small_array();
  tall.rows = 8;
  low.rows = 4;
  const std::vector<float> words = random.words(std::size_t{4} * 8 * 4, 0);
  std::vector<float> upper, lower;
  for (unsigned channel = 0; channel < 4; ++channel)
    for (unsigned i = 0; i < 32; ++i) (i < 16 ? upper : lower).push_back(words[channel * 32 + i]);
  const std::vector<float> u = random.words(std::size_t{20} * 4, 0), d = random.words(4, 0);

  ArrayCommand command;
  command.steps = 20;
  command.u = u.data();
  command.use_extra = true;
  command.activation = Activation::gelu;
  const CoefficientBlock one = block_of(ArrayMode::complex, 4, 8, words.data(), d.data());
  Trio whole(tall);
  whole.load(one);
  const std::vector<float> expected = whole.run(one, command);

  const CoefficientBlock first = block_of(ArrayMode::complex, 4, 4, upper.data(), nullptr);
  const CoefficientBlock second = block_of(ArrayMode::complex, 4, 4, lower.data(), d.data());
  Trio first_array(low), second_array(low);
  first_array.load(first);
  second_array.load(second);
  ArrayCommand begin = command;
  begin.use_extra = false;
  begin.partial = true;
  const std::vector<float> between = first_array.run(first, begin);
  command.accumulator = between.data();
  CHECK(bits_of(second_array.run(second, command)) == bits_of(expected));
}

TEST_CASE("rows without a mode or weight pass y on and add nothing") {
  // One mode of a segment of four rows, every operand -0: an addition of +0 would lose the sign.
  const float minus = -0.0f;
  for (auto mode : {ArrayMode::real, ArrayMode::mac}) {
    Trio trio(small_array());
    const std::vector<float> words{1.0f, 1.0f};
    const CoefficientBlock block = block_of(mode, 1, 1, words.data(), nullptr);
    trio.load(block);
    if (mode == ArrayMode::real) trio.load_state(mode, 1, 1, {minus});
    ArrayCommand command;
    command.steps = 1;
    command.u = command.accumulator = &minus;
    CHECK(soft::to_bits(trio.run(block, command).front()) == 0x80000000u);
  }
}

TEST_CASE("what does not fit is refused") {
  const ArrayConfig config = small_array();
  const std::vector<float> words(1000, 0.0f);
  for (auto fidelity : {Fidelity::fast, Fidelity::cycle}) {
    const auto array = PeArray::make(fidelity, config);
    auto load = [&](ArrayMode mode, unsigned channels, unsigned modes) {
      array->load(block_of(mode, channels, modes, words.data(), nullptr));
    };
    CHECK_THROWS_AS(load(ArrayMode::real, 1, 9), std::invalid_argument);  // P > R
    CHECK_THROWS_AS(load(ArrayMode::real, 5, 5), std::invalid_argument);  // one fold of 4 columns
    CHECK_THROWS_AS(load(ArrayMode::real, 9, 4), std::invalid_argument);  // two folds
    CHECK_THROWS_AS(load(ArrayMode::mac, 5, 4), std::invalid_argument);   // a tile has no folds
    CHECK_THROWS_AS(load(ArrayMode::real, 0, 4), std::invalid_argument);
    NumericEvents events;
    float y[8] = {};
    ArrayCommand command;
    command.steps = 1;
    command.u = words.data();
    CHECK_THROWS_AS(array->run(command, y, events), std::invalid_argument);  // nothing loaded
    CHECK_NOTHROW(load(ArrayMode::real, 8, 4));
    CHECK_NOTHROW(array->run(command, y, events));
    command.use_extra = true;
    CHECK_THROWS_AS(array->run(command, y, events), std::invalid_argument);  // no D came with it
    command.use_extra = false;
    command.activation = Activation::glu;
    CHECK_THROWS_AS(array->run(command, y, events), std::invalid_argument);

    ArrayConfig plain = config;
    plain.lima = false;
    const auto mac_array = PeArray::make(fidelity, plain);
    CHECK_THROWS_AS(mac_array->load(block_of(ArrayMode::real, 1, 1, words.data(), nullptr)),
                    std::invalid_argument);
    CHECK_NOTHROW(mac_array->load(block_of(ArrayMode::mac, 4, 8, words.data(), nullptr)));
  }
  for (auto spoil :
       {+[](ArrayConfig& c) { c.rows = 0; }, +[](ArrayConfig& c) { c.segment_rows = 3; },
        +[](ArrayConfig& c) { c.multipliers = 0; }, +[](ArrayConfig& c) { c.hop = 0; },
        +[](ArrayConfig& c) { c.drain_lanes = 0; }}) {
    ArrayConfig bad = config;
    spoil(bad);
    CHECK_THROWS_AS(PeArray::make(Fidelity::fast, bad), std::invalid_argument);
  }
}
