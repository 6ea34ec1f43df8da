// SPDX-License-Identifier: Apache-2.0
// Bent descriptors through the running device: each is refused precisely, fails, runs or waits for
// ever, and after W1C and reset the device computes what it always did.
#include <catch2/catch.hpp>

#include "device_bench.h"
#include "fuzz/bent_descriptors.h"
#include "fuzz/descriptor_rules.h"

using namespace epoch;
using namespace epoch::fuzz;

namespace {

constexpr unsigned seed = 47;
constexpr std::uint32_t activations = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0);
constexpr std::uint32_t coefficients = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0);
constexpr std::uint64_t input_at = 0x80000, weights_at = 0x81000, output_at = 0x82000;
constexpr std::uint32_t channels = 8, modes = 4, steps = 16;
constexpr std::uint32_t input_bytes = 4 * channels * steps;
constexpr std::uint32_t weight_bytes = 4 * channels * (2 * modes + 1);

// A layer, from memory to memory; each command waits for the one before.
std::vector<Descriptor> correct_program() {
  const auto use = [](unsigned n) { return EPOCH_SEMAPHORE_USE(n); };
  return {
      with_semaphores(dma_command(EPOCH_OP_LOAD, input_at, activations, input_bytes), 0),
      with_semaphores(dma_command(EPOCH_OP_LOAD, weights_at, coefficients, weight_bytes), 0, 0,
                      use(0)),
      with_semaphores(coeff_command(EPOCH_MODE_REAL, channels, modes, coefficients, true), use(0)),
      with_semaphores(
          array_command(EPOCH_MODE_REAL, channels, modes, steps, activations, activations + 0x1000,
                        EPOCH_ARRAY_ZERO_STATE | EPOCH_ARRAY_EXTRA),
          0, 0, use(1)),
      with_semaphores(dma_command(EPOCH_OP_STORE, output_at, activations + 0x1000, input_bytes),
                      use(1))};
}

class Abuse {
 public:
  explicit Abuse(DeviceBench& bench) : bench_(bench), random_(seed) {}

  unsigned bent = 0;       // descriptors that the device took from the ring
  unsigned decode = 0;     // programs that ended in a decode error,
  unsigned execution = 0;  // an execution error,
  unsigned indices = 0;    // one of an index of GATHER,
  unsigned stuck = 0;      // or still ran or waited when their time was up

  // The layer's result; the device is idle and reset before and after.
  std::vector<std::uint8_t> compute() {
    std::vector<float> values = random_floats(channels * steps, 1);
    place(input_at, values);
    place(weights_at, random_floats(weight_bytes / 4, 2, 0.5f));
    const auto output = bench_.memory.memory.begin() + output_at;
    std::fill_n(output, input_bytes, std::uint8_t{0xAA});
    bench_.enable();
    bench_.submit(correct_program());
    CHECK(bench_.wait_done());
    CHECK(bench_.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
    recover();
    return {output, output + input_bytes};
  }

  void run_program() {
    DescriptorRules rules(limits_of(EpochCoreConfig{}));
    std::vector<Descriptor> program;
    for (auto parts = 1 + random_() % 6; parts > 0; --parts) add_part(program);
    for (Descriptor& words : program)
      if (random_() % 8 != 0) words[1] = 0;  // else most would wait for ever
    std::size_t first_illegal = 0;
    while (first_illegal < program.size() && rules.legal(program[first_illegal])) ++first_illegal;

    const std::uint32_t start = bench_.ring_start;
    bench_.enable();
    bench_.submit(program);
    const bool done = bench_.wait_done(4);
    const std::uint32_t code = bench_.read(EPOCH_REG_ERROR_CODE);
    bent += bench_.read(EPOCH_REG_RING_HEAD) - start;
    if (code >= EPOCH_ERROR_OPCODE && code <= EPOCH_ERROR_STREAMS) {
      ++decode;
      CHECK(bench_.read(EPOCH_REG_ERROR_SEQ) - start == first_illegal);
      CHECK(bench_.read(EPOCH_REG_RING_HEAD) - start == first_illegal + 1);
    } else if (code != EPOCH_ERROR_NONE) {
      ++execution;
      CHECK((code == EPOCH_ERROR_BUS_READ || code == EPOCH_ERROR_BUS_WRITE ||
             code == EPOCH_ERROR_GATHER_INDEX));
      indices += code == EPOCH_ERROR_GATHER_INDEX ? 1 : 0;
    } else if (!done) {
      ++stuck;
    } else {
      CHECK(first_illegal == program.size());
    }
    recover();
  }

 private:
  // A bent command with what belongs before and after it, or a single descriptor.
  void add_part(std::vector<Descriptor>& program) {
    if (random_() % 2 == 0) {
      program.push_back(random_() % 3 != 0 ? odd_descriptor() : bent_descriptor(random_));
      return;
    }
    BentProgram part = bent_program(random_);
    while (part.hardware != 0) part = bent_program(random_);
    program.insert(program.end(), part.descriptors.begin(), part.descriptors.end());
  }

  // Correct, but for what only shows when it runs: bus addresses and strides, numbers.
  Descriptor odd_descriptor() {
    Descriptor words = correct_descriptor(random_).words;
    const unsigned opcode = EPOCH_CONTROL_OPCODE(words[0]);
    for (unsigned word = 0; word < words.size(); ++word)
      if (any_value_allowed(opcode, word))
        bend_word(words[word], static_cast<unsigned>(random_() % 64), random_);
    return words;
  }

  void place(std::uint64_t at, const std::vector<float>& values) {
    std::memcpy(bench_.memory.memory.data() + at, values.data(), values.size() * sizeof(float));
  }

  void recover() {
    bench_.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
    for (int i = 0; i < 1000 && bench_.read(EPOCH_REG_CTRL) != 0; ++i) bench_.cycles(20);
    CHECK(bench_.read(EPOCH_REG_CTRL) == 0);
    bench_.cycles(1);  // an error at the time of its W1C would stay
    bench_.write(EPOCH_REG_IRQ_STATUS, 7);
    CHECK(bench_.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
    CHECK((bench_.read(EPOCH_REG_STATUS) & EPOCH_STATUS_DRAIN_FAILED_MASK) == 0);
    for (unsigned i = 0; i < EPOCH_SEMAPHORES; ++i)
      CHECK(bench_.read(EPOCH_REG_SEMAPHORE + 4 * i) == 0);
    bench_.ring_start = bench_.read(EPOCH_REG_COMPLETED);
    bench_.memory.log.clear();
    bench_.ring.log.clear();
  }

  DeviceBench& bench_;
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("thousands of bent descriptors leave a device that computes the same bits") {
  INFO("seed " << seed);
  DeviceBench bench;
  bench.ring_start = 0xFFFFFFF0;  // counters wrap on the way
  Abuse abuse(bench);
  bench.run([&] {
    const std::vector<std::uint8_t> expected = abuse.compute();
    CHECK(expected != std::vector<std::uint8_t>(expected.size(), 0xAA));
    for (unsigned program = 0; abuse.bent < 20000; ++program) {
      CAPTURE(program);
      abuse.run_program();
      if (program % 50 == 0) CHECK(abuse.compute() == expected);
    }
    CHECK(abuse.compute() == expected);
  });
  CHECK(abuse.decode > 500);
  CHECK(abuse.execution > 50);
  CHECK(abuse.indices > 5);
  CHECK(abuse.stuck > 20);
}
