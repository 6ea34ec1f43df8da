// SPDX-License-Identifier: Apache-2.0
// Random programs of bent descriptors through the whole device: whatever happens, the counters add
// up, a reset ends it, and a correct command runs afterwards.
#include <catch2/catch.hpp>
#include <random>

#include "device_bench.h"

using namespace epoch;

namespace {

constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);

std::vector<Descriptor> models() {
  return {dma_command(EPOCH_OP_LOAD, 0x1000, activations, 700),
          dma_command(EPOCH_OP_STORE, 0x1000, activations, 300),
          coeff_command(EPOCH_MODE_REAL, 8, 4, coefficients, true),
          array_command(EPOCH_MODE_REAL, 8, 4, 16, activations, activations + 0x1000),
          array_command(EPOCH_MODE_REAL, 8, 4, 16, activations, activations + 0x2000,
                        EPOCH_ARRAY_EXTRA | EPOCH_ARRAY_REVERSE),
          state_command(EPOCH_MODE_REAL, 8, 4, activations + 0x3000, true),
          to_words(gather_raw(0x1000, 0x40000000, activations + 0x7000, activations, 20, 44)),
          coeff_command(EPOCH_MODE_SSD, 8, 4, coefficients, true, EPOCH_TYPE_BF16),
          to_words(streams_raw(8, 4, activations + 0x7000, 0x400, EPOCH_TYPE_BF16)),
          to_words(array_raw(EPOCH_MODE_SSD, 8, 4, 16, activations, activations + 0x6000,
                             EPOCH_ARRAY_EXTRA, EPOCH_TYPE_BF16)),
          coeff_command(EPOCH_MODE_LIQUID_COMPLEX, 8, 4, coefficients),
          array_command(EPOCH_MODE_LIQUID_COMPLEX, 8, 4, 16, activations, activations + 0x6000),
          to_words(vector_raw(EPOCH_OP_MAP, activations, activations + 0x6000, 4, 8)),
          to_words(vector_raw(EPOCH_OP_ARGMAX, activations, activations + 0x6000, 4, 8)),
          coeff_command(EPOCH_MODE_MAC, 16, 32, coefficients, true),
          array_command(EPOCH_MODE_MAC, 16, 32, 16, activations, activations + 0x4000),
          to_words(vector_raw(EPOCH_OP_LAYERNORM, activations, activations + 0x5000, 4, 8)),
          to_words(vector_raw(EPOCH_OP_POOL, activations, activations + 0x6000, 4, 8)),
          control_command(EPOCH_OP_NOP),
          control_command(EPOCH_OP_FENCE),
          control_command(EPOCH_OP_IRQ),
          control_command(EPOCH_OP_HALT)};
}

std::uint32_t random_semaphores(std::mt19937& random) {
  std::uint32_t word = 0;
  for (unsigned i = 0; i < 4; ++i)
    if (random() % 10 == 0)
      word |= EPOCH_SEMAPHORE_USE(static_cast<std::uint32_t>(random() % 4)) << (8 * i);
  return word;
}

Descriptor random_command(std::mt19937& random) {
  static const std::vector<Descriptor> originals = models();
  Descriptor words = originals[random() % originals.size()];
  words[1] = random_semaphores(random);
  if (random() % 12 == 0) words[random() % 16] ^= 1u << random() % 32;
  if (random() % 40 == 0) words[random() % 16] = static_cast<std::uint32_t>(random());
  return words;
}

}  // namespace

TEST_CASE("random programs end, count every cycle once and leave the device usable") {
  EpochCoreConfig config;
  config.clock_mhz = 700;  // edges that fall between the bus's nanoseconds
  config.fifo_depth = 3;
  DeviceBench bench(config);
  const unsigned seed = 2024;
  std::mt19937 random(seed);
  unsigned retired = 0;
  unsigned errors = 0;
  bench.run([&] {
    for (unsigned program = 0; program < 600; ++program) {
      CAPTURE(seed, program);
      bench.memory.latency =
          sc_core::sc_time(static_cast<double>(1 + random() % 300), sc_core::SC_NS);
      bench.enable();
      bench.write(EPOCH_REG_COUNTER_CTRL, EPOCH_COUNTER_CTRL_CLEAR_MASK);
      for (unsigned burst = 0; burst < 3; ++burst) {
        std::vector<Descriptor> commands(random() % 5);
        for (Descriptor& command : commands) command = random_command(random);
        bench.submit(commands);
        bench.cycles(random() % 1500);
      }
      bench.wait_done(3);
      bench.write(EPOCH_REG_COUNTER_CTRL, EPOCH_COUNTER_CTRL_FREEZE_MASK);
      std::uint64_t causes = 0;
      for (std::uint32_t at = EPOCH_COUNTER_CAUSE_USEFUL; at <= EPOCH_COUNTER_CAUSE_IDLE; at += 8)
        causes += bench.counter(at);
      CHECK(causes == bench.counter(EPOCH_COUNTER_CYCLES));
      retired += static_cast<unsigned>(bench.counter(EPOCH_COUNTER_COMMANDS));
      errors += bench.read(EPOCH_REG_ERROR_CODE) != EPOCH_ERROR_NONE ? 1 : 0;

      bench.write(EPOCH_REG_CTRL,
                  random() % 4 == 0 ? EPOCH_CTRL_ABORT_MASK : EPOCH_CTRL_RESET_MASK);
      bench.cycles(random() % 3);
      bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
      for (int i = 0; i < 1000 && bench.read(EPOCH_REG_CTRL) != 0; ++i) bench.cycles(20);
      CHECK(bench.read(EPOCH_REG_CTRL) == 0);
      bench.write(EPOCH_REG_COUNTER_CTRL, 0);
      bench.write(EPOCH_REG_IRQ_STATUS, 7);
      bench.ring_start = bench.read(EPOCH_REG_COMPLETED);
      bench.enable();
      bench.submit({dma_command(EPOCH_OP_LOAD, 64, activations, 64),
                    coeff_command(EPOCH_MODE_REAL, 8, 4, coefficients, true),
                    array_command(EPOCH_MODE_REAL, 8, 4, 5, activations, activations + 0x1000)});
      CHECK(bench.wait_done());
      bench.write(EPOCH_REG_CTRL, 0);
      bench.ring_start += 3;
    }
  });
  CHECK(retired > 700);
  CHECK(errors > 50);
}
