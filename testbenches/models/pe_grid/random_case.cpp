// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/random_case.h"

#include "models/pe_grid/soft_float.h"

using namespace epoch;

CoefficientBlock block_of(ArrayMode mode, unsigned channels, unsigned modes, const float* words,
                          const float* extra) {
  CoefficientBlock block;
  block.mode = mode;
  block.channels = channels;
  block.modes = modes;
  block.words = words;
  block.extra = extra;
  return block;
}

ArrayConfig RandomCase::array() {
  ArrayConfig config;
  config.segment_rows = between(1, 6);
  config.rows = config.segment_rows * between(1, 5);
  config.cols = chance(4) ? between(30, 40) : between(1, 20);
  config.multipliers = between(1, 8);
  config.mul_latency = chance(2) ? 1 : between(1, 6);
  config.add_latency = chance(2) ? 0 : between(0, 5);
  config.hop = chance(2) ? 1 : between(1, 4);
  config.drain_lanes = chance(2) ? config.cols : between(1, 2 * config.cols);
  for (unsigned* port :
       {&config.ports.read, &config.ports.write, &config.ports.coefficient, &config.ports.state})
    *port = chance(2) ? 0 : 4 * between(1, 64);
  return config;
}

float RandomCase::word(unsigned one_in) {
  if (one_in != 0 && chance(one_in)) {
    static const std::uint32_t specials[] = {
        0x00000000, 0x80000000, 0x00000001, 0x807FFFFF, 0x00800000, 0x80800001, 0x7F7FFFFF,
        0xFF7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFA12345, 0x3F7FFFFF, 0x1F000001};
    if (chance(2)) return soft::from_bits(specials[below(sizeof specials / sizeof *specials)]);
    return soft::from_bits(static_cast<std::uint32_t>(engine_()));
  }
  return static_cast<float>(static_cast<std::int32_t>(engine_())) * 4.6e-10f;  // within +-0.988
}

std::vector<float> RandomCase::words(std::size_t count, unsigned one_in) {
  std::vector<float> result(count);
  for (float& each : result) each = word(one_in);
  return result;
}

void RandomCase::make_block(const ArrayConfig& config) {
  block = {};
  wild = chance(3) ? between(2, 60) : 0;
  constexpr ArrayMode modes[] = {ArrayMode::real, ArrayMode::complex, ArrayMode::mac};
  block.mode = modes[below(3)];
  const bool mac = block.mode == ArrayMode::mac;
  block.modes = between(1, config.rows);
  const unsigned height =
      (block.modes + config.segment_rows - 1) / config.segment_rows * config.segment_rows;
  const unsigned fit = mac ? config.cols : config.rows / height * config.cols;
  block.channels = chance(3) ? fit : between(1, fit);
  const unsigned words_a_mode = mac ? 1 : block.mode == ArrayMode::real ? 2 : 4;
  coefficients_ = words(std::size_t{block.channels} * block.modes * words_a_mode, wild);
  block.words = coefficients_.data();
  if (chance(2)) {
    extra_ = words(block.channels, wild);
    block.extra = extra_.data();
  }
}

Activation RandomCase::activation() {
  constexpr Activation others[] = {Activation::gelu, Activation::gelu_tanh, Activation::relu,
                                   Activation::silu, Activation::sigmoid,   Activation::tanh};
  return chance(2) ? Activation::none : others[below(6)];
}

void RandomCase::make_command(unsigned longest) {
  const bool mac = block.mode == ArrayMode::mac;
  command = {};
  command.steps = chance(4) ? 1 : between(1, longest);
  command.use_extra = block.extra != nullptr && chance(2);
  command.partial = chance(5);
  if (mac)
    command.activation = chance(2) && block.channels % 2 == 0 ? Activation::glu : activation();
  else
    command.activation = activation();
  const std::size_t steps = command.steps;
  u_ = words(steps * (mac ? block.modes : block.channels), wild);
  command.u = u_.data();
  if (chance(2)) {
    const unsigned results = epoch::PeArray::outputs(block, command.activation);
    stored_ = words(steps * results, wild);
    command.stored = stored_.data();
  }
  if (chance(3)) {
    accumulator_ = words(steps * block.channels, wild);
    command.accumulator = accumulator_.data();
  }
  if (mac) return;
  command.reverse = chance(3);
  command.shift = command.reverse && command.stored != nullptr && !command.partial && chance(2);
  command.zero_state = chance(4);
}
