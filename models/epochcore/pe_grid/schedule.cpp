// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/schedule.h"

#include <algorithm>

namespace epoch {

namespace {

constexpr Source kArriving{Source::arriving, 0};
constexpr Source state(unsigned part) {
  return {Source::state, part};
}
constexpr Source product(unsigned index) {
  return {Source::product, index};
}
constexpr Source addition(unsigned index) {
  return {Source::addition, index};
}

StepTable real_table() {
  using namespace real_step;
  StepTable table;
  table.products = {state(0), addition(x_next)};
  table.additions = {{product(a_x), kArriving},   // x' = (a*x) + u
                     {kArriving, product(c_x)}};  // y = y + c*x'
  table.next_state = {x_next};
  return table;
}

StepTable complex_table() {
  using namespace complex_step;
  StepTable table;
  table.products = {state(0), state(1), state(1), state(0), addition(xr_next), addition(xi_next)};
  table.additions = {{product(ar_xr), product(ai_xi)},
                     {addition(re), kArriving},         // xr' = (ar*xr - ai*xi) + u
                     {product(ar_xi), product(ai_xr)},  // xi' = ar*xi + ai*xr
                     {product(cr_xr), product(ci_xi)},
                     {kArriving, addition(out)}};  // y = y + (cr*xr' - ci*xi')
  table.next_state = {xr_next, xi_next};
  return table;
}

StepTable mac_table() {
  StepTable table;
  table.products = {kArriving};
  table.additions = {{kArriving, product(mac_step::w_x)}};  // y = y + w*x
  return table;
}

// One try: the products placed modulo a given interval.
class Layout {
 public:
  Layout(const ArrayConfig& config, const StepTable& table, unsigned interval)
      : config_(config), table_(table), used_(interval, 0), cycle_(table.products.size(), 0) {
    place_if(Source::arriving);
    place_state_block();
    place_if(Source::addition);
  }

  // lambda: the smallest interval at which every part of x' is there when it is first read.
  unsigned loop() const {
    unsigned longest = 0;
    for (unsigned part = 0; part < table_.next_state.size(); ++part) {
      unsigned first_read = ~0u;
      for (unsigned i = 0; i < cycle_.size(); ++i) {
        const Source& source = table_.products[i];
        if (source.kind == Source::state && source.index == part)
          first_read = std::min(first_read, cycle_[i]);
      }
      longest = std::max(longest, ready(addition(table_.next_state[part])) - first_read);
    }
    return longest;
  }

  StepLayout result() const {
    StepLayout layout;
    layout.interval = static_cast<unsigned>(used_.size());
    layout.loop = loop();
    layout.product_cycle = cycle_;
    for (unsigned i = 0; i < table_.additions.size(); ++i)
      layout.addition_cycle.push_back(start(i));
    for (unsigned i = 0; i < cycle_.size(); ++i)
      if (table_.products[i].kind == Source::addition)
        layout.output = std::max(layout.output, cycle_[i]);
    layout.depth = layout.addition_cycle.back() + config_.add_latency;
    layout.row_delay = config_.hop + config_.add_latency;
    return layout;
  }

 private:
  // The cycle in which a word is there.
  unsigned ready(const Source& source) const {
    switch (source.kind) {
      case Source::product:
        return cycle_[source.index] + config_.mul_latency;
      case Source::addition:
        return start(source.index) + config_.add_latency;
      case Source::arriving:
      case Source::state:
        break;
    }
    return 0;
  }
  // Additions start when their operands are there.
  unsigned start(unsigned index) const {
    const auto& operands = table_.additions[index];
    return std::max(ready(operands[0]), ready(operands[1]));
  }

  // Products that read x: one block of consecutive cycles, M a cycle.
  void place_state_block() {
    unsigned position = 0;
    for (unsigned i = 0; i < cycle_.size(); ++i) {
      if (table_.products[i].kind != Source::state) continue;
      cycle_[i] = position++ / config_.multipliers;
      ++used_[cycle_[i]];
    }
  }

  // Products of the other kinds, each in the first cycle with its operands and a multiplier free;
  // output products wait for all parts of x'. There is always one: M * interval >= products.
  void place_if(Source::Kind kind) {
    unsigned earliest = 0;
    if (kind == Source::addition)
      for (unsigned part : table_.next_state) earliest = std::max(earliest, ready(addition(part)));
    for (unsigned i = 0; i < cycle_.size(); ++i) {
      if (table_.products[i].kind != kind) continue;
      unsigned cycle = earliest;
      while (used_[cycle % used_.size()] == config_.multipliers) ++cycle;
      ++used_[cycle % used_.size()];
      cycle_[i] = cycle;
    }
  }

  const ArrayConfig& config_;
  const StepTable& table_;
  std::vector<unsigned> used_;   // multipliers taken, by cycle modulo the interval
  std::vector<unsigned> cycle_;  // start of each product
};

}  // namespace

const StepTable& step_table(ArrayMode mode) {
  static const StepTable real = real_table();
  static const StepTable complex = complex_table();
  static const StepTable mac = mac_table();
  switch (mode) {
    case ArrayMode::real:
      return real;
    case ArrayMode::complex:
      return complex;
    case ArrayMode::mac:
      break;
  }
  return mac;
}

StepLayout lay_out_step(const ArrayConfig& config, ArrayMode mode, unsigned least_interval) {
  const StepTable& table = step_table(mode);
  const unsigned products = static_cast<unsigned>(table.products.size());
  const unsigned pace = (products + config.multipliers - 1) / config.multipliers;  // n
  for (unsigned interval = std::max(pace, least_interval);; ++interval) {
    const Layout layout(config, table, interval);
    if (layout.loop() <= interval) return layout.result();
  }
}

}  // namespace epoch
