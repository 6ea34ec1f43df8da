// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/cycle_pes.h"

#include <algorithm>
#include <cstring>

#include "epochcore/pe_grid/integer_arithmetic.h"
#include "epochcore/pe_grid/number_format.h"
#include "epochcore/pe_grid/operands.h"
#include "epochcore/pe_grid/pe_operators.h"
#include "epochcore/pe_grid/timing.h"

namespace epoch {

namespace {

// Steps that may be leaving at once: columns, slots and segments lag behind each other.
Clock steps_leaving(const StepLayout& layout, const Placement& place, unsigned fold_delay,
                    unsigned hop) {
  const Clock lag = Clock{place.columns} * hop + Clock{place.slots} * layout.chain_delay +
                    Clock{place.folds_used} * fold_delay + layout.depth + layout.network;
  return lag / layout.interval + 3;
}

}  // namespace

CyclePes::CyclePes(const ArrayConfig& config, const StepLayout& layout,
                   const CoefficientBlock& block, const ArrayCommand& command,
                   NumericEvents& events)
    : config_(config),
      layout_(layout),
      block_(block),
      command_(command),
      events_(events),
      place_(config, block),
      program_(pe_program(config, layout, pe_step(block.mode, block.type, config.pe_exp), block,
                          place_)),
      skew_(std::min(place_.columns, place_.channels), config.hop, layout.interval,
            streams_west(block.mode)),
      lockstep_(block.mode == ArrayMode::dplr),
      integers_(block.type == NumberType::int8),
      side_by_side_(skew_.steps_apart == 0 && place_.sequences == 1 &&
                    block.mode != ArrayMode::edge),
      steps_(command.steps),
      row_lines_(skew_.places / kLanes),
      fold_delay_(fold_delay(config, place_)),
      outputs_(drained_elements(block)),
      file_(place_.folds_used * place_.segment_height, row_lines_),
      phases_(layout.interval),
      arriving_(row_lines_),
      tops_(std::size_t{3} * place_.slots * row_lines_),
      network_(config, layout.network, row_lines_),
      steps_held_(steps_leaving(layout, place_, fold_delay_, config.hop)),
      left_(static_cast<std::size_t>(steps_held_) * outputs_) {
  for (unsigned fold = 0; fold < place_.folds_used; ++fold)
    for (unsigned slot = 0; slot < place_.slots; ++slot)
      lanes_in_.push_back(place_.group_lanes(fold, slot));
  for (unsigned slot = 0; slot < place_.slots; ++slot)
    for (unsigned row = 0; row < place_.segment_height; ++row) {
      const unsigned in_slot = place_.kind == SlotsKind::mode ? slot : 0;
      occupied_.push_back(row * place_.modes_per_row + in_slot < place_.modes);
    }
  load_coefficients();
  place_registers();
  wire();
  span_ += Clock{skew_.hop} * (skew_.columns - 1);
}

void CyclePes::wire() {
  // Constants are read by address: room for all of them before the first is wired.
  constants_.reserve(std::size_t{row_lines_} * 3 * program_.actions.size());
  const unsigned leaving_age = config_.add_latency / layout_.interval;
  for (const PeAction& action : program_.actions) {
    const Pipeline& made = pipelines_[action.result];
    Wired wired;
    wired.kind = action.kind;
    wired.from_above = action.from_above;
    wired.passes_empty = action.passes_empty;
    wired.ends = action.leaves || action.shares_sum || action.shares_y;
    wired.shifts = made.depth > 1;
    wired.slot = action.slot;
    wired.steps_behind = action.cycle / layout_.interval;
    wired.made = file_.stage(made, 0);
    wired.left = register_of(action.left, action.slot);
    wired.right = register_of(action.right, action.slot);
    wired.exponent = register_of(action.exponent, action.slot);
    if (wired.ends) wired.leaving = file_.stage(made, leaving_age);
    wired.depth = made.depth;
    wired.word = action.word;
    wired.shift = action.shift;
    wired.shares_sum = action.shares_sum;
    phases_[action.cycle % layout_.interval].push_back(wired);
    const Clock moves = wired.shifts ? made.depth - 1 : 0;
    span_ = std::max(span_, action.cycle + (steps_ - 1 + moves) * layout_.interval);
    if (action.leaves && block_.mode == ArrayMode::edge)
      for (unsigned part : program_.state) {
        const unsigned age = action.cycle + config_.add_latency - program_.values[part].cycle;
        edge_results_.push_back(file_.stage(pipelines_[part], age / layout_.interval));
      }
  }
}

// ---- Registers ---------------------------------------------------------------------------------

void CyclePes::place_registers() {
  for (const PeValue& value : program_.values) pipelines_.push_back({value.depth, 0});
  place_products();
  for (std::size_t i = program_.products; i < pipelines_.size(); ++i) file_.place(pipelines_[i]);
}

// Products share result registers, as multipliers do: one is free once its word has been read.
void CyclePes::place_products() {
  // From a word's making to its last reading, counted in turns: a cycle has one for each action.
  struct Life {
    unsigned begin, end;
  };
  const unsigned turns = static_cast<unsigned>(program_.actions.size());
  const unsigned period = turns * layout_.interval;
  std::vector<Life> lives(program_.products, Life{0, 0});
  for (unsigned i = 0; i < turns; ++i) {
    const PeAction& action = program_.actions[i];
    const unsigned turn = action.cycle * turns + i;
    if (action.result < program_.products) lives[action.result].begin = turn;
    for (const PeRead* read : {&action.left, &action.right, &action.exponent})
      if (read->kind == PeRead::value && read->index < program_.products)
        lives[read->index].end = std::max(lives[read->index].end, turn);
  }
  const auto apart = [period](const Life& a, const Life& b) {
    const unsigned gap = (b.begin % period + period - a.begin % period) % period;
    return gap > a.end - a.begin && gap + (b.end - b.begin) < period;
  };
  for (unsigned i = 0; i < program_.products; ++i) {
    const auto fits = [&](const Pipeline& shared) {
      for (unsigned k = 0; k < i; ++k)
        if (pipelines_[k].first == shared.first && pipelines_[k].depth == 1 &&
            !apart(lives[k], lives[i]))
          return false;
      return shared.depth == 1 && pipelines_[i].depth == 1;
    };
    const auto end = pipelines_.begin() + i;
    const auto shared = std::find_if(pipelines_.begin(), end, fits);
    if (shared == end)
      file_.place(pipelines_[i]);
    else
      pipelines_[i].first = shared->first;
  }
}

Register CyclePes::register_of(const PeRead& read, unsigned slot) {
  switch (read.kind) {
    case PeRead::none:
      break;
    case PeRead::value: {
      const unsigned age = read.distance == 0 ? 0 : stage_after(read.distance, layout_.interval);
      return file_.stage(pipelines_[read.index], age);
    }
    case PeRead::coefficient: {
      const std::size_t words = coefficient_words(block_.mode).size();
      const std::size_t rows = std::size_t{place_.folds_used} * place_.segment_height;
      return {&coefficients_[(slot * words + read.index) * rows * row_lines_], row_lines_};
    }
    case PeRead::constant: {
      Line line;
      std::fill_n(line.lane, kLanes, float_of_bits(read.index));
      constants_.insert(constants_.end(), row_lines_, line);
      return {&constants_[constants_.size() - row_lines_], 0};
    }
  }
  return {};
}

void CyclePes::load_coefficients() {
  const std::size_t words = coefficient_words(block_.mode).size();
  const std::size_t rows = std::size_t{place_.folds_used} * place_.segment_height;
  coefficients_.resize(place_.slots * words * rows * row_lines_);
  for (unsigned lane = 0; lane < place_.lanes; ++lane)
    for (unsigned mode = 0; mode < place_.modes; ++mode)
      for (std::size_t w = 0; w < words; ++w) {
        const std::size_t row = place_.row(lane, mode) - place_.first_row;
        const unsigned place = skew_.place_of(place_.column(lane));
        coefficients_[((place_.slot(lane, mode) * words + w) * rows + row) * row_lines_ +
                      place / kLanes]
            .lane[place % kLanes] =
            block_.words[(std::size_t{place_.channel(lane)} * place_.modes + mode) * words + w];
      }
}

float& CyclePes::state(unsigned lane, unsigned mode, unsigned part) {
  const unsigned parts = state_words(block_.mode);
  const unsigned value = program_.state[place_.slot(lane, mode) * parts + part];
  const unsigned place = skew_.place_of(place_.column(lane));
  return file_.stage(pipelines_[value], 0)
      .row(place_.row(lane, mode) - place_.first_row)[place / kLanes]
      .lane[place % kLanes];
}

void CyclePes::start() {
  for (unsigned value : program_.state)
    for (unsigned age = 1; age < pipelines_[value].depth; ++age)
      for (unsigned row = 0; row < place_.folds_used * place_.segment_height; ++row)
        std::copy_n(file_.stage(pipelines_[value], 0).row(row), row_lines_,
                    file_.stage(pipelines_[value], age).row(row));
}

// A row and slot that hold a mode of some lane; the others do no arithmetic, but pass u and y on.
EPOCH_INLINE bool CyclePes::occupied(const Site& at, unsigned slot) const {
  return occupied_[std::size_t{slot} * place_.segment_height + at.row] != 0 &&
         lanes_in_[at.fold * place_.slots + slot] > 0;
}

std::size_t CyclePes::time_of(Clock step) const {
  return static_cast<std::size_t>(command_.reverse ? Clock{command_.steps} - 1 - step : step);
}

// ---- Clock by clock ----------------------------------------------------------------------------

void CyclePes::clock(Clock now, CycleDrain& drain) {
  if (lockstep_) deliver(now, drain);
  move_rows(now);
  for (; !due_.empty() && due_.front().when == now; due_.pop_front()) {
    if (lockstep_)
      enter_network(due_.front());
    else
      take_result(due_.front(), drain);
  }
}

// Bottom row first, so that a row reads the one above before that one moves on.
EPOCH_KERNEL void CyclePes::move_rows(Clock now) {
  const Clock delta = layout_.row_delay, last = Clock{place_.segment_height} - 1;
  for (unsigned fold = 0; fold < place_.folds_used; ++fold) {
    const Clock local = now - Clock{fold} * fold_delay_;
    if (local < 0) break;
    Clock lowest = last, highest = 0;
    if (delta > 0) {
      lowest = std::min(last, local / delta);
      highest = local > span_ ? (local - span_ + delta - 1) / delta : 0;
    }
    StepTime time = step_time(local - lowest * delta);
    for (Clock row = lowest; row >= highest; --row) {
      move_row({now, fold, static_cast<unsigned>(row), 0, 0}, time);
      time.add(delta, layout_.interval);
    }
  }
}

EPOCH_INLINE void CyclePes::move_row(Site at, StepTime time) {
  for (; at.group < skew_.groups; ++at.group) {
    if (time.step < 0) return;
    for (const Wired& wired : phases_[static_cast<std::size_t>(time.phase)]) {
      at.step = time.step - wired.steps_behind;
      if (at.step >= 0) act(wired, at);
    }
    time.add(-Clock{skew_.hop}, layout_.interval);
  }
}

// One action of the columns of a group in a row of a segment.
EPOCH_INLINE void CyclePes::act(const Wired& wired, const Site& at) {
  const Run run = skew_.run(at.group, at.step, steps_);
  const std::size_t row = std::size_t{at.fold} * place_.segment_height + at.row;
  const bool works = occupied(at, wired.slot);
  if (run.count == 0) {
    if (wired.shifts && (works || wired.passes_empty)) shift(wired, row, at);
    return;
  }
  // The bottom row's y leaves; dplr's rows share in one step.
  if (wired.ends && at.row + 1 == (lockstep_ ? 1 : place_.segment_height))
    due_.push_back({at.now + config_.add_latency, &wired, at});
  if (!works && !wired.passes_empty) return;
  const float* const left = left_operand(wired, at, row, run);
  if (wired.shifts) shift(wired, row, at);
  if (works)
    compute(wired, row, left, run);
  else
    std::memmove(wired.made.row(row)->lane + run.first, left, run.count * sizeof(float));
}

// Moves the stages behind a register, where a word or, after the last step, none enters.
EPOCH_INLINE void CyclePes::shift(const Wired& wired, std::size_t row, const Site& at) {
  const Run run = skew_.run(at.group, at.step, steps_ + wired.depth - 1);
  if (run.count == 0) return;
  float* const newest = wired.made.row(row)->lane + run.first;
  const std::size_t stage = std::size_t{row_lines_} * kLanes;
  for (unsigned age = wired.depth - 1; age > 0; --age)
    std::memcpy(newest + age * stage, newest + (age - 1) * stage, run.count * sizeof(float));
}

EPOCH_INLINE const float* CyclePes::left_operand(const Wired& wired, const Site& at,
                                                 std::size_t row, const Run& run) {
  if (wired.kind == PeAction::take_west) return words_from_west(wired, at, row, run);
  if (!wired.from_above) return wired.left.row(row)->lane + run.first;
  // dplr broadcasts: what stands at the top is every row's, the bottom one fetches it first.
  const bool waits = lockstep_ && at.row + 1 < place_.segment_height;
  if (waits) return top_words(wired) + run.first;
  if (at.row == 0 || lockstep_) return words_from_north(wired, at, run);
  return wired.left.row(row - 1)->lane + run.first;
}

// Where the word of a column's lane stands in an operand [step][lane].
std::size_t CyclePes::word_at(const Site& at, unsigned slot, Clock step, unsigned column) const {
  return time_of(step) * place_.lanes + place_.group_lane(at.fold, slot, column);
}

// Room for the words at the top ports, of each slot: two from north, and y.
float* CyclePes::top_words(const Wired& wired) {
  const unsigned port = wired.slot * 3 + (wired.kind == PeAction::take_north ? wired.word : 2);
  return tops_[std::size_t{port} * row_lines_].lane;
}

// The words at the top of a segment: u and its like, and what y starts from.
const float* CyclePes::words_from_north(const Wired& wired, const Site& at, const Run& run) {
  float* const words = top_words(wired) + run.first;
  const bool edge = block_.mode == ArrayMode::edge;
  const float* from = command_.accumulator;
  if (wired.kind == PeAction::take_north) {
    const float* const first = command_.decay != nullptr ? command_.decay : command_.u;
    from = edge ? command_.u + wired.word : wired.word == 0 ? first : command_.drive;
  }
  const unsigned lanes = lanes_in_[at.fold * place_.slots + wired.slot];
  if (from != nullptr && side_by_side_) {
    std::memcpy(words, from + word_at(at, wired.slot, at.step, 0), lanes * sizeof(float));
  } else {
    for (unsigned i = 0; i < run.count; ++i) {
      const unsigned column = skew_.column(at.group, run.index + i);
      if (column >= lanes) break;
      const Clock step = at.step - Clock{run.index + i} * skew_.steps_apart;
      const std::size_t lane = word_at(at, wired.slot, step, column);
      words[i] = from == nullptr ? 0.0f : from[edge ? 2 * lane : lane];
    }
  }
  if (integers_ && wired.kind == PeAction::take_north)
    for (unsigned i = 0; i < run.count; ++i)
      words[i] = word_of_int(aligned_input(int_of_word(words[i])));
  return words;
}

// A column's word is its left neighbour's of a hop ago; the first column's comes from the port.
const float* CyclePes::words_from_west(const Wired& wired, const Site& at, std::size_t row,
                                       const Run& run) {
  float* const words = arriving_.front().lane + run.first;
  const float* const registers = wired.left.row(row)->lane;
  unsigned done = 0;
  if (at.group == 0 && run.index == 0) words[done++] = word_at_west_port(wired, at);
  const unsigned group = at.group == 0 ? skew_.groups - 1 : at.group - 1;
  const unsigned index = run.index + done - (at.group == 0 ? 1 : 0);
  std::memcpy(words + done, registers + skew_.place(group, index),
              (run.count - done) * sizeof(float));
  return words;
}

float CyclePes::word_at_west_port(const Wired& wired, const Site& at) const {
  const unsigned slot = place_.kind == SlotsKind::mode ? wired.slot : 0;
  const std::size_t mode = std::size_t{at.row} * place_.modes_per_row + slot;
  if (mode >= place_.modes) return 0.0f;
  const float* const from = block_.mode == ArrayMode::mac ? command_.u
                            : wired.word == 0             ? command_.b
                                                          : command_.c;
  return from[time_of(at.step) * place_.modes + mode];
}

EPOCH_INLINE void CyclePes::compute(const Wired& wired, std::size_t row, const float* left,
                                    const Run& run) {
  using namespace pe_operator;
  const unsigned count = run.count;
  float* const made = wired.made.row(row)->lane + run.first;
  // Of an operand that the action has: others have no register.
  const auto words = [&](const Register& operand) { return operand.row(row)->lane + run.first; };
  switch (wired.kind) {
    case PeAction::multiply:
      if (integers_)
        events_.saturated += multiply_integers(made, left, words(wired.right), wired.shift, count);
      else
        multiply(made, left, words(wired.right), count);
      break;
    case PeAction::add:
      if (integers_)
        events_.saturated += add_integers(made, left, words(wired.right), count);
      else
        add(made, left, words(wired.right), count);
      break;
    case PeAction::subtract:
      if (integers_)
        events_.saturated += subtract_integers(made, left, words(wired.right), count);
      else
        subtract(made, left, words(wired.right), count);
      break;
    case PeAction::saturating_add:
      events_.saturated += saturating_add(made, left, words(wired.right), count);
      break;
    case PeAction::fraction:
      fraction(made, left, count);
      break;
    case PeAction::add_scaled:
      add_scaled(made, left, words(wired.right), words(wired.exponent), count);
      break;
    case PeAction::exponential:
      exponential(made, left, count);
      break;
    case PeAction::take_north:
    case PeAction::take_west:
      std::memmove(made, left, count * sizeof(float));
      break;
  }
}

// ---- Leaving the array -------------------------------------------------------------------------

float* CyclePes::row_of_step(Clock step) {
  return &left_[static_cast<std::size_t>(step % steps_held_) * outputs_];
}

// y of the columns of a group, each of its own step, has left the bottom row.
void CyclePes::take_result(const Due& due, CycleDrain& drain) {
  const Site& at = due.at;
  const unsigned slot = due.wired->slot, lanes = lanes_in_[at.fold * place_.slots + slot];
  const bool edge = block_.mode == ArrayMode::edge;
  const std::size_t row = std::size_t{at.fold} * place_.segment_height + place_.segment_height - 1;
  const Run run = skew_.run(at.group, at.step, steps_);
  if (side_by_side_) {
    std::memcpy(row_of_step(at.step) + place_.group_lane(at.fold, slot, 0),
                due.wired->leaving.row(row)->lane, lanes * sizeof(float));
    if (ends_step(at.fold, slot)) drain.take(static_cast<unsigned>(at.step), row_of_step(at.step));
    return;
  }
  for (unsigned i = 0; i < run.count; ++i) {
    const unsigned column = skew_.column(at.group, run.index + i);
    if (column >= skew_.columns) break;
    const Clock step = at.step - Clock{run.index + i} * skew_.steps_apart;
    if (column < lanes)
      for (unsigned part = 0; part < (edge ? 2u : 1u); ++part) {
        const Register& result = edge ? edge_results_[part] : due.wired->leaving;
        const unsigned lane = place_.group_lane(at.fold, slot, column);
        row_of_step(step)[edge ? 2 * lane + part : lane] = result.row(row)->lane[run.first + i];
      }
    if (column + 1 == skew_.columns && ends_step(at.fold, slot))
      drain.take(static_cast<unsigned>(step), row_of_step(step));
  }
}

// The last of a step's results: other segments and slots have left by then, empty ones too.
bool CyclePes::ends_step(unsigned fold, unsigned slot) const {
  return fold + 1 == place_.folds_used && slot + 1 == place_.slots;
}

// dplr: the rows' shares, as they stand in their registers.
void CyclePes::enter_network(const Due& due) {
  const Site& at = due.at;
  CycleNetwork::Sum sum;
  sum.feedback = due.wired->shares_sum;
  sum.fold = at.fold;
  sum.slot = due.wired->slot;
  sum.step = at.step;
  sum.entered = due.when;
  for (unsigned row = 0; row < place_.rows_used; ++row) {
    const Line* const share =
        due.wired->leaving.row(std::size_t{at.fold} * place_.segment_height + row);
    sum.rows.insert(sum.rows.end(), share, share + row_lines_);
  }
  network_.enter(std::move(sum));
}

void CyclePes::deliver(Clock now, CycleDrain& drain) {
  network_.clock(now);
  for (; const CycleNetwork::Sum* sum = network_.arrived(now); network_.remove()) {
    if (sum->feedback) {
      feed_back(*sum);
      continue;
    }
    const unsigned lanes = lanes_in_[sum->fold * place_.slots + sum->slot];
    for (unsigned column = 0; column < lanes; ++column)
      row_of_step(sum->step)[place_.group_lane(sum->fold, sum->slot, column)] =
          sum->rows[column / kLanes].lane[column % kLanes];
    if (ends_step(sum->fold, sum->slot))
      drain.take(static_cast<unsigned>(sum->step), row_of_step(sum->step));
  }
}

// s reaches all rows of the segment; mode slots share it.
void CyclePes::feed_back(const CycleNetwork::Sum& sum) {
  const unsigned slot = place_.kind == SlotsKind::mode ? 0 : sum.slot;
  const Register s = file_.stage(pipelines_[program_.feedback[slot]], 0);
  for (unsigned row = 0; row < place_.segment_height; ++row)
    std::copy_n(sum.rows.data(), row_lines_,
                s.row(std::size_t{sum.fold} * place_.segment_height + row));
}

}  // namespace epoch
