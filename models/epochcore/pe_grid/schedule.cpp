// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/schedule.h"

#include <algorithm>

namespace epoch {

namespace {

unsigned ceil_log2(unsigned value) {
  unsigned bits = 0;
  while ((1u << bits) < value) ++bits;
  return bits;
}

// One try: the products placed modulo a given interval.
class Layout {
 public:
  Layout(const ArrayConfig& config, const StepShape& shape, const PeStep& step, unsigned interval,
         bool confined)
      : config_(config),
        step_(step),
        slots_(shape.mode == ArrayMode::mac || shape.mode == ArrayMode::edge ? 1
                                                                             : config.state_slots),
        mode_slots_(config.slots_kind == SlotsKind::mode && slots_ > 1),
        dplr_(shape.mode == ArrayMode::dplr),
        slot_delay_(slot_delay(config, step)),
        network_(network_latency(config, shape.segment_height)),
        confined_(confined),
        used_(interval, 0),
        cycle_(step.products.size(), 0) {
    placed_ = place_each(Stage::free) && place_state_block() && place_each(Stage::feedback) &&
              place_each(Stage::output);
  }

  static unsigned slot_delay(const ArrayConfig& config, const PeStep& step) {
    const unsigned products = static_cast<unsigned>(step.products.size());
    return (products + config.multipliers - 1) / config.multipliers;
  }

  // Every product has its place, and every part of x' is there when the next step first reads it.
  bool works() const { return placed_ && loop() <= used_.size(); }

  StepLayout result() const {
    StepLayout layout;
    layout.interval = static_cast<unsigned>(used_.size());
    layout.loop = loop();
    layout.slot_delay = slot_delay_;
    layout.chain_delay = std::max(slot_delay_, config_.add_latency);
    layout.product_cycle = cycle_;
    for (unsigned i = 0; i < step_.additions.size(); ++i) layout.addition_cycle.push_back(start(i));
    for (unsigned i = 0; i < cycle_.size(); ++i)
      if (step_.stages[i] == Stage::output) layout.output = std::max(layout.output, cycle_[i]);
    const unsigned chain = mode_slots_ ? (slots_ - 1) * layout.chain_delay : 0;
    layout.row_delay = config_.hop + chain + config_.add_latency;
    if (dplr_)
      finish_dplr(layout);
    else
      layout.depth = last_result(layout) + (mode_slots_ ? chain : (slots_ - 1) * slot_delay_);
    return layout;
  }

 private:
  // Rows in lockstep: their shares of s and y are summed by the network of the segment.
  void finish_dplr(StepLayout& layout) const {
    layout.row_delay = 0;
    layout.network = network_;
    layout.sum_entry = entry(step_.sum);
    layout.y_entry = entry(step_.y);
    layout.depth = layout.y_entry + network_ + (mode_slots_ ? 0 : (slots_ - 1) * slot_delay_);
  }

  // When y of slot 0 is there; of edge, which has none, all parts of x'.
  unsigned last_result(const StepLayout& layout) const {
    if (step_.y != PeStep::none) return layout.addition_cycle[step_.y] + config_.add_latency;
    unsigned last = 0;
    for (unsigned part : step_.next_state) last = std::max(last, ready({Operand::addition, part}));
    return last;
  }

  // lambda: the smallest interval at which every part of x' is there when it is first read.
  unsigned loop() const {
    unsigned longest = 0;
    for (unsigned part = 0; part < step_.next_state.size(); ++part) {
      unsigned first_read = ~0u;
      for (unsigned i = 0; i < cycle_.size(); ++i)
        if (reads_state(step_.products[i], part)) first_read = std::min(first_read, cycle_[i]);
      longest = std::max(longest, ready({Operand::addition, step_.next_state[part]}) - first_read);
    }
    return longest;
  }

  static bool reads_state(const Operation& operation, unsigned part) {
    for (const Operand& operand : {operation.left, operation.right})
      if (operand.kind == Operand::state && operand.index == part) return true;
    return false;
  }

  // The row's share, its slots summed in order, enters dplr's network in this cycle.
  unsigned entry(unsigned addition) const {
    const unsigned there = ready({Operand::addition, addition});
    if (!mode_slots_) return there;
    const unsigned la = config_.add_latency;
    return there + (slots_ - 1) * std::max(slot_delay_, la) + std::min(slot_delay_, la);
  }

  static unsigned network_latency(const ArrayConfig& config, unsigned rows) {
    if (config.reduce == Reduce::tree)
      return std::max(1u, config.add_latency) * ceil_log2(rows) + 1;
    return rows * (config.hop + config.add_latency) + rows * config.hop;
  }

