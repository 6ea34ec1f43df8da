// SPDX-License-Identifier: Apache-2.0
// STATE beside array commands, with shadow registers and without: order and cycles; activations and
// clamped states through the device.
#include <catch2/catch.hpp>
#include <memory>

#include "device_bench.h"
#include "models/pe_grid/soft_float.h"

using namespace epoch;

namespace {

constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);
constexpr std::uint32_t accumulators = EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, 0);
constexpr unsigned channels = 16, modes = 8;
constexpr std::uint64_t state_cycles = channels * modes * 4 / 64;  // real: a word; 64 bytes a cycle

// Real, a = c = 1: x sums u, y sums the modes' x. Exact in fp32 as long as all is small.
void load_sums(DeviceBench& bench) {
  bench.poke_floats(coefficients, std::vector<float>(2 * channels * modes, 1.0f));
}
Descriptor coeff() {
  return coeff_command(EPOCH_MODE_REAL, channels, modes, coefficients);
}
Descriptor ssm(std::uint32_t steps, std::uint32_t destination, std::uint32_t flags = 0) {
  return array_command(EPOCH_MODE_REAL, channels, modes, steps, activations, destination, flags);
}
Descriptor state(std::uint32_t local, bool save) {
  return state_command(EPOCH_MODE_REAL, channels, modes, local, save);
}

// The same commands, held back until all are in the FIFO. The first of them is a COEFF.
void run(DeviceBench& bench, std::vector<Descriptor> commands) {
  bench.record_traces();
  commands[0] = with_semaphores(commands[0], EPOCH_SEMAPHORE_USE(0));
  commands.push_back(with_semaphores(control_command(EPOCH_OP_NOP), 0, 0, EPOCH_SEMAPHORE_USE(0)));
  bench.execute(commands);
}

struct Pair {
  std::unique_ptr<DeviceBench> plain, shadow;
  Pair() {
    EpochCoreConfig config;
    plain = std::make_unique<DeviceBench>(config, "plain_");
    config.state_shadow = true;
    shadow = std::make_unique<DeviceBench>(config, "shadow_");
  }
};

}  // namespace

TEST_CASE("a save holds up the next command, on shadow registers it does not") {
  const unsigned steps = 50;
  Pair pair;
  for (DeviceBench* bench : {pair.plain.get(), pair.shadow.get()}) {
    load_sums(*bench);
    bench->poke_floats(activations, std::vector<float>(steps * channels, 1.0f));
    run(*bench, {coeff(), ssm(steps, activations + 0x10000, EPOCH_ARRAY_ZERO_STATE),
                 state(accumulators, true), ssm(steps, activations + 0x20000),
                 state(accumulators + 0x8000, true)});
    CHECK(bench->peek_floats(accumulators, channels * modes) ==
          std::vector<float>(channels * modes, steps));
    CHECK(bench->peek_floats(accumulators + 0x8000, channels * modes) ==
          std::vector<float>(channels * modes, 2 * steps));
    const auto last = bench->peek_floats(activations + 0x20000, steps * channels).back();
    CHECK(last == 2.0f * steps * modes);
  }
  const auto plain = pair.plain->starts("pe_grid"), shadow = pair.shadow->starts("pe_grid");
  REQUIRE(plain.size() == 5);
  REQUIRE(shadow.size() == 5);
  const std::uint64_t array = (steps - 1) + (modes - 1) + 2 + 1;  // real: II 1; convert
  CHECK(plain[2] - plain[1] == array);                            // when the array is empty
  CHECK(plain[3] - plain[2] == state_cycles);
  CHECK(shadow[2] - shadow[1] == array);
  CHECK(shadow[3] == shadow[2]);
}

TEST_CASE("a load waits for the array, on shadow registers it comes beside the array") {
  const unsigned steps = 50;
  const std::vector<float> words(channels * modes, 1000.0f);
  Pair pair;
  for (DeviceBench* bench : {pair.plain.get(), pair.shadow.get()}) {
    load_sums(*bench);
    bench->poke_floats(activations, std::vector<float>(steps * channels, 1.0f));
    bench->poke_floats(accumulators, words);
    run(*bench, {coeff(), ssm(steps, activations + 0x10000, EPOCH_ARRAY_ZERO_STATE),
                 state(accumulators, false), ssm(steps, activations + 0x20000)});
    const auto before = bench->peek_floats(activations + 0x10000, steps * channels);
    const auto after = bench->peek_floats(activations + 0x20000, steps * channels);
    CHECK(before.back() == float(steps) * modes);
    CHECK(after.front() == 1001.0f * modes);
    CHECK(after.back() == (1000.0f + steps) * modes);
  }
  const auto plain = pair.plain->starts("pe_grid"), shadow = pair.shadow->starts("pe_grid");
  const std::uint64_t array = (steps - 1) + (modes - 1) + 2 + 1;
  CHECK(plain[2] - plain[1] == array);
  CHECK(plain[3] - plain[2] == state_cycles);
  CHECK(shadow[2] == shadow[1]);
  CHECK(shadow[3] - shadow[1] == steps);  // back to back: the load was shorter
}

