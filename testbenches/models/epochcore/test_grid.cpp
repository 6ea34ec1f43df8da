// SPDX-License-Identifier: Apache-2.0
// The array behind its engine: results of the array alone, cycles of array specification, order,
// state.
#include <catch2/catch.hpp>
#include <map>
#include <memory>

#include "device_bench.h"

using namespace epoch;

namespace {

constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);
constexpr std::uint32_t accumulators = EPOCH_LOCAL(EPOCH_BUFFER_ACCUMULATORS, 0);

std::uint32_t use(unsigned n) {
  return EPOCH_SEMAPHORE_USE(n);
}

// Stable recurrences: poles inside the unit circle, then c, then D.
std::vector<float> ssm_block(unsigned mode, unsigned channels, unsigned modes, unsigned seed,
                             bool extra) {
  const std::vector<float> noise =
      random_floats(std::size_t{channels} * modes * 4 + channels, seed);
  std::vector<float> words;
  std::size_t next = 0;
  for (unsigned i = 0; i < channels * modes; ++i) {
    words.push_back(0.5f + 0.4f * noise[next++]);
    if (mode == EPOCH_MODE_COMPLEX) words.push_back(0.3f * noise[next++]);
    words.push_back(noise[next++]);
    if (mode == EPOCH_MODE_COMPLEX) words.push_back(noise[next++]);
  }
  for (unsigned i = 0; extra && i < channels; ++i) words.push_back(noise[next++]);
  return words;
}

CoefficientBlock block_of(unsigned mode, unsigned channels, unsigned modes,
                          const std::vector<float>& words, bool extra) {
  CoefficientBlock block;
  block.mode = mode == EPOCH_MODE_REAL      ? ArrayMode::real
               : mode == EPOCH_MODE_COMPLEX ? ArrayMode::complex
                                            : ArrayMode::mac;
  block.channels = channels;
  block.modes = modes;
  block.words = words.data();
  if (extra) block.extra = words.data() + words.size() - channels;
  return block;
}

// Bits, so that NaN and the sign of zero count.
std::vector<std::uint32_t> bits(const std::vector<float>& values) {
  std::vector<std::uint32_t> words(values.size());
  std::memcpy(words.data(), values.data(), values.size() * sizeof(float));
  return words;
}

std::uint64_t round_up(std::uint64_t value, std::uint64_t to) {
  return (value + to - 1) / to * to;
}

}  // namespace

TEST_CASE(
    "a layer from memory to memory equals the array alone, in the array specification's cycles") {
  const unsigned channels = 32, modes = 12, steps = 100;
  DeviceBench bench;
  bench.record_traces();
  const auto words = ssm_block(EPOCH_MODE_COMPLEX, channels, modes, 1, true);
  const auto input = random_floats(std::size_t{steps} * channels, 2);
  const auto bytes = [](const std::vector<float>& v) {
    return static_cast<unsigned>(4 * v.size());
  };
  std::memcpy(bench.memory.memory.data() + 0x1000, words.data(), bytes(words));
  std::memcpy(bench.memory.memory.data() + 0x20000, input.data(), bytes(input));
  const std::uint32_t output = activations + 0x10000;
  bench.execute(
      {with_semaphores(dma_command(EPOCH_OP_LOAD, 0x1000, coefficients, bytes(words)), 0, 0,
                       use(0)),
       with_semaphores(dma_command(EPOCH_OP_LOAD, 0x20000, activations, bytes(input)), 0, 0,
                       use(1)),
       with_semaphores(coeff_command(EPOCH_MODE_COMPLEX, channels, modes, coefficients, true),
                       use(0)),
       with_semaphores(array_command(EPOCH_MODE_COMPLEX, channels, modes, steps, activations,
                                     output, EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_ZERO_STATE),
                       use(1), 0, use(2)),
       with_semaphores(dma_command(EPOCH_OP_STORE, 0x40000, output, bytes(input)), use(2))});

  const auto array = PeArray::make(Fidelity::fast, ArrayConfig{});
  array->load(block_of(EPOCH_MODE_COMPLEX, channels, modes, words, true));
  ArrayCommand command;
  command.steps = steps;
  command.u = input.data();
  command.use_extra = true;
  command.zero_state = true;
  std::vector<float> expected(input.size());
  NumericEvents events;
  array->run(command, expected.data(), events);
  std::vector<float> result(input.size());
  std::memcpy(result.data(), bench.memory.memory.data() + 0x40000, bytes(result));
  CHECK(bits(result) == bits(expected));

  // Complex at the defaults: II 3, D_pe 3, delta 1; the drain multiplies, adds and converts.
  const std::uint64_t rows = round_up(modes, 8);
  const std::uint64_t closed_form = (steps - 1) * 3 + (rows - 1) * 1 + 3 + 3;
  const auto starts = bench.starts("pe_grid");
  REQUIRE(starts.size() == 2);
  CHECK(bench.spans("pe_grid").back().end - starts[1] == closed_form);
}

