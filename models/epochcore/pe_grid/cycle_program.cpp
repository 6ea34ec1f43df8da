// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/cycle_program.h"

#include <algorithm>

#include "epochcore/pe_grid/integer_arithmetic.h"
#include "epochcore/pe_grid/operands.h"
#include "epochcore/pe_grid/registers.h"

namespace epoch {

namespace {

class ProgramBuilder {
 public:
  ProgramBuilder(const ArrayConfig& config, const StepLayout& layout, const PeStep& step,
                 const CoefficientBlock& block, const Placement& place)
      : config_(config),
        layout_(layout),
        step_(step),
        block_(block),
        slots_(place.slots),
        mode_slots_(place.kind == SlotsKind::mode),
        lane_slots_(place.lane_slots),
        west_slots_(mode_slots_ ? slots_ : 1) {}

  PeProgram build() {
    make_values();
    add_takes();
    for (unsigned slot = 0; slot < slots_; ++slot) {
      for (unsigned i = 0; i < step_.products.size(); ++i) add_product(i, slot);
      for (unsigned i = 0; i < step_.additions.size(); ++i) add_addition(i, slot);
    }
    if (block_.mode == ArrayMode::dplr) {
      add_row_sums(step_.sum, sums_, true);
      add_row_sums(step_.y, y_sums_, false);
    }
    if (block_.mode == ArrayMode::edge) mark_results();
    order();
    deepen();
    return std::move(program_);
  }

 private:
  // ---- Values: products, additions, words on their way, x is among the additions ----

  unsigned product(unsigned index, unsigned slot) const {
    return slot * static_cast<unsigned>(step_.products.size()) + index;
  }
  unsigned addition(unsigned index, unsigned slot) const {
    return additions_ + slot * static_cast<unsigned>(step_.additions.size()) + index;
  }
  unsigned north(unsigned word, unsigned slot) const {
    return north_ + (mode_slots_ ? 0 : slot) * step_.north_words + word;
  }
  unsigned west(unsigned word, unsigned slot) const {
    return west_ + (mode_slots_ ? slot : 0) * step_.west_words + word;
  }
  unsigned feedback(unsigned slot) const { return feedback_ + (mode_slots_ ? 0 : slot); }

  void make_values() {
    const auto many = [this](std::size_t count) {
      const unsigned first = static_cast<unsigned>(program_.values.size());
      program_.values.resize(first + count);
      return first;
    };
    program_.products = static_cast<unsigned>(slots_ * step_.products.size());
    many(program_.products);
    additions_ = many(slots_ * step_.additions.size());
    north_ = many(std::size_t{lane_slots_} * step_.north_words);
    west_ = many(std::size_t{west_slots_} * step_.west_words);
    if (block_.mode == ArrayMode::dplr) {
      feedback_ = many(lane_slots_);
      sums_ = many(slots_);
      y_sums_ = many(slots_);
    }
    for (unsigned slot = 0; slot < slots_; ++slot) {
      for (unsigned i = 0; i < step_.products.size(); ++i)
        value(product(i, slot)).cycle = layout_.product_cycle[i] + slot * layout_.slot_delay;
      for (unsigned i = 0; i < step_.additions.size(); ++i)
        value(addition(i, slot)).cycle = layout_.addition_cycle[i] + slot * delay_of(i);
      for (unsigned part : step_.next_state) program_.state.push_back(addition(part, slot));
    }
    for (unsigned slot = 0; slot < (block_.mode == ArrayMode::dplr ? lane_slots_ : 0); ++slot) {
      value(feedback(slot)).cycle = layout_.sum_entry + layout_.network + slot * layout_.slot_delay;
      program_.feedback.push_back(feedback(slot));
    }
  }
  PeValue& value(unsigned index) { return program_.values[index]; }

  // y goes from slot to slot of a PE, as fast as its adder allows.
  unsigned delay_of(unsigned addition) const {
    const bool chained = mode_slots_ && block_.mode != ArrayMode::dplr && addition == step_.y;
    return chained ? layout_.chain_delay : layout_.slot_delay;
  }

  // ---- Reads ----