TEST_CASE("a load on shadow registers that is longer than the command before holds up the next") {
  const unsigned steps = 3;
  Pair pair;
  DeviceBench& bench = *pair.shadow;
  load_sums(bench);
  run(bench, {coeff(), ssm(steps, activations + 0x10000, EPOCH_ARRAY_ZERO_STATE),
              state(accumulators, false), ssm(steps, activations + 0x20000)});
  const auto starts = bench.starts("pe_grid");
  CHECK(starts[2] == starts[1]);
  CHECK(starts[3] - starts[2] == state_cycles);
  // The first exposed cycles are the COEFF's; the load is exposed once the array is empty.
  const std::uint64_t load = 2 * state_cycles, array = (steps - 1) + (modes - 1) + 2 + 1;
  REQUIRE(array > state_cycles);  // here the array hides it whole
  CHECK(bench.statistic("shadow_core.counters.cause_coefficients") == static_cast<double>(load));
}

TEST_CASE("STATE commands keep their order on shadow registers") {
  const std::vector<float> first(channels * modes, 3.0f), other(4 * 4, 7.0f);
  const Descriptor other_coeff = coeff_command(EPOCH_MODE_REAL, 4, 4, coefficients);
  Pair pair;
  for (DeviceBench* bench : {pair.plain.get(), pair.shadow.get()}) {
    CAPTURE(bench->core.name());
    load_sums(*bench);
    bench->poke_floats(accumulators, first);
    bench->poke_floats(accumulators + 0x4000, other);
    bench->poke_floats(activations, std::vector<float>(channels, 0.0f));
    // A save right behind a load, and two loads of different extents before the array runs: a save
    // of the first extents finds the second's words in the PEs that they share, row 0 to 3 of four
    // columns.
    run(*bench, {coeff(), state(accumulators, false), state(accumulators + 0x8000, true),
                 other_coeff, state_command(EPOCH_MODE_REAL, 4, 4, accumulators + 0x4000, false),
                 coeff(), state(accumulators + 0xC000, true), ssm(1, activations + 0x10000)});
    CHECK(bench->peek_floats(accumulators + 0x8000, channels * modes) == first);
    std::vector<float> mixed = first;
    for (unsigned channel = 0; channel < 4; ++channel)
      for (unsigned mode = 0; mode < 4; ++mode) mixed[channel * modes + mode] = 7.0f;
    CHECK(bench->peek_floats(accumulators + 0xC000, channels * modes) == mixed);
    const auto y = bench->peek_floats(activations + 0x10000, channels);
    for (unsigned channel = 0; channel < channels; ++channel)
      CHECK(y[channel] == (channel < 4 ? 4 * 7.0f + 4 * 3.0f : 8 * 3.0f));
  }
}

TEST_CASE("a state that was loaded stays through abort, not through reset") {
  Pair pair;
  for (DeviceBench* bench : {pair.plain.get(), pair.shadow.get()}) {
    CAPTURE(bench->core.name());
    load_sums(*bench);
    bench->poke_floats(accumulators, std::vector<float>(channels * modes, 3.0f));
    bench->poke_floats(activations, std::vector<float>(channels, 0.0f));
    bench->run([&] {
      for (const std::uint32_t stop : {EPOCH_CTRL_ABORT_MASK, EPOCH_CTRL_RESET_MASK}) {
        bench->enable();
        bench->submit({coeff(), state(accumulators, false)});
        CHECK(bench->wait_done());
        bench->write(EPOCH_REG_CTRL, stop);
        bench->cycles(10);
        CHECK(bench->read(EPOCH_REG_CTRL) == 0);
        bench->ring_start = bench->read(EPOCH_REG_COMPLETED);
        bench->enable();
        bench->submit({coeff(), ssm(1, activations + 0x10000)});
        CHECK(bench->wait_done());
        const float y = stop == EPOCH_CTRL_ABORT_MASK ? 3.0f * modes : 0.0f;
        CHECK(bench->peek_floats(activations + 0x10000, 1).at(0) == y);
        bench->ring_start = bench->read(EPOCH_REG_COMPLETED);
        bench->write(EPOCH_REG_CTRL, 0);
      }
    });
  }
}