TEST_CASE("fast and cycle fidelity agree through the device in bits, cycles and counters") {
  EpochCoreConfig config;
  config.pe_grid.rows = 16;
  config.pe_grid.cols = 8;
  config.pe_grid.segment_rows = 4;
  config.pe_grid.drain_lanes = 8;
  DeviceBench fast(config, "fast_");
  config.fidelity = Fidelity::cycle;
  DeviceBench cycle(config, "cycle_");
  const auto real = ssm_block(EPOCH_MODE_REAL, 16, 5, 3, true);
  const auto complex = ssm_block(EPOCH_MODE_COMPLEX, 8, 16, 4, true);
  const auto weights = random_floats(8 * 16 + 8, 5);
  const auto input = random_floats(50 * 16, 6, 3.0f);
  epoch_array_command reverse =
      array_raw(EPOCH_MODE_COMPLEX, 8, 16, 40, activations, activations + 0x6000,
                EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_COMBINE | EPOCH_ARRAY_REVERSE | EPOCH_ARRAY_SHIFT);
  reverse.stored = activations + 0x3000;
  reverse.stored_stride = 32;
  reverse.activation = EPOCH_ACTIVATION_GELU;
  epoch_array_command glu =
      array_raw(EPOCH_MODE_MAC, 8, 16, 33, activations, activations + 0x9000, EPOCH_ARRAY_EXTRA);
  glu.activation = EPOCH_ACTIVATION_GLU;
  glu.destination_stride = 16;
  const std::vector<Descriptor> commands = {
      coeff_command(EPOCH_MODE_REAL, 16, 5, coefficients, true),
      array_command(EPOCH_MODE_REAL, 16, 5, 50, activations, activations + 0x3000,
                    EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_ZERO_STATE),
      array_command(EPOCH_MODE_REAL, 16, 5, 1, activations, activations + 0x3000),
      state_command(EPOCH_MODE_REAL, 16, 5, accumulators, true),
      coeff_command(EPOCH_MODE_COMPLEX, 8, 16, coefficients + 0x4000, true),
      to_words(reverse),
      coeff_command(EPOCH_MODE_MAC, 8, 16, coefficients + 0x8000, true),
      to_words(glu)};
  for (DeviceBench* bench : {&fast, &cycle}) {
    bench->record_traces();
    bench->poke_floats(coefficients, real);
    bench->poke_floats(coefficients + 0x4000, complex);
    bench->poke_floats(coefficients + 0x8000, weights);
    bench->poke_floats(activations, input);
    bench->execute(commands);
  }
  const std::size_t floats = 0xB000 / 4;
  CHECK(bits(fast.peek_floats(activations, floats)) ==
        bits(cycle.peek_floats(activations, floats)));
  CHECK(bits(fast.peek_floats(accumulators, 16 * 5)) ==
        bits(cycle.peek_floats(accumulators, 16 * 5)));
  const auto relative = [](const DeviceBench& bench) {
    auto starts = bench.starts("pe_grid");
    const std::uint64_t first = starts.front();
    for (std::uint64_t& start : starts) start -= first;
    starts.push_back(bench.spans("pe_grid").back().end - first);
    return starts;
  };
  CHECK(relative(fast) == relative(cycle));
  for (const char* name : {"cause_useful", "cause_fill_drain", "cause_port_limited",
                           "cause_coefficients", "pe_cycles"})
    CHECK(fast.statistic(std::string("fast_core.counters.") + name) ==
          cycle.statistic(std::string("cycle_core.counters.") + name));
}