  PeRead read_value(unsigned index, unsigned cycle, unsigned later = 0) {
    return {PeRead::value, index, cycle + later - value(index).cycle};
  }
  PeRead read(const Operand& operand, unsigned slot, unsigned cycle) {
    switch (operand.kind) {
      case Operand::none:
        return {};
      case Operand::coefficient:
        return {PeRead::coefficient, operand.index, 0};
      case Operand::constant:
        return {PeRead::constant, operand.index, 0};
      case Operand::north:
        return read_value(north(operand.index, slot), cycle);
      case Operand::west:
        return read_value(west(operand.index, slot), cycle);
      case Operand::state:
        return read_value(addition(step_.next_state[operand.index], slot), cycle, layout_.interval);
      case Operand::product:
        return read_value(product(operand.index, slot), cycle);
      case Operand::addition:
        return read_value(addition(operand.index, slot), cycle);
      case Operand::feedback:
        return read_value(feedback(slot), cycle);
      case Operand::y_above:
        break;
    }
    if (!mode_slots_) return read_value(addition(step_.y, slot), cycle, layout_.row_delay);
    if (slot > 0) return read_value(addition(step_.y, slot - 1), cycle);
    return read_value(addition(step_.y, slots_ - 1), cycle, layout_.row_delay);
  }

  // ---- Actions ----

  void add_product(unsigned index, unsigned slot) {
    const Operation& operation = step_.products[index];
    PeAction action = action_of(operation, product(index, slot), slot);
    action.shift = shift_of(step_.stages[index]);
    program_.actions.push_back(action);
  }
  // int8: the fraction bits that a product sheds.
  unsigned shift_of(Stage stage) const {
    if (block_.mode == ArrayMode::mac) return 0;
    return stage == Stage::state ? kPoleBits : kStateBits;
  }
  void add_addition(unsigned index, unsigned slot) {
    const bool sums_y = index == step_.y && block_.mode != ArrayMode::dplr;
    PeAction action = action_of(step_.additions[index], addition(index, slot), slot);
    action.from_above = sums_y && (!mode_slots_ || slot == 0);
    action.passes_empty = sums_y;
    action.leaves = sums_y && (!mode_slots_ || slot == slots_ - 1);
    program_.actions.push_back(action);
  }
  PeAction action_of(const Operation& operation, unsigned result, unsigned slot) {
    constexpr PeAction::Kind kinds[] = {
        PeAction::multiply, PeAction::add,        PeAction::subtract,   PeAction::saturating_add,
        PeAction::fraction, PeAction::add_scaled, PeAction::exponential};
    PeAction action;
    action.kind = kinds[operation.kind];
    action.slot = slot;
    action.cycle = value(result).cycle;
    action.result = result;
    action.left = read(operation.left, slot, action.cycle);
    action.right = read(operation.right, slot, action.cycle);
    action.exponent = read(operation.exponent, slot, action.cycle);
    return action;
  }

  // Words enter a PE in cycle 0: from the row above, from the column to the left.
  void add_takes() {
    const auto take = [this](PeAction::Kind kind, unsigned slot, unsigned word, unsigned result,
                             unsigned distance) {
      PeAction action;
      action.kind = kind;
      action.slot = slot;
      action.word = word;
      action.result = result;
      action.from_above = kind == PeAction::take_north;
      action.passes_empty = true;
      action.left = {PeRead::value, result, distance};
      program_.actions.push_back(action);
    };
    for (unsigned slot = 0; slot < lane_slots_; ++slot)
      for (unsigned word = 0; word < step_.north_words; ++word)
        take(PeAction::take_north, slot, word, north(word, slot), layout_.row_delay);
    for (unsigned slot = 0; slot < west_slots_; ++slot)
      for (unsigned word = 0; word < step_.west_words; ++word)
        take(PeAction::take_west, slot, word, west(word, slot), config_.hop);
  }

  // dplr: mode slots of a row sum up in order before they enter the network; the first begins.
  void add_row_sums(unsigned share, unsigned first, bool sum) {
    const unsigned there = layout_.addition_cycle[share] + config_.add_latency;
    PeAction* last = nullptr;
    for (unsigned slot = 0; slot < slots_; ++slot) {
      PeAction action;
      action.slot = slot;
      action.result = first + slot;
      if (mode_slots_ && slot > 0) {
        action.kind = PeAction::add;
        action.cycle = there + layout_.slot_delay + (slot - 1) * layout_.chain_delay;
        action.passes_empty = true;
        value(first + slot).cycle = action.cycle;
        action.left = slot == 1 ? read_value(addition(share, 0), action.cycle)
                                : read_value(first + slot - 1, action.cycle);
        action.right = read_value(addition(share, slot), action.cycle);
        program_.actions.push_back(action);
        last = &program_.actions.back();
      } else if (!mode_slots_ || slots_ == 1) {
        last = action_that_makes(addition(share, slot));
      }
      if (last != nullptr && (!mode_slots_ || slot == slots_ - 1))
        (sum ? last->shares_sum : last->shares_y) = true;
    }
  }
  PeAction* action_that_makes(unsigned value) {
    return &*std::find_if(program_.actions.begin(), program_.actions.end(),
                          [value](const PeAction& a) { return a.result == value; });
  }

