// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/closed_form.h"

#include <algorithm>

using namespace epoch;

namespace {

unsigned ceil_div(unsigned a, unsigned b) {
  return (a + b - 1) / b;
}
unsigned cycles(unsigned bytes, unsigned port) {
  return port == 0 ? 0 : ceil_div(bytes, port);
}

// t_out: of the cycles from `earliest` on, the one in which the last of `outputs` products finds a
// multiplier. In cycle t of an interval the block of products that read x takes M, the last one
// fewer, and so do the output products before.
unsigned last_output(unsigned multipliers, unsigned interval, unsigned block, unsigned outputs,
                     unsigned earliest) {
  unsigned last = earliest, placed = 0;
  for (unsigned t = earliest; placed < outputs; ++t) {
    const unsigned phase = t % interval;
    unsigned taken = 0;
    if (phase * multipliers < block) taken = std::min(multipliers, block - phase * multipliers);
    // Outputs placed one interval ago stand in this phase as well.
    if (t >= earliest + interval) taken = multipliers;
    for (; taken < multipliers && placed < outputs; ++taken, ++placed) last = t;
  }
  return last;
}

}  // namespace

ClosedForm closed_form(const ArrayConfig& config, const CoefficientBlock& block,
                       const ArrayCommand& command) {
  const unsigned m = config.multipliers, lm = config.mul_latency, la = config.add_latency;
  const unsigned l = lm + la, i1 = 1 / m, i3 = 3 / m;
  const bool mac = block.mode == ArrayMode::mac, complex = block.mode == ArrayMode::complex;
  ClosedForm form;
  form.delta = config.hop + la;
  if (!mac) form.lambda = complex ? std::max(i1 + lm + 2 * la, i3 - i1 + l) : l;
  const unsigned products = mac ? 1 : complex ? 6 : 2;
  form.own_interval = std::max(ceil_div(products, m), form.lambda);

  const unsigned results = command.activation == Activation::glu && !command.partial
                               ? block.channels / 2
                               : block.channels;
  unsigned in = 4 * (mac ? block.modes : block.channels);
  if (command.accumulator != nullptr) in += 4 * block.channels;
  if (command.stored != nullptr && !command.partial) in += 4 * results;
  form.interval = std::max(
      {form.own_interval, cycles(in, config.ports.read), cycles(4 * results, config.ports.write)});

  const unsigned next_x = complex ? std::max(i1 + lm + 2 * la, i3 + l) : l;
  if (!mac) form.t_out = last_output(m, form.interval, complex ? 4 : 1, complex ? 2 : 1, next_x);
  form.depth = form.t_out + lm + la + (complex ? la : 0);

  const unsigned height = ceil_div(block.modes, config.segment_rows) * config.segment_rows;
  const unsigned steps = command.steps;
  form.array = std::uint64_t{steps - 1} * form.interval + (height - 1) * form.delta + form.depth;
  if (mac) form.array += (block.channels - 1) * config.hop;

  // Drain: `drain_lanes` elements a cycle.
  unsigned stages = 1;
  if (!command.partial) {
    if (command.use_extra) stages += mac ? 1 : 2;
    if (command.stored != nullptr) stages += 1;
    // A stage an operation, exp_pe 13, divider 8 (README of the room).
    switch (command.activation) {
      case Activation::gelu:
        stages += 19;
        break;
      case Activation::glu:
      case Activation::silu:
      case Activation::tanh:
        stages += 23;
        break;
      case Activation::sigmoid:
        stages += 22;
        break;
      case Activation::gelu_tanh:
        stages += 27;
        break;
      case Activation::relu:
        stages += 1;
        break;
      case Activation::none:
        break;
    }
  }
  const unsigned turn = ceil_div(block.channels, config.drain_lanes);
  form.total = form.array + turn - 1 + stages;
  if (turn > form.interval) form.total += std::uint64_t{steps - 1} * (turn - form.interval);
  return form;
}