TEST_CASE("time tiles run back to back and equal one long command") {
  const unsigned channels = 16, modes = 8, steps = 60, tiles = 4;
  DeviceBench bench;
  bench.record_traces();
  bench.poke_floats(coefficients, ssm_block(EPOCH_MODE_REAL, channels, modes, 7, false));
  bench.poke_floats(activations, random_floats(std::size_t{steps} * tiles * channels, 8));
  const std::uint32_t row = 4 * channels;
  std::vector<Descriptor> commands = {
      with_semaphores(coeff_command(EPOCH_MODE_REAL, channels, modes, coefficients), use(0)),
      array_command(EPOCH_MODE_REAL, channels, modes, steps * tiles, activations,
                    activations + 0x10000, EPOCH_ARRAY_ZERO_STATE)};
  for (unsigned tile = 0; tile < tiles; ++tile)
    commands.push_back(array_command(
        EPOCH_MODE_REAL, channels, modes, steps, activations + tile * steps * row,
        activations + 0x20000 + tile * steps * row, tile == 0 ? EPOCH_ARRAY_ZERO_STATE : 0));
  commands.push_back(with_semaphores(control_command(EPOCH_OP_NOP), 0, 0, use(0)));
  bench.execute(commands);
  const std::size_t count = std::size_t{steps} * tiles * channels;
  CHECK(bits(bench.peek_floats(activations + 0x10000, count)) ==
        bits(bench.peek_floats(activations + 0x20000, count)));
  const auto starts = bench.starts("pe_grid");
  REQUIRE(starts.size() == 2 + tiles);
  CHECK(starts[2] - starts[1] == steps * tiles);  // real: II 1
  for (unsigned tile = 1; tile < tiles; ++tile) CHECK(starts[2 + tile] - starts[1 + tile] == steps);
}

TEST_CASE("coefficient loads hide behind the running pass, what is longer is exposed") {
  const unsigned channels = 32, modes = 32;
  const std::uint64_t load = 4 * (2 * channels * modes) / 64;  // real: a, c; 64 bytes a cycle
  std::map<unsigned, std::unique_ptr<DeviceBench>> benches;
  for (const unsigned steps : {50u, 100u, 128u, 400u})
    benches[steps] =
        std::make_unique<DeviceBench>(EpochCoreConfig{}, "t" + std::to_string(steps) + "_");
  for (const auto& [steps, owner] : benches) {
    DeviceBench& bench = *owner;
    bench.record_traces();
    bench.poke_floats(coefficients, ssm_block(EPOCH_MODE_REAL, channels, modes, 9, false));
    std::vector<Descriptor> commands;
    const unsigned passes = 3;
    for (unsigned pass = 0; pass < passes; ++pass) {
      commands.push_back(coeff_command(EPOCH_MODE_REAL, channels, modes, coefficients));
      commands.push_back(array_command(EPOCH_MODE_REAL, channels, modes, steps, activations,
                                       activations + 0x20000 + 0x10000 * pass));
    }
    commands[0] = with_semaphores(commands[0], use(0));
    commands.push_back(with_semaphores(control_command(EPOCH_OP_NOP), 0, 0, use(0)));
    bench.execute(commands);
    CAPTURE(bench.core.name());
    const auto starts = bench.starts("pe_grid");  // COEFF, SSM and COEFF together, ...
    REQUIRE(starts.size() == 2 * passes);
    CHECK(starts[1] - starts[0] == load);
    const std::uint64_t apart = std::max<std::uint64_t>(steps, load);
    CHECK(starts[2] == starts[1]);
    CHECK(starts[3] - starts[1] == apart);
    CHECK(starts[5] - starts[3] == apart);
    const std::uint64_t total = (steps - 1) + (modes - 1) + 2 + 1;
    const std::uint64_t exposed = load + (passes - 1) * (load > total ? load - total : 0);
    const std::string counters = bench.core.name() + std::string(".counters.");
    CHECK(bench.statistic(counters + "cause_coefficients") == static_cast<double>(exposed));
    CHECK(bench.statistic(counters + "cause_useful") == passes * steps);
    // Tails overlap the next pass; the last is whole.
    const std::uint64_t tail = total - steps;
    const std::uint64_t tails = (passes - 1) * std::min(tail, apart - steps) + tail;
    CHECK(bench.statistic(counters + "cause_fill_drain") == static_cast<double>(tails));
    CHECK(bench.statistic(counters + "pe_cycles") ==
          static_cast<double>((passes * steps + tails) * channels * modes));
  }
}