  // edge: x' leaves when its last part is there.
  void mark_results() {
    PeAction* last = nullptr;
    for (unsigned part : step_.next_state) {
      PeAction* const makes = action_that_makes(addition(part, 0));
      if (last == nullptr || makes->cycle >= last->cycle) last = makes;
    }
    last->leaves = true;
    for (unsigned part : program_.state)
      leaving_edge_age_ =
          std::max(leaving_edge_age_, last->cycle + config_.add_latency - value(part).cycle);
  }

  // The oldest step acts first: it reads a register before a later word enters.
  void order() {
    std::vector<PeAction>& actions = program_.actions;
    std::stable_sort(actions.begin(), actions.end(),
                     [](const PeAction& a, const PeAction& b) { return a.cycle > b.cycle; });
    for (auto begin = actions.begin(); begin != actions.end();) {
      const auto end = std::find_if(begin, actions.end(),
                                    [&](const PeAction& a) { return a.cycle != begin->cycle; });
      order_cycle(begin, end);
      begin = end;
    }
  }
  // Of one cycle of a step: who reads a register goes before who writes it, who writes a wire
  // before who reads it; otherwise additions, which free products' registers, go first.
  using Place = std::vector<PeAction>::iterator;
  static void order_cycle(Place begin, Place end) {
    std::stable_partition(begin, end,
                          [](const PeAction& a) { return a.kind != PeAction::multiply; });
    for (; begin != end; ++begin) {
      const auto next = std::find_if(begin, end, [&](const PeAction& candidate) {
        return std::none_of(begin, end, [&](const PeAction& other) {
          return &other != &candidate && goes_before(other, candidate);
        });
      });
      std::rotate(begin, next, next + 1);
    }
  }
  static bool goes_before(const PeAction& a, const PeAction& b) {
    return reads(b, a.result, true) || reads(a, b.result, false);
  }
  static bool reads(const PeAction& action, unsigned value, bool wire) {
    for (const PeRead* read : {&action.left, &action.right, &action.exponent})
      if (read->kind == PeRead::value && read->index == value && (read->distance == 0) == wire)
        return true;
    return false;
  }

  // Every pipeline as deep as its last reader needs.
  void deepen() {
    const auto deepen = [this](unsigned index, unsigned distance) {
      PeValue& made = value(index);
      made.depth = std::max(made.depth, stage_after(distance, layout_.interval) + 1);
    };
    for (const PeAction& action : program_.actions) {
      for (const PeRead* read : {&action.left, &action.right, &action.exponent})
        if (read->kind == PeRead::value && read->distance > 0) deepen(read->index, read->distance);
      // What leaves is read once the clock has moved every register.
      if (action.leaves || action.shares_sum || action.shares_y)
        value(action.result).depth =
            std::max(value(action.result).depth, config_.add_latency / layout_.interval + 1);
    }
    for (unsigned index : program_.state)
      value(index).depth = std::max(value(index).depth, leaving_edge_age_ / layout_.interval + 1);
    for (unsigned index : program_.feedback) deepen(index, 1);
  }

  const ArrayConfig& config_;
  const StepLayout& layout_;
  const PeStep& step_;
  const CoefficientBlock& block_;
  const unsigned slots_;
  const bool mode_slots_;
  const unsigned lane_slots_, west_slots_;
  unsigned leaving_edge_age_ = 0;  // cycles from a part of x' to its leaving
  unsigned additions_ = 0, north_ = 0, west_ = 0, feedback_ = 0, sums_ = 0, y_sums_ = 0;
  PeProgram program_;
};

}  // namespace

PeProgram pe_program(const ArrayConfig& config, const StepLayout& layout, const PeStep& step,
                     const CoefficientBlock& block, const Placement& place) {
  return ProgramBuilder(config, layout, step, block, place).build();
}

}  // namespace epoch