TEST_CASE("a retired load outlives an execution error of another engine") {
  Pair pair;
  DeviceBench& bench = *pair.shadow;
  load_sums(bench);
  bench.poke_floats(accumulators, std::vector<float>(channels * modes, 3.0f));
  bench.run([&] {
    bench.enable();
    bench.submit({coeff(), state(accumulators, false)});
    CHECK(bench.wait_done());
    bench.submit({dma_command(EPOCH_OP_LOAD, std::uint64_t{1} << 40, activations, 4)});
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_BUS_READ);
    bench.cycles(1);
    bench.write(EPOCH_REG_IRQ_STATUS, 7);
    bench.ring_start = bench.read(EPOCH_REG_COMPLETED);
    bench.enable();
    bench.submit({coeff(), ssm(1, activations + 0x10000)});
    CHECK(bench.wait_done());
  });
  CHECK(bench.peek_floats(activations + 0x10000, 1).at(0) == 3.0f * modes);
}

TEST_CASE("a step of a batch claims the bandwidth of all its sequences") {
  EpochCoreConfig config;
  config.pe_grid.state_slots = 3;
  config.pe_grid.slots_kind = SlotsKind::batch;
  DeviceBench bench(config);
  load_sums(bench);
  epoch_array_command raw =
      array_raw(EPOCH_MODE_REAL, channels, modes, 20, activations, accumulators);
  raw.types = EPOCH_ARRAY_TYPES(0, 0, 3);
  bench.execute(
      {coeff_command(EPOCH_MODE_REAL, channels, modes, coefficients, false, EPOCH_TYPE_FP32, 3),
       to_words(raw)});
  // Two multipliers, two products, three slots: II 3; a word in and out for each lane.
  const double rate = 3 * channels * 4 / 3.0;
  CHECK(bench.statistic("core.activations.required") == rate);
  CHECK(bench.statistic("core.accumulators.required") == rate);
}

TEST_CASE("clamped states are counted and raise numeric, published unless the trap is enabled") {
  DeviceBench bench;
  bench.poke_floats(coefficients, {1.0f, 1.0f, 0x1p-60f});  // a, b, c of liquid real
  bench.poke_floats(activations, {0x1p126f, 0x1p126f, 0x1p126f});
  bench.execute({coeff_command(EPOCH_MODE_LIQUID_REAL, 1, 1, coefficients),
                 array_command(EPOCH_MODE_LIQUID_REAL, 1, 1, 3, activations, activations + 0x100,
                               EPOCH_ARRAY_ZERO_STATE),
                 state_command(EPOCH_MODE_LIQUID_REAL, 1, 1, accumulators, true)});
  const float largest = soft::from_bits(0x7F7FFFFF);
  CHECK(bench.peek_floats(accumulators, 1).at(0) == largest);
  CHECK(bench.peek_floats(activations + 0x100, 3) ==
        std::vector<float>{0x1p66f, soft::mul(largest, 0x1p-60f), soft::mul(largest, 0x1p-60f)});
  bench.run([&] {
    CHECK(bench.read(EPOCH_REG_IRQ_STATUS) == EPOCH_IRQ_STATUS_NUMERIC_MASK);
    CHECK(bench.counter(EPOCH_COUNTER_NUMERIC_SATURATED) == 2);
    CHECK(bench.counter(EPOCH_COUNTER_NUMERIC_OVERFLOW) == 0);
    CHECK(bench.counter(EPOCH_COUNTER_NUMERIC_NAN) == 0);
    CHECK_FALSE(bench.irq.read());
    bench.write(EPOCH_REG_IRQ_ENABLE, EPOCH_IRQ_ENABLE_NUMERIC_MASK);
    bench.cycles(1);
    CHECK(bench.irq.read());
  });
}

TEST_CASE("a command's first numeric error is infinity, then NaN, then a clamped state") {
  const float huge = 3e38f;
  struct Case {
    std::vector<float> words;  // a, b, c
    std::uint32_t code;
  };
  // c = 2^20 makes the output of a clamped state infinite, c = Inf that of a zero state NaN.
  const Case rows[] = {{{1.0f, 1.0f, 1e-30f}, EPOCH_ERROR_NUMERIC_SATURATED},
                       {{1.0f, 1.0f, 1048576.0f}, EPOCH_ERROR_NUMERIC_OVERFLOW},
                       {{1.0f, 1.0f, soft::from_bits(0x7FC00000)}, EPOCH_ERROR_NUMERIC_NAN}};
  std::vector<std::unique_ptr<DeviceBench>> benches;
  for (std::size_t i = 0; i < std::size(rows); ++i)
    benches.push_back(std::make_unique<DeviceBench>(EpochCoreConfig{}, "n" + std::to_string(i)));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    DeviceBench& bench = *benches[i];
    bench.poke_floats(coefficients, rows[i].words);
    bench.poke_floats(activations, {huge, huge});
    bench.run([&] {
      bench.write(EPOCH_REG_IRQ_ENABLE, EPOCH_IRQ_ENABLE_NUMERIC_MASK);
      bench.enable();
      bench.submit({coeff_command(EPOCH_MODE_LIQUID_REAL, 1, 1, coefficients),
                    array_command(EPOCH_MODE_LIQUID_REAL, 1, 1, 2, activations, activations + 0x100,
                                  EPOCH_ARRAY_ZERO_STATE)});
      CHECK(bench.wait_stopped());
      CHECK(bench.read(EPOCH_REG_ERROR_CODE) == rows[i].code);
      CHECK(bench.counter(EPOCH_COUNTER_NUMERIC_SATURATED) == 1);
    });
  }
}