  // The cycle in which a word is there.
  unsigned ready(const Operand& operand) const {
    switch (operand.kind) {
      case Operand::product:
        return cycle_[operand.index] + config_.mul_latency;
      case Operand::addition:
        return start(operand.index) +
               operation_latency(config_, step_.additions[operand.index].kind);
      case Operand::feedback:
        return entry(step_.sum) + network_;
      default:
        return 0;
    }
  }
  unsigned ready(const Operation& operation) const {
    return std::max({ready(operation.left), ready(operation.right), ready(operation.exponent)});
  }
  // Additions start when their operands are there.
  unsigned start(unsigned addition) const { return ready(step_.additions[addition]); }

  // Whether every slot finds `count` multipliers in the slot's own cycle.
  bool is_free(unsigned cycle, unsigned count) const {
    const unsigned interval = static_cast<unsigned>(used_.size());
    if (confined_ && cycle % interval >= slot_delay_) return false;
    for (unsigned slot = 0; slot < slots_; ++slot)
      if (used_[(cycle + slot * slot_delay_) % interval] + count > config_.multipliers)
        return false;
    return true;
  }
  void take(unsigned cycle) {
    for (unsigned slot = 0; slot < slots_; ++slot)
      ++used_[(cycle + slot * slot_delay_) % used_.size()];
  }

  // Products of a stage, each in the first cycle with its operands and a multiplier free; output
  // products wait for all parts of x'.
  bool place_each(Stage stage) {
    unsigned earliest = 0;
    if (stage == Stage::output)
      for (unsigned part : step_.next_state)
        earliest = std::max(earliest, ready({Operand::addition, part}));
    for (unsigned i = 0; i < cycle_.size(); ++i) {
      if (step_.stages[i] != stage) continue;
      cycle_[i] = std::max(earliest, ready(step_.products[i]));
      const unsigned end = cycle_[i] + static_cast<unsigned>(used_.size());
      while (cycle_[i] < end && !is_free(cycle_[i], 1)) ++cycle_[i];
      if (cycle_[i] == end) return false;
      take(cycle_[i]);
    }
    return true;
  }

  // Products that read x: one block of consecutive cycles, M a cycle, when all operands are there.
  bool place_state_block() {
    std::vector<unsigned> block;
    unsigned begin = 0;
    for (unsigned i = 0; i < cycle_.size(); ++i) {
      if (step_.stages[i] != Stage::state) continue;
      block.push_back(i);
      begin = std::max(begin, ready(step_.products[i]));
    }
    const unsigned end = begin + static_cast<unsigned>(used_.size());
    while (begin < end && !block_fits(begin, static_cast<unsigned>(block.size()))) ++begin;
    if (begin == end) return block.empty();
    for (unsigned i = 0; i < block.size(); ++i) {
      cycle_[block[i]] = begin + i / config_.multipliers;
      take(cycle_[block[i]]);
    }
    return true;
  }
  bool block_fits(unsigned begin, unsigned count) {
    const std::vector<unsigned> before = used_;
    bool fits = true;
    for (unsigned first = 0; fits && first < count; first += config_.multipliers) {
      const unsigned cycle = begin + first / config_.multipliers;
      const unsigned now = std::min(config_.multipliers, count - first);
      fits = is_free(cycle, now);
      for (unsigned i = 0; i < now; ++i) take(cycle);  // a long block meets itself modulo II
    }
    used_ = before;
    return fits;
  }

  const ArrayConfig& config_;
  const PeStep& step_;
  const unsigned slots_;
  const bool mode_slots_, dplr_;
  const unsigned slot_delay_, network_;
  const bool confined_;
  bool placed_ = false;
  std::vector<unsigned> used_;   // multipliers taken, by cycle modulo the interval
  std::vector<unsigned> cycle_;  // start of each product
};

}  // namespace

unsigned operation_latency(const ArrayConfig& config, Operation::Kind kind) {
  if (kind == Operation::multiply) return config.mul_latency;
  if (kind == Operation::exponential) return 6 * (config.mul_latency + config.add_latency);
  return config.add_latency;
}

StepLayout lay_out_step(const ArrayConfig& config, const StepShape& shape,
                        unsigned least_interval) {
  const PeStep step = pe_step(shape.mode, shape.type, config.pe_exp);
  const bool alone = shape.mode == ArrayMode::mac || shape.mode == ArrayMode::edge;
  const unsigned pace = Layout::slot_delay(config, step) * (alone ? 1 : config.state_slots);
  for (unsigned interval = std::max(pace, least_interval);; ++interval)
    for (const bool confined : {false, true}) {
      const Layout layout(config, shape, step, interval, confined);
      if (layout.works()) return layout.result();
    }
}

}  // namespace epoch
