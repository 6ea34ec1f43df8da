// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/oracle/timing.h"

#include <algorithm>
#include <stdexcept>

#include "models/pe_grid/oracle/ports.h"
#include "models/pe_grid/oracle/shape.h"
#include "models/pe_grid/oracle/step_layout.h"

namespace grid_oracle {

namespace {

int products_a_step(const GridCase& c) {
  switch (c.mode) {
    case Mode::real:
      return 2;
    case Mode::complex:
      return 6;
    case Mode::liquid_real:
      return 3;
    case Mode::liquid_complex:
      return 8;
    case Mode::dplr:
      return 10;
    case Mode::selective:
      return c.dedicated_exp ? 4 : 10;
    case Mode::ssd:
      return 3;
    case Mode::edge:
      return 4;
    case Mode::mac:
      return 1;
  }
  throw std::logic_error("a mode without products");
}

int ceil_log2(int value) {
  int levels = 0;
  while ((1 << levels) < value) ++levels;
  return levels;
}

// rho: from a row's sum to s at every row, or to y at the segment's edge.
int reduce_cycles(const GridCase& c, int height) {
  if (c.systolic_reduce) return height * (c.hop + c.add_latency) + height * c.hop;
  return std::max(1, c.add_latency) * ceil_log2(height) + 1;
}

// sigma: from slot 0's term to the row's sum (mode slots), or to the last slot's own.
int slot_cycles(const GridCase& c, int n) {
  if (c.slots == 1) return 0;
  if (c.slots_kind != SlotsKind::mode) return (c.slots - 1) * n;
  return (c.slots - 1) * std::max(n, c.add_latency) + std::min(n, c.add_latency);
}

// A row adds its slots to y one after the other, as fast as their products and its adder allow.
int last_slot(const GridCase& c, int n) {
  const int pace = c.slots_kind == SlotsKind::mode ? std::max(n, c.add_latency) : n;
  return (c.slots - 1) * pace;
}

StepMachine machine_of(const GridCase& c, const Shape& shape) {
  StepMachine m{};
  m.mode = c.mode;
  m.multipliers = c.multipliers;
  m.mul_latency = c.mul_latency;
  m.add_latency = c.add_latency;
  m.slots = c.slots;
  m.slot_products = (products_a_step(c) + c.multipliers - 1) / c.multipliers;
  m.a_minus_one = c.type == Type::bf16d;
  m.dedicated_exp = c.dedicated_exp;
  // With mode slots no slot has s before the last slot's term is in it; other slots have their own.
  const int own_sum = c.slots_kind == SlotsKind::mode ? slot_cycles(c, m.slot_products) : 0;
  m.reduce_latency = own_sum + reduce_cycles(c, shape.segment_height);
  return m;
}

// lambda, the loop from x to x'. The layout may need more.
int loop_cycles(const GridCase& c, const StepMachine& m, const Shape& shape) {
  const int i1 = m.offset_in_block(1), i3 = m.offset_in_block(3);
  const int lm = m.mul_latency, la = m.add_latency, l = m.latency();
  const int extra = m.a_minus_one ? la : 0;
  switch (c.mode) {
    case Mode::complex:
      return std::max(i1 + lm + 2 * la, i3 - i1 + l) + extra;
    case Mode::liquid_complex:
    case Mode::edge:
      return std::max(i1 + lm + 2 * la, i3 - i1 + l + la) + extra;
    case Mode::dplr: {
      const int slots = c.slots_kind == SlotsKind::mode ? last_slot(c, m.slot_products) : 0;
      return i1 + 2 * l + reduce_cycles(c, shape.segment_height) + slots;
    }
    case Mode::mac:
      return 0;
    default:
      return l + extra;
  }
}

int least_interval(const GridCase& c, const StepMachine& m, const Shape& shape) {
  const std::int64_t in = port_cycles(bytes_in(c), c.ports.read);
  const std::int64_t out = port_cycles(bytes_out(c), c.ports.write);
  const int chain = c.chained ? shape.used_segments : 0;  // a link takes one segment a cycle
  const int own = std::max({c.slots * m.slot_products, loop_cycles(c, m, shape), chain});
  return std::max(own, static_cast<int>(std::max(in, out)));
}

// D_pe, from a PE's u to its y.
int pe_depth(const GridCase& c, const StepMachine& m, const StepLayout& layout) {
  const bool is_complex = c.mode == Mode::complex || c.mode == Mode::liquid_complex;
  return layout.last_output + m.latency() + (is_complex ? m.add_latency : 0) +
         last_slot(c, m.slot_products);
}

int row_delay(const GridCase& c, const StepMachine& m) {  // delta
  const int slots = c.slots_kind == SlotsKind::mode ? last_slot(c, m.slot_products) : 0;
  return c.hop + slots + c.add_latency;
}

int chain_cycles(const GridCase& c, const Shape& shape) {
  return c.chained ? (shape.used_segments - 1) * (shape.segment_height * c.hop + 1) : 0;
}

// From the last step's u at row 0 to its last y.
int last_step_cycles(const GridCase& c, const StepMachine& m, const Shape& shape,
                     const StepLayout& layout) {
  const int height = shape.segment_height;
  if (c.mode == Mode::edge) return layout.last_output;
  if (c.mode == Mode::mac)
    return (height - 1) * (c.hop + c.add_latency) + (shape.used_columns - 1) * c.hop + m.latency();
  if (c.mode == Mode::dplr)  // rows in lockstep
    return layout.last_output + m.latency() + slot_cycles(c, m.slot_products) +
           reduce_cycles(c, height) + chain_cycles(c, shape);
  const bool west = c.mode == Mode::selective || c.mode == Mode::ssd;
  const int skew = west ? (shape.used_columns - 1) * c.hop : 0;
  return (height - 1) * row_delay(c, m) + skew + pe_depth(c, m, layout) + chain_cycles(c, shape);
}

// A tile's weights shift in row by row, or as fast as the port brings them.
std::int64_t tile_load(const GridCase& c, const Shape& shape) {
  const std::int64_t port = port_cycles(coefficient_bytes(c), c.ports.coefficient);
  return std::max(static_cast<std::int64_t>(shape.segment_height), port);
}

}  // namespace

Times time_command(const GridCase& c) {
  const Shape shape = shape_of(c);
  const StepMachine machine = machine_of(c, shape);
  const StepLayout layout = lay_out_step(machine, least_interval(c, machine, shape));
  const bool mac = c.mode == Mode::mac;
  Times times{};
  // Tiles on the same coefficients follow one another without a gap: T is the sum of them.
  times.cycles = static_cast<std::int64_t>(c.steps - 1) * layout.interval +
                 last_step_cycles(c, machine, shape, layout);
  times.coefficient_cycles =
      mac ? tile_load(c, shape) : port_cycles(coefficient_bytes(c), c.ports.coefficient);
  if (mac) times.cycles += times.coefficient_cycles;
  times.state_cycles = port_cycles(state_bytes(c), c.ports.state);
  return times;
}

}  // namespace grid_oracle
