// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/cycle_ssm.h"

#include <algorithm>

namespace epoch {

// What an operator reads or makes.
struct CycleSsm::Operand {
  enum Kind { coefficient, old_state, product, addition, u, y_above } kind;
  unsigned index;
};

// One multiplication or addition of the PE and what is wired to it.
struct CycleSsm::Operator {
  Action::Kind kind;
  Operand result, left, right;
};

// ---- The wiring of a PE, one line an operation -------------------------------------------------
// Operators of the same cycle of a step act in this order: a product reads the old x before x'
// takes its place, additions follow their operands, output products read x' on the wire. `re` comes
// first: a product then finds the register free that `re` has just read.

std::vector<CycleSsm::Operator> CycleSsm::real_pe() {
  using namespace real_step;
  constexpr Operand a{Operand::coefficient, 0}, c{Operand::coefficient, 1};
  constexpr Operand x{Operand::old_state, 0}, u{Operand::u, 0}, y_above{Operand::y_above, 0};
  auto product = [](unsigned index) { return Operand{Operand::product, index}; };
  auto addition = [](unsigned index) { return Operand{Operand::addition, index}; };
  return {
      {Action::multiply, product(a_x), a, x},
      {Action::add, addition(x_next), product(a_x), u},
      {Action::add, addition(y), y_above, product(c_x)},
      {Action::multiply, product(c_x), c, addition(x_next)},
  };
}

std::vector<CycleSsm::Operator> CycleSsm::complex_pe() {
  using namespace complex_step;
  constexpr Operand ar{Operand::coefficient, 0}, ai{Operand::coefficient, 1};
  constexpr Operand cr{Operand::coefficient, 2}, ci{Operand::coefficient, 3};
  constexpr Operand xr{Operand::old_state, 0}, xi{Operand::old_state, 1};
  constexpr Operand u{Operand::u, 0}, y_above{Operand::y_above, 0};
  auto product = [](unsigned index) { return Operand{Operand::product, index}; };
  auto addition = [](unsigned index) { return Operand{Operand::addition, index}; };
  return {
      {Action::subtract, addition(re), product(ar_xr), product(ai_xi)},
      {Action::multiply, product(ar_xr), ar, xr},
      {Action::multiply, product(ai_xi), ai, xi},
      {Action::multiply, product(ar_xi), ar, xi},
      {Action::multiply, product(ai_xr), ai, xr},
      {Action::add, addition(xr_next), addition(re), u},
      {Action::add, addition(xi_next), product(ar_xi), product(ai_xr)},
      {Action::subtract, addition(out), product(cr_xr), product(ci_xi)},
      {Action::add, addition(y), y_above, addition(out)},
      {Action::multiply, product(cr_xr), cr, addition(xr_next)},
      {Action::multiply, product(ci_xi), ci, addition(xi_next)},
  };
}

// ---- From wiring and layout to what each clock does --------------------------------------------

CycleSsm::CycleSsm(const ArrayConfig& config, const StepLayout& layout,
                   const CoefficientBlock& block, const ArrayCommand& command,
                   std::vector<Line>& coefficients)
    : layout_(layout),
      place_(config, block.mode, block.channels, block.modes),
      command_(command),
      rows_(config.rows),
      row_lines_(lines_for(config.cols)),
      add_latency_(config.add_latency),
      state_addition_(step_table(block.mode).next_state),
      file_(config.rows, row_lines_),
      products_(layout.product_cycle.size()),
      additions_(layout.addition_cycle.size()),
      phases_(layout.interval),
      u_port_(std::size_t{place_.folds_used} * row_lines_),
      y_port_(u_port_.size()),
      leaving_(block.channels) {
  std::vector<Operator> pe = block.mode == ArrayMode::real ? real_pe() : complex_pe();
  // Within a clock the oldest step acts first: it reads a register before a later word enters.
  std::stable_sort(pe.begin(), pe.end(), [this](const Operator& a, const Operator& b) {
    return cycle_of(a.result) > cycle_of(b.result);
  });
  place_registers(pe);
  make_actions(pe, coefficients);
}

unsigned CycleSsm::cycle_of(const Operand& result) const {
  return result.kind == Operand::product ? layout_.product_cycle[result.index]
                                         : layout_.addition_cycle[result.index];
}

// How long ago an operand was made when an operator in cycle `cycle` of a step reads it.
unsigned CycleSsm::distance(const Operand& operand, unsigned cycle) const {
  switch (operand.kind) {
    case Operand::old_state:
      return cycle + layout_.interval - layout_.addition_cycle[state_addition_[operand.index]];
    case Operand::y_above:
      return layout_.row_delay;
    case Operand::u:
      return cycle;
    case Operand::product:
    case Operand::addition:
      return cycle - cycle_of(operand);
    case Operand::coefficient:
      break;
  }
  return 0;
}

Pipeline& CycleSsm::pipeline(const Operand& operand) {
  switch (operand.kind) {
    case Operand::old_state:
      return additions_[state_addition_[operand.index]];
    case Operand::product:
      return products_[operand.index];
    case Operand::addition:
      return additions_[operand.index];
    case Operand::y_above:
      return additions_.back();
    case Operand::u:
    case Operand::coefficient:
      break;
  }
  return u_;
}

// Every pipeline as deep as its last reader needs.
void CycleSsm::place_registers(const std::vector<Operator>& pe) {
  auto deepen = [](Pipeline& pipe, unsigned depth) { pipe.depth = std::max(pipe.depth, depth); };
  deepen(u_, stage_after(layout_.row_delay, layout_.interval) + 1);
  // The bottom row's y is read once the clock has moved every register.
  deepen(additions_.back(), add_latency_ / layout_.interval + 1);
  for (const Operator& op : pe)
    for (const Operand& operand : {op.left, op.right}) {
      const unsigned age = distance(operand, cycle_of(op.result));
      if (age > 0) deepen(pipeline(operand), stage_after(age, layout_.interval) + 1);
    }
  for (unsigned addition : state_addition_) deepen(additions_[addition], 1);
  file_.place(u_);
  place_products(pe);
  for (Pipeline& each : additions_) file_.place(each);
}

// Products share result registers, as multipliers do: one is free once its word has been read.
void CycleSsm::place_products(const std::vector<Operator>& pe) {
  // From a word's making to its last reading, counted in turns: a cycle has one for each operator.
  struct Life {
    unsigned begin, end;
  };
  const unsigned turns = static_cast<unsigned>(pe.size()), period = turns * layout_.interval;
  std::vector<Life> lives(products_.size(), Life{0, 0});
  for (unsigned i = 0; i < turns; ++i) {
    const unsigned turn = cycle_of(pe[i].result) * turns + i;
    if (pe[i].result.kind == Operand::product) lives[pe[i].result.index].begin = turn;
    for (const Operand& read : {pe[i].left, pe[i].right})
      if (read.kind == Operand::product)
        lives[read.index].end = std::max(lives[read.index].end, turn);
  }
  auto apart = [period](const Life& a, const Life& b) {
    const unsigned gap = (b.begin % period + period - a.begin % period) % period;
    return gap > a.end - a.begin && gap + (b.end - b.begin) < period;
  };
  for (unsigned i = 0; i < products_.size(); ++i) {
    auto fits = [&](const Pipeline& shared) {
      for (unsigned k = 0; k < i; ++k)
        if (products_[k].first == shared.first && !apart(lives[k], lives[i])) return false;
      return shared.depth == 1 && products_[i].depth == 1;
    };
    const auto end = products_.begin() + i;
    const auto shared = std::find_if(products_.begin(), end, fits);
    if (shared == end)
      file_.place(products_[i]);
    else
      products_[i].first = shared->first;
  }
}

Register CycleSsm::source(const Operand& operand, unsigned cycle, std::vector<Line>& coefficients) {
  if (operand.kind == Operand::coefficient)
    return {&coefficients[std::size_t{operand.index} * rows_ * row_lines_], row_lines_};
  const unsigned age = distance(operand, cycle);
  return file_.stage(pipeline(operand), age == 0 ? 0 : stage_after(age, layout_.interval));
}

void CycleSsm::make_actions(const std::vector<Operator>& pe, std::vector<Line>& coefficients) {
  auto add = [this](Action action, unsigned cycle, const Pipeline& result) {
    action.depth = result.depth;
    action.result = file_.stage(result, 0);
    action.first = cycle;
    action.last = action.first + last_start();
    const Clock moves = action.depth > 1 ? action.depth - 1 : 0;
    span_ = std::max(span_, action.last + moves * layout_.interval);
    phases_[cycle % layout_.interval].push_back(action);
  };
  for (const Operator& op : pe) {
    const unsigned cycle = cycle_of(op.result);
    Action action;
    action.kind = op.kind;
    action.from_above = action.makes_y = op.left.kind == Operand::y_above;
    action.left = source(op.left, cycle, coefficients);
    action.right = source(op.right, cycle, coefficients);
    add(action, cycle, pipeline(op.result));
  }
  Action take_u;
  take_u.takes_u = take_u.from_above = true;
  take_u.left = file_.stage(u_, stage_after(layout_.row_delay, layout_.interval));
  add(take_u, 0, u_);
}

// ---- Clock by clock ----------------------------------------------------------------------------

float& CycleSsm::state(unsigned part, unsigned row, unsigned column) {
  const Register newest = file_.stage(additions_[state_addition_[part]], 0);
  return newest.row(row)[column / kLanes].lane[column % kLanes];
}

void CycleSsm::start() {
  for (unsigned addition : state_addition_)
    for (unsigned age = 1; age < additions_[addition].depth; ++age)
      for (unsigned row = 0; row < rows_; ++row)
        std::copy_n(file_.stage(additions_[addition], 0).row(row), row_lines_,
                    file_.stage(additions_[addition], age).row(row));
}

void CycleSsm::clock(Clock now, CycleDrain& drain) {
  feed(now);
  move_rows(now);
  if (leaves_.empty() || leaves_.front() != now) return;
  leaves_.pop_front();
  leave(left_++, drain);
}

// The words at the top ports: u for a step that starts now, y for one that sums now.
void CycleSsm::feed(Clock now) {
  if (now % layout_.interval == 0 && now <= last_start())
    fill(u_port_, command_.u, now / layout_.interval);
  const Clock sums = now - Clock{layout_.addition_cycle.back()};
  if (command_.accumulator == nullptr || sums < 0 || sums > last_start()) return;
  if (sums % layout_.interval == 0) fill(y_port_, command_.accumulator, sums / layout_.interval);
}

void CycleSsm::fill(std::vector<Line>& port, const float* rows, Clock step) const {
  const Clock time = command_.reverse ? Clock{command_.steps} - 1 - step : step;
  const float* row = rows + static_cast<std::size_t>(time) * place_.channels;
  for (unsigned fold = 0; fold < place_.folds_used; ++fold)
    std::memcpy(port[std::size_t{fold} * row_lines_].lane, row + std::size_t{fold} * place_.columns,
                place_.fold_channels(fold) * sizeof(float));
}

// Bottom row first, so that a row reads the one above before that one moves on.
EPOCH_KERNEL void CycleSsm::move_rows(Clock now) {
  const Clock delta = layout_.row_delay, interval = layout_.interval;
  const Clock lowest = std::min<Clock>(place_.segment_height - 1, now / delta);
  const Clock highest = now > span_ ? (now - span_ + delta - 1) / delta : 0;
  Clock phase = (now - lowest * delta) % interval;
  for (Clock row = lowest; row >= highest; --row) {
    const std::vector<Action>& actions = phases_[static_cast<std::size_t>(phase)];
    for (unsigned fold = 0; fold < place_.folds_used; ++fold)
      for (const Action& action : actions) act(action, fold, static_cast<unsigned>(row), now);
    phase = (phase + delta) % interval;
  }
}

// One action in row `row` of a segment. An empty row does no arithmetic: u and y pass.
EPOCH_INLINE void CycleSsm::act(const Action& action, unsigned fold, unsigned row, Clock now) {
  const Clock time = now - Clock{row} * layout_.row_delay;
  const bool empty = row >= place_.modes, enters = time <= action.last;
  if (time < action.first || (!enters && action.depth <= 1)) return;
  if (empty && !action.from_above) return;
  const unsigned count = lines_for(place_.fold_channels(fold));
  const std::size_t at = std::size_t{fold} * place_.segment_height + row;
  Line* result = action.result.row(at);
  for (std::size_t age = action.depth; age > 1; --age)
    std::memcpy(result + (age - 1) * row_lines_, result + (age - 2) * row_lines_,
                count * sizeof(Line));
  if (!enters) return;
  const std::vector<Line>& port = action.takes_u ? u_port_ : y_port_;
  const Line* left = !action.from_above ? action.left.row(at)
                     : row == 0         ? &port[std::size_t{fold} * row_lines_]
                                        : action.left.row(at - 1);
  const Line* right = action.right.row(at);
  // What the bottom row sums leaves through the adder's stages.
  if (action.makes_y && fold == 0 && row + 1 == place_.segment_height)
    leaves_.push_back(now + add_latency_);
  switch (empty ? Action::pass : action.kind) {
    case Action::multiply:
      EPOCH_UNROLL
      for (unsigned i = 0; i < count; ++i) lanes(result[i]) = lanes(left[i]) * lanes(right[i]);
      break;
    case Action::add:
      EPOCH_UNROLL
      for (unsigned i = 0; i < count; ++i) lanes(result[i]) = lanes(left[i]) + lanes(right[i]);
      break;
    case Action::subtract:
      EPOCH_UNROLL
      for (unsigned i = 0; i < count; ++i) lanes(result[i]) = lanes(left[i]) - lanes(right[i]);
      break;
    case Action::pass:
      EPOCH_UNROLL
      for (unsigned i = 0; i < count; ++i) lanes(result[i]) = lanes(left[i]);
      break;
  }
}

void CycleSsm::leave(unsigned step, CycleDrain& drain) {
  const Register y = file_.stage(additions_.back(), add_latency_ / layout_.interval);
  for (unsigned fold = 0; fold < place_.folds_used; ++fold)
    std::memcpy(&leaving_[std::size_t{fold} * place_.columns],
                y.row((fold + 1) * place_.segment_height - 1)->lane,
                place_.fold_channels(fold) * sizeof(float));
  drain.take(step, leaving_.data());
}

}  // namespace epoch
