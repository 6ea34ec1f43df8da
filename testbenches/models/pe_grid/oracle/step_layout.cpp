// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/oracle/step_layout.h"

#include <algorithm>
#include <stdexcept>

namespace grid_oracle {

MultiplierTable::MultiplierTable(const StepMachine& machine, int interval, bool confined)
    : machine_(machine), interval_(interval), confined_(confined), used_(interval, 0) {}

bool MultiplierTable::allowed(int slot, int cycle) const {
  const int first = slot * machine_.slot_products;
  return !confined_ || (cycle >= first && cycle < first + machine_.slot_products);
}

// Every slot does the same, n cycles after the one before: all of them fit, or none.
bool MultiplierTable::place(int start, int products) {
  std::vector<int> used = used_;
  for (int slot = 0; slot < machine_.slots; ++slot) {
    for (int i = 0; i < products; ++i) {
      const int cycle =
          (start + machine_.offset_in_block(i) + slot * machine_.slot_products) % interval_;
      if (!allowed(slot, cycle) || ++used[cycle] > machine_.multipliers) return false;
    }
  }
  used_ = used;
  return true;
}

int MultiplierTable::block(int earliest, int products) {
  for (int start = earliest; start < earliest + interval_; ++start)
    if (place(start, products)) return start;
  failed_ = true;  // one interval later the same cycles come again
  return earliest;
}

int MultiplierTable::product(int earliest) {
  return block(earliest, 1);
}

void MultiplierTable::feed_back(int part_there, int first_read) {
  if (part_there > first_read + interval_) failed_ = true;
}

namespace {

// The extra addition of the old x.
int minus_one_latency(const StepMachine& m) {
  return m.a_minus_one ? m.add_latency : 0;
}

struct Parts {
  int re;
  int im;
};

// ar xr, ai xi, ar xi, ai xr from product `first` of a block on: the components of (a x) + u, with
// u's imaginary part where there is one.
Parts complex_feedback(const StepMachine& m, int block, int first, bool imaginary_input) {
  const int re_products = block + m.offset_in_block(first + 1) + m.mul_latency;
  const int im_products = block + m.offset_in_block(first + 3) + m.mul_latency;
  const int extra = minus_one_latency(m);
  return {re_products + 2 * m.add_latency + extra,
          im_products + m.add_latency + (imaginary_input ? m.add_latency : 0) + extra};
}

// The block's first two products read xr and xi, in this order, whether they are w's or a's.
void feed_back(const StepMachine& m, MultiplierTable& table, int block, Parts x) {
  table.feed_back(x.re, block + m.offset_in_block(0));
  table.feed_back(x.im, block + m.offset_in_block(1));
}

// cr xr', ci xi': the cycle of the later one.
int complex_outputs(MultiplierTable& table, Parts x) {
  const int there = std::max(x.re, x.im);
  const int first = table.product(there);
  const int second = table.product(there);
  return std::max(first, second);
}

// x' = (a x) + driven, y += c x'. `driven` is the cycle in which the second operand is there.
int lay_real_update(const StepMachine& m, MultiplierTable& table, int a_there, int driven) {
  const int block = table.block(a_there, 1);
  const int sum = std::max(block + m.mul_latency, driven) + m.add_latency;
  const int x_there = sum + minus_one_latency(m);
  table.feed_back(x_there, block);
  return table.product(x_there);
}

int lay_liquid_real(const StepMachine& m, MultiplierTable& table) {
  const int g = table.product(0) + m.mul_latency;
  return lay_real_update(m, table, g + m.add_latency, g);
}

int lay_complex(const StepMachine& m, MultiplierTable& table) {
  const int block = table.block(0, 4);
  const Parts x = complex_feedback(m, block, 0, false);
  feed_back(m, table, block, x);
  return complex_outputs(table, x);
}

int lay_liquid_complex(const StepMachine& m, MultiplierTable& table) {
  const int g_re = table.product(0) + m.mul_latency;
  const int g_im = table.product(0) + m.mul_latency;
  const int block = table.block(std::max(g_re, g_im) + m.add_latency, 4);
  const Parts x = complex_feedback(m, block, 0, true);
  feed_back(m, table, block, x);
  return complex_outputs(table, x);
}

int lay_dplr(const StepMachine& m, MultiplierTable& table) {
  const int block = table.block(0, 6);  // w's two products, then a's four
  const int s = block + m.offset_in_block(1) + m.latency() + m.reduce_latency;
  const Parts kept = complex_feedback(m, block, 2, false);
  const int ps_re = table.product(s) + m.mul_latency;
  const int ps_im = table.product(s) + m.mul_latency;
  const Parts x{std::max(kept.re, ps_re) + m.add_latency, std::max(kept.im, ps_im) + m.add_latency};
  feed_back(m, table, block, x);
  return complex_outputs(table, x);
}

// exp_pe on the PE's multipliers: z log2(e) and f, then five times h f + c.
int lay_shared_exp(const StepMachine& m, MultiplierTable& table, int z) {
  int there = z;
  for (int product = 0; product < 6; ++product) there = table.product(there) + m.latency();
  return there;
}

int lay_selective(const StepMachine& m, MultiplierTable& table) {
  const int z = table.product(0) + m.mul_latency;
  const int a = m.dedicated_exp ? z + 6 * m.latency() : lay_shared_exp(m, table, z);
  const int driven = table.product(0) + m.mul_latency;
  return lay_real_update(m, table, a, driven);
}

int lay_ssd(const StepMachine& m, MultiplierTable& table) {
  const int driven = table.product(0) + m.mul_latency;
  return lay_real_update(m, table, 0, driven);
}

// No output products: the cell emits x'.
int lay_edge(const StepMachine& m, MultiplierTable& table) {
  const int block = table.block(0, 4);
  const Parts x = complex_feedback(m, block, 0, true);
  feed_back(m, table, block, x);
  return std::max(x.re, x.im);
}

int lay_products(const StepMachine& m, MultiplierTable& table) {
  switch (m.mode) {
    case Mode::real:
      return lay_real_update(m, table, 0, 0);
    case Mode::complex:
      return lay_complex(m, table);
    case Mode::liquid_real:
      return lay_liquid_real(m, table);
    case Mode::liquid_complex:
      return lay_liquid_complex(m, table);
    case Mode::dplr:
      return lay_dplr(m, table);
    case Mode::selective:
      return lay_selective(m, table);
    case Mode::ssd:
      return lay_ssd(m, table);
    case Mode::edge:
      return lay_edge(m, table);
    case Mode::mac:
      return table.product(0);
  }
  throw std::logic_error("a mode without a layout");
}

bool try_layout(const StepMachine& m, int interval, bool confined, StepLayout& layout) {
  MultiplierTable table(m, interval, confined);
  layout = {interval, lay_products(m, table)};
  return !table.failed();
}

}  // namespace

StepLayout lay_out_step(const StepMachine& machine, int at_least) {
  StepLayout layout{};
  for (int interval = at_least;; ++interval) {
    if (try_layout(machine, interval, false, layout)) return layout;
    if (try_layout(machine, interval, true, layout)) return layout;
  }
}

}  // namespace grid_oracle
