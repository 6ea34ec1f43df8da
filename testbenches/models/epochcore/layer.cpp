// SPDX-License-Identifier: Apache-2.0
#include "layer.h"

#include <catch2/catch.hpp>

namespace epoch {

namespace {

constexpr std::uint32_t coefficients_bus = 0x90000;
constexpr std::uint32_t input_bus = 0x91000;
constexpr std::uint32_t output_bus = 0x92000;
constexpr std::uint32_t input_local = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0x70000);
constexpr std::uint32_t output_local = EPOCH_LOCAL(EPOCH_BUFFER_ACTIVATIONS, 0x78000);
constexpr std::uint32_t block_local = EPOCH_LOCAL(EPOCH_BUFFER_COEFFICIENTS, 0x30000);

std::uint32_t bytes(const std::vector<float>& values) {
  return static_cast<std::uint32_t>(values.size() * sizeof(float));
}

}  // namespace

Layer::Layer(DeviceBench& bench)
    : bench_(bench),
      coefficients_(random_floats(2 * channels * modes, 21, 0.9f)),
      input_(random_floats(steps * channels, 22)),
      expected_(input_.size()) {
  const auto array = PeArray::make(Fidelity::fast, bench.core.config().pe_grid);
  CoefficientBlock block;
  block.channels = channels;
  block.modes = modes;
  block.words = coefficients_.data();
  array->load(block);
  ArrayCommand command;
  command.steps = steps;
  command.u = input_.data();
  command.zero_state = true;
  NumericEvents events;
  array->run(command, expected_.data(), events);
}

std::vector<Descriptor> Layer::commands() const {
  const auto use = [](unsigned n) { return EPOCH_SEMAPHORE_USE(n); };
  return {with_semaphores(
              dma_command(EPOCH_OP_LOAD, coefficients_bus, block_local, bytes(coefficients_)), 0, 0,
              use(0)),
          with_semaphores(dma_command(EPOCH_OP_LOAD, input_bus, input_local, bytes(input_)), 0, 0,
                          use(1)),
          with_semaphores(coeff_command(EPOCH_MODE_REAL, channels, modes, block_local), use(0)),
          with_semaphores(array_command(EPOCH_MODE_REAL, channels, modes, steps, input_local,
                                        output_local, EPOCH_ARRAY_ZERO_STATE),
                          use(1), 0, use(2)),
          with_semaphores(dma_command(EPOCH_OP_STORE, output_bus, output_local, bytes(expected_)),
                          use(2))};
}

void Layer::check() {
  std::uint8_t* memory = bench_.memory.memory.data();
  std::memcpy(memory + coefficients_bus, coefficients_.data(), bytes(coefficients_));
  std::memcpy(memory + input_bus, input_.data(), bytes(input_));
  std::memset(memory + output_bus, 0xAA, bytes(expected_));
  bench_.submit(commands());
  CHECK(bench_.wait_done());
  CHECK(std::memcmp(memory + output_bus, expected_.data(), bytes(expected_)) == 0);
  CHECK(bench_.read(EPOCH_REG_ERROR_CODE) == EPOCH_ERROR_NONE);
}

void recover(DeviceBench& bench) {
  bench.write(EPOCH_REG_IRQ_ENABLE, 0);
  bench.write(EPOCH_REG_CTRL, EPOCH_CTRL_RESET_MASK);
  for (int i = 0; i < 1000 && bench.read(EPOCH_REG_CTRL) != 0; ++i) bench.cycles(10);
  CHECK(bench.read(EPOCH_REG_CTRL) == 0);
  bench.cycles(1);
  bench.write(EPOCH_REG_IRQ_STATUS, 7);
  bench.write(EPOCH_REG_WATCHDOG, 0);
  for (std::uint32_t offset = EPOCH_REG_ERROR_CODE; offset <= EPOCH_REG_ERROR_CONTEXT; offset += 4)
    CHECK(bench.read(offset) == 0);
  for (unsigned i = 0; i < EPOCH_SEMAPHORES; ++i)
    CHECK(bench.read(EPOCH_REG_SEMAPHORE + 4 * i) == 0);
  bench.ring_start = bench.read(EPOCH_REG_COMPLETED);
  bench.enable();
}

void recover_and_check(DeviceBench& bench) {
  recover(bench);
  Layer(bench).check();
}

}  // namespace epoch