namespace {

float applied(unsigned activation, float v, float gate) {
  switch (activation) {
    case EPOCH_ACTIVATION_GELU:
      return soft::gelu(v);
    case EPOCH_ACTIVATION_GLU:
      return soft::mul(v, soft::sigmoid(gate));
    case EPOCH_ACTIVATION_GELU_TANH:
      return soft::gelu_tanh(v);
    case EPOCH_ACTIVATION_RELU:
      return soft::relu(v);
    case EPOCH_ACTIVATION_SILU:
      return soft::silu(v);
    case EPOCH_ACTIVATION_SIGMOID:
      return soft::sigmoid(v);
    case EPOCH_ACTIVATION_TANH:
      return soft::tanh(v);
    default:
      return v;
  }
}

// fp32, bf16 or int8, rounded to nearest even; a scale of 9 for int8.
std::uint32_t converted(float v, unsigned type) {
  const std::uint32_t bits = soft::to_bits(soft::flush(v));
  if (type == EPOCH_TYPE_FP32) return bits;
  if (type == EPOCH_TYPE_BF16) {
    const bool up = (bits & 0xFFFF) > 0x8000 || (bits & 0x1FFFF) == 0x18000;
    return (bits >> 16) + (up ? 1 : 0);
  }
  const double scaled = soft::mul(v, 9.0f);
  return static_cast<std::uint8_t>(
      static_cast<std::int8_t>(std::nearbyint(std::fmax(-127.0, std::fmin(127.0, scaled)))));
}

}  // namespace

TEST_CASE("every activation of SSM and GEMM gives its function's bits in every result type") {
  // The weights are the identity, so v is x: all that matters is what the drain does.
  const unsigned size = 8, steps = 40;
  DeviceBench bench;
  std::vector<float> identity(size * size);
  for (unsigned i = 0; i < size; ++i) identity[i * size + i] = 1.0f;
  bench.poke_floats(coefficients, identity);
  std::vector<float> ssm_words;  // one mode a channel, a = 0, c = 1: y = u
  for (unsigned i = 0; i < size; ++i) ssm_words.insert(ssm_words.end(), {0.0f, 1.0f});
  bench.poke_floats(coefficients + 0x1000, ssm_words);
  const auto x = random_floats(std::size_t{size} * steps, 31, 20.0f);
  bench.poke_floats(activations, x);
  for (const bool gemm : {true, false})
    for (unsigned activation = 0; activation <= EPOCH_ACTIVATION_TANH; ++activation)
      for (const unsigned type : {EPOCH_TYPE_FP32, EPOCH_TYPE_BF16, EPOCH_TYPE_INT8}) {
        const bool glu = activation == EPOCH_ACTIVATION_GLU;
        if (glu && !gemm) continue;
        CAPTURE(gemm, activation, type);
        const unsigned mode = gemm ? EPOCH_MODE_MAC : EPOCH_MODE_REAL;
        epoch_array_command raw =
            array_raw(mode, size, gemm ? size : 1, steps, activations, activations + 0x8000,
                      gemm ? 0 : EPOCH_ARRAY_ZERO_STATE);
        const unsigned results = glu ? size / 2 : size, width = element_size(type);
        raw.activation = activation;
        raw.types = EPOCH_ARRAY_TYPES(type, 0, 0);
        raw.destination_stride = width * results;
        if (type == EPOCH_TYPE_INT8) raw.scale = soft::to_bits(9.0f);
        bench.run([&] {
          bench.ring_start = bench.read(EPOCH_REG_COMPLETED);
          bench.write(EPOCH_REG_CTRL, 0);
        });
        bench.execute({coeff_command(mode, size, gemm ? size : 1,
                                     gemm ? coefficients : coefficients + 0x1000),
                       to_words(raw)});
        std::vector<std::uint8_t> bytes(std::size_t{steps} * results * width);
        bench.peek(activations + 0x8000, bytes.data(), bytes.size());
        for (std::size_t i = 0; i < bytes.size() / width; ++i) {
          std::uint32_t word = 0;
          std::memcpy(&word, bytes.data() + i * width, width);
          const float v = glu ? x[2 * i] : x[i], gate = glu ? x[2 * i + 1] : 0.0f;
          REQUIRE(word == converted(applied(activation, v, gate), type));
        }
      }
}