TEST_CASE("STATE saves and restores what one long command would have kept") {
  const unsigned channels = 20, modes = 9, steps = 30;
  DeviceBench bench;
  bench.record_traces();
  bench.poke_floats(coefficients, ssm_block(EPOCH_MODE_COMPLEX, channels, modes, 10, false));
  bench.poke_floats(activations, random_floats(std::size_t{2} * steps * channels, 11));
  const std::uint32_t half = 4 * channels * steps;
  const auto ssm = [&](unsigned count, std::uint32_t from, std::uint32_t to, std::uint32_t flags) {
    return array_command(EPOCH_MODE_COMPLEX, channels, modes, count, activations + from,
                         activations + to, flags);
  };
  bench.execute({coeff_command(EPOCH_MODE_COMPLEX, channels, modes, coefficients),
                 ssm(2 * steps, 0, 0x10000, EPOCH_ARRAY_ZERO_STATE),
                 ssm(steps, 0, 0x20000, EPOCH_ARRAY_ZERO_STATE),
                 state_command(EPOCH_MODE_COMPLEX, channels, modes, accumulators, true),
                 ssm(steps, 0, 0x30000, 0),  // another sequence goes on in between
                 state_command(EPOCH_MODE_COMPLEX, channels, modes, accumulators, false),
                 ssm(steps, half, 0x20000 + half, 0)});
  const std::size_t count = std::size_t{2} * steps * channels;
  CHECK(bits(bench.peek_floats(activations + 0x10000, count)) ==
        bits(bench.peek_floats(activations + 0x20000, count)));
  const auto starts = bench.starts("pe_grid");
  const std::uint64_t state = (8 * channels * modes + 63) / 64;
  REQUIRE(starts.size() == 7);
  CHECK(starts[4] - starts[3] == state);
  CHECK(starts[6] - starts[5] == state);
}

TEST_CASE("operands are taken at the start and results published at the end") {
  const unsigned size = 16, steps = 40;
  DeviceBench bench;
  const auto weights = random_floats(size * size, 12);
  const auto input = random_floats(std::size_t{steps} * size, 13);
  bench.poke_floats(coefficients, weights);
  bench.poke_floats(activations, input);
  const Descriptor first =
      array_command(EPOCH_MODE_MAC, size, size, steps, activations, activations + 0x4000);
  epoch_array_command raw = array_raw(EPOCH_MODE_MAC, size, size, steps, activations + 0x4000,
                                      activations + 0x8000, EPOCH_ARRAY_ACC_IN);
  raw.accumulator = activations + 0x4000;
  raw.accumulator_stride = 4 * size;
  const Descriptor second = to_words(raw);
  const Descriptor coeff = coeff_command(EPOCH_MODE_MAC, size, size, coefficients);
  const std::string races = "core.pe_grid.races";

  // Back to back without a semaphore: the second starts before the first has published.
  bench.execute({with_semaphores(coeff, use(1)), first, second,
                 with_semaphores(control_command(EPOCH_OP_NOP), 0, 0, use(1))});
  CHECK(bench.peek_floats(activations + 0x8000, input.size()) ==
        std::vector<float>(input.size(), 0.0f));
  CHECK(bench.statistic(races) == 2);

  bench.poke_floats(activations + 0x4000, std::vector<float>(input.size(), 0.0f));
  bench.run([&] {
    bench.submit({coeff, with_semaphores(first, 0, 0, use(0)), with_semaphores(second, use(0))});
    CHECK(bench.wait_done());
  });
  CHECK(bench.statistic(races) == 2);
  const auto array = PeArray::make(Fidelity::fast, ArrayConfig{});
  array->load(block_of(EPOCH_MODE_MAC, size, size, weights, false));
  ArrayCommand command;
  command.steps = steps;
  command.u = input.data();
  std::vector<float> between(input.size());
  std::vector<float> expected(input.size());
  NumericEvents events;
  array->run(command, between.data(), events);
  command.u = command.accumulator = between.data();
  array->run(command, expected.data(), events);
  CHECK(bits(bench.peek_floats(activations + 0x8000, expected.size())) == bits(expected));
}

