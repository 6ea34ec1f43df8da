// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/fast_array.h"

#include <algorithm>
#include <cstring>

#include "epochcore/flush_to_zero.h"
#include "epochcore/pe_grid/fast_drain.h"
#include "epochcore/pe_grid/number_format.h"
#include "epochcore/pe_grid/operands.h"
#include "epochcore/pe_grid/timing.h"

namespace epoch {

namespace {

// u and y of a column group's tile stay in the first-level cache.
constexpr unsigned kTileSteps = 64;

unsigned time_of(const ArrayCommand& command, unsigned step) {
  return command.reverse ? command.steps - 1 - step : step;
}

// By lane, what comes by channel.
std::vector<float> by_lane(const float* by_channel, const CoefficientBlock& block) {
  std::vector<float> words;
  if (by_channel == nullptr) return words;
  for (unsigned lane = 0; lane < block.lanes(); ++lane)
    words.push_back(by_channel[lane / block.sequences]);
  return words;
}

const float* data_or_null(const std::vector<float>& words) {
  return words.empty() ? nullptr : words.data();
}

}  // namespace

FastArray::FastArray(const ArrayConfig& config)
    : PeArray(config),
      groups_(lines_for(config.cols)),
      rows_(state_rows(config)),
      state_(std::size_t{config.state_slots} * rows_ * groups_ * kParts),
      resident_(std::size_t{config.rows} * config.state_slots * kParts),
      shares_(config.rows) {
  for (std::vector<Line>* lines : {&north_[0], &north_[1], &sums_[0], &sums_[1]})
    lines->resize(kTileSteps);
}

template <class Visit>
void FastArray::for_groups(const Placement& place, Visit visit) const {
  for (unsigned slot = 0; slot < place.lane_slots; ++slot)
    for (unsigned fold = 0; fold < place.folds_used; ++fold)
      for (unsigned column = 0; column < place.group_lanes(fold, slot); column += kLanes)
        visit(Group{fold, slot, column, std::min(kLanes, place.group_lanes(fold, slot) - column)});
}

// Sequences of a batch share their channels' coefficients.
const Line* FastArray::group_coefficients(const Placement& place, const Group& group) const {
  const std::size_t lines = std::size_t{block_.modes} * coefficient_words(block_.mode).size();
  const unsigned slot = place.kind == SlotsKind::channel ? group.slot : 0;
  return coefficients_.data() +
         ((std::size_t{slot} * place.folds_used + group.fold) * groups_ + group.column / kLanes) *
             lines;
}

void FastArray::load(const CoefficientBlock& block) {
  const Placement place(config_, block);
  block_ = block;
  const std::size_t lines = std::size_t{block.modes} * coefficient_words(block.mode).size();
  const unsigned slots = place.kind == SlotsKind::channel ? place.slots : 1;
  coefficients_.assign(slots * place.folds_used * groups_ * lines, Line{});
  for_groups(place, [&](const Group& group) {
    if (place.kind == SlotsKind::batch && group.slot > 0) return;
    Line* to = const_cast<Line*>(group_coefficients(place, group));
    for (unsigned i = 0; i < group.count; ++i) {
      const unsigned lane = place.group_lane(group.fold, group.slot, group.column + i);
      const float* word = block.words + place.channel(lane) * lines;
      for (std::size_t line = 0; line < lines; ++line) to[line].lane[i] = word[line];
    }
  });
  extra_ = by_lane(block.extra, block);
  scale_ = by_lane(block.scale, block);
  block_.words = nullptr;
  block_.extra = data_or_null(extra_);
  block_.scale = data_or_null(scale_);
}

template <class Array, class Visit>
void FastArray::for_state(Array& array, const CoefficientBlock& block, Visit visit) {
  const Placement place(array.config_, block);
  for (unsigned lane = 0; lane < block.lanes(); ++lane)
    for (unsigned mode = 0; mode < block.modes; ++mode)
      for (unsigned part = 0; part < state_words(block.mode); ++part) {
        const unsigned column = place.column(lane);
        visit(array.state_line(place.slot(lane, mode), place.row(lane, mode), column / kLanes, part)
                  .lane[column % kLanes]);
      }
}

void FastArray::save_state(const CoefficientBlock& shape, float* words) const {
  const bool integers = shape.type == NumberType::int8;
  for_state(*this, shape, [&](float word) { *words++ = integers ? word : canonical_nan(word); });
}

void FastArray::load_state(const CoefficientBlock& shape, const float* words) {
  for_state(*this, shape, [&](float& word) { word = *words++; });
}

void FastArray::zero_used_state() {
  for_state(*this, block_, [](float& word) { word = 0.0f; });
}

ArrayTiming FastArray::run(const ArrayCommand& command, float* y, NumericEvents& events) {
  check(block_, command);
  const Placement place(config_, block_);
  if (command.zero_state) zero_used_state();
  const unsigned row = drained_elements(block_);
  raw_.resize(std::size_t{kTileSteps} * row);
  const FlushToZero flush;
  FastDrain drain(block_, command, block_.extra, block_.scale, y, events);
  for (unsigned first = 0; first < command.steps; first += kTileSteps) {
    const unsigned count = std::min(kTileSteps, command.steps - first);
    if (block_.mode == ArrayMode::mac)
      gemm_tile(command, first, count, events);
    else
      ssm_tile(command, place, first, count, events);
    for (unsigned i = 0; i < count; ++i)
      drain.finish(time_of(command, first + i), &raw_[std::size_t{i} * row]);
  }
  return command_timing(config_, block_, command);
}

// ---- A tile of steps ----

// Lanes of the group from a row of words by lane.
void FastArray::gather(const Placement& place, const Group& group, const float* row,
                       Line& line) const {
  const unsigned lane = place.group_lane(group.fold, group.slot, group.column);
  if (place.sequences == 1) {
    std::memcpy(line.lane, row + lane, group.count * sizeof(float));
    return;
  }
  for (unsigned i = 0; i < group.count; ++i) line.lane[i] = row[lane + i * place.sequences];
}

void FastArray::scatter(const Placement& place, const Group& group, const Line& line,
                        float* row) const {
  const unsigned lane = place.group_lane(group.fold, group.slot, group.column);
  if (place.sequences == 1) {
    std::memcpy(row + lane, line.lane, group.count * sizeof(float));
    return;
  }
  for (unsigned i = 0; i < group.count; ++i) row[lane + i * place.sequences] = line.lane[i];
}

// Words from north and the sums that y starts from.
void FastArray::fill_group(const ArrayCommand& command, const Placement& place, const Group& group,
                           unsigned first, unsigned count) {
  const bool edge = block_.mode == ArrayMode::edge;
  const float* const by_lane[2] = {command.decay != nullptr ? command.decay : command.u,
                                   command.drive};
  for (unsigned i = 0; i < count; ++i) {
    const std::size_t row = std::size_t{time_of(command, first + i)} * place.lanes;
    if (edge) {
      for (unsigned c = 0; c < group.count; ++c)
        for (unsigned part = 0; part < 2; ++part)
          north_[part][i].lane[c] = command.u[2 * (row + group.column + c) + part];
      continue;
    }
    for (unsigned word = 0; word < 2; ++word)
      if (by_lane[word] != nullptr) gather(place, group, by_lane[word] + row, north_[word][i]);
    sums_[0][i] = Line{};
    if (command.accumulator != nullptr)
      gather(place, group, command.accumulator + row, sums_[0][i]);
  }
}

// B_k and C_k of the tile in the order of its steps.
void FastArray::fill_west(const ArrayCommand& command, unsigned first, unsigned count) {
  for (unsigned word = 0; word < 2; ++word) {
    const float* const from = word == 0 ? command.b : command.c;
    west_[word].resize(std::size_t{count} * block_.modes);
    for (unsigned i = 0; i < count; ++i)
      std::copy_n(from + std::size_t{time_of(command, first + i)} * block_.modes, block_.modes,
                  &west_[word][std::size_t{i} * block_.modes]);
  }
}

// Between the state registers and the kernel's lines; columns of the group that hold no lane of
// this block keep their state.
void FastArray::move_state(const Placement& place, const Group& group, bool to_kernel) {
  const unsigned parts = state_words(block_.mode);
  const unsigned lane = place.group_lane(group.fold, group.slot, group.column);
  for (unsigned mode = 0; mode < block_.modes; ++mode)
    for (unsigned part = 0; part < parts; ++part) {
      Line& kept =
          state_line(place.slot(lane, mode), place.row(lane, mode), group.column / kLanes, part);
      Line& used = resident_[mode * parts + part];
      if (to_kernel)
        used = kept;
      else
        std::memcpy(kept.lane, used.lane, group.count * sizeof(float));
    }
}

void FastArray::ssm_tile(const ArrayCommand& command, const Placement& place, unsigned first,
                         unsigned count, NumericEvents& events) {
  const GroupKernel kernel = group_kernel(block_.mode, block_.type);
  const bool edge = block_.mode == ArrayMode::edge;
  GroupTile tile;
  tile.steps = count;
  tile.modes = block_.modes;
  tile.modes_per_row = place.modes_per_row;
  tile.reduce = config_.reduce;
  tile.state = resident_.data();
  tile.scratch = shares_.data();
  for (unsigned i = 0; i < 2; ++i) {
    tile.north[i] = north_[i].data();
    tile.y[i] = sums_[i].data();
  }
  if (command.b != nullptr) fill_west(command, first, count);
  for (unsigned i = 0; i < 2; ++i) tile.west[i] = west_[i].data();
  for_groups(place, [&](const Group& group) {
    fill_group(command, place, group, first, count);
    move_state(place, group, true);
    tile.coefficients = group_coefficients(place, group);
    kernel(tile);
    move_state(place, group, false);
    for (unsigned i = 0; i < count; ++i) {
      float* const row = &raw_[std::size_t{i} * drained_elements(block_)];
      if (edge)
        for (unsigned c = 0; c < group.count; ++c)
          for (unsigned part = 0; part < 2; ++part)
            row[2 * (group.column + c) + part] = sums_[part][i].lane[c];
      else
        scatter(place, group, sums_[0][i], row);
    }
  });
  events.saturated += tile.saturated;
}

void FastArray::gemm_tile(const ArrayCommand& command, unsigned first, unsigned count,
                          NumericEvents& events) {
  Line* const sums = sums_[0].data();
  for (unsigned begin = 0; begin < block_.channels; begin += kLanes) {
    const std::size_t bytes = std::min(kLanes, block_.channels - begin) * sizeof(float);
    for (unsigned i = 0; i < count; ++i) {
      sums[i] = Line{};
      if (command.accumulator != nullptr)
        std::memcpy(sums[i].lane,
                    command.accumulator + std::size_t{first + i} * block_.channels + begin, bytes);
    }
    const Line* const weights = &coefficients_[std::size_t{begin / kLanes} * block_.modes];
    const float* const x = command.u + std::size_t{first} * block_.modes;
    if (block_.type == NumberType::int8)
      events.saturated += gemm_int8(weights, block_.modes, x, sums, count);
    else
      gemm_fp32(weights, block_.modes, x, sums, count);
    for (unsigned i = 0; i < count; ++i)
      std::memcpy(&raw_[std::size_t{i} * block_.channels + begin], sums[i].lane, bytes);
  }
}

}  // namespace epoch