TEST_CASE("infinite and NaN outputs are counted, and an error if the trap is enabled") {
  DeviceBench bench;
  const float huge = 3e38f;
  bench.poke_floats(coefficients, {1.0f, huge, 1.0f, -huge});  // one channel, two modes
  bench.poke_floats(activations, {huge, huge, 1.0f});
  const std::vector<Descriptor> commands = {
      coeff_command(EPOCH_MODE_REAL, 1, 2, coefficients),
      with_flags(array_command(EPOCH_MODE_REAL, 1, 2, 3, activations, activations + 0x100,
                               EPOCH_ARRAY_ZERO_STATE),
                 0, 5)};
  bench.execute(commands);
  bench.run([&] {
    CHECK(bench.read(EPOCH_REG_IRQ_STATUS) == EPOCH_IRQ_STATUS_NUMERIC_MASK);
    const std::uint64_t values =
        bench.counter(EPOCH_COUNTER_NUMERIC_OVERFLOW) + bench.counter(EPOCH_COUNTER_NUMERIC_NAN);
    CHECK(values == 3);
    bench.write(EPOCH_REG_IRQ_STATUS, 7);
    bench.write(EPOCH_REG_IRQ_ENABLE, EPOCH_IRQ_ENABLE_NUMERIC_MASK);
    bench.submit(commands);
    CHECK(bench.wait_stopped());
    const std::uint32_t code = bench.read(EPOCH_REG_ERROR_CODE);
    CHECK((code == EPOCH_ERROR_NUMERIC_OVERFLOW || code == EPOCH_ERROR_NUMERIC_NAN));
    CHECK(bench.read(EPOCH_REG_ERROR_SEQ) == 3);
    CHECK(bench.read(EPOCH_REG_ERROR_CONTEXT) == 5);
    CHECK(bench.read(EPOCH_REG_ERROR_ADDR_LO) == activations + 0x100);
    CHECK(bench.read(EPOCH_REG_ERROR_LEN) == 12);
    CHECK(bench.read(EPOCH_REG_COMPLETED) == 3);
    CHECK(bench.irq.read());
  });
}

TEST_CASE("reset zeroes the state registers, abort keeps them but not the coefficients") {
  DeviceBench bench;
  bench.poke_floats(coefficients, {1.0f, 1.0f});  // a sum: y = x + u
  bench.poke_floats(activations, {2.0f, 3.0f});
  const Descriptor coeff = coeff_command(EPOCH_MODE_REAL, 1, 1, coefficients);
  const Descriptor sum = array_command(EPOCH_MODE_REAL, 1, 1, 2, activations, activations + 0x100);
  bench.execute({coeff, sum});
  CHECK(bench.peek_floats(activations + 0x100, 2) == std::vector<float>{2.0f, 5.0f});
  const auto stop = [&](std::uint32_t how) {
    bench.write(EPOCH_REG_CTRL, how);
    bench.cycles(5);
    CHECK(bench.read(EPOCH_REG_CTRL) == 0);
    bench.write(EPOCH_REG_IRQ_STATUS, 7);
    bench.ring_start = bench.read(EPOCH_REG_COMPLETED);
    bench.enable();
  };
  bench.run([&] {
    stop(EPOCH_CTRL_ABORT_MASK);
    bench.submit({coeff, sum});
    CHECK(bench.wait_done());
  });
  CHECK(bench.peek_floats(activations + 0x100, 2) == std::vector<float>{7.0f, 10.0f});
  bench.run([&] {
    stop(EPOCH_CTRL_ABORT_MASK);
    bench.submit({sum});
    CHECK(bench.wait_stopped());
    CHECK(bench.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_COEFFICIENTS);
    bench.cycles(1);
    stop(EPOCH_CTRL_RESET_MASK);
    bench.submit({coeff, sum});
    CHECK(bench.wait_done());
  });
  CHECK(bench.peek_floats(activations + 0x100, 2) == std::vector<float>{2.0f, 5.0f});
}
