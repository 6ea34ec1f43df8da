// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/cycle_gemm.h"

#include <algorithm>
#include <numeric>

#include "epochcore/pe_grid/placement.h"

namespace epoch {

CycleGemm::CycleGemm(const ArrayConfig& config, const StepLayout& layout,
                     const CoefficientBlock& block, const ArrayCommand& command,
                     const std::vector<Line>& weights)
    : layout_(layout),
      command_(command),
      inputs_(block.modes),
      columns_(block.channels),
      rows_(segment_height(config, block.modes)),
      row_lines_(lines_for(config.cols)),
      hop_(config.hop),
      add_latency_(config.add_latency),
      x_age_(stage_after(config.hop, layout.interval)),
      product_age_(stage_after(layout.addition_cycle.back() - layout.product_cycle.front(),
                               layout.interval)),
      sum_age_(stage_after(layout.row_delay, layout.interval)),
      leaving_age_(config.add_latency / layout.interval),  // read once every register has moved
      weights_(weights),
      file_(rows_, row_lines_),
      column_stride_(layout.interval / std::gcd(layout.interval, config.hop)),
      arriving_(row_lines_),
      left_(std::size_t{command.steps} * columns_) {
  x_.depth = x_age_ + 1;
  product_.depth = product_age_ + 1;
  sum_.depth = std::max(sum_age_, leaving_age_) + 1;
  for (Pipeline* each : {&x_, &product_, &sum_}) file_.place(*each);
}

void CycleGemm::clock(Clock now, CycleDrain& drain) {
  move_rows(now);
  // What the bottom row summed as long ago as the adder's stages take.
  const Clock bottom = now - Clock{rows_ - 1} * layout_.row_delay;
  leave(bottom - layout_.addition_cycle.back() - add_latency_, drain);
}

// `empty_steps`: so many more steps after the last push on what is still in the pipelines.
EPOCH_INLINE CycleGemm::Wave CycleGemm::wave(Clock local, unsigned empty_steps) const {
  const Clock interval = layout_.interval;
  const Clock since_last = local - (Clock{command_.steps - 1} + empty_steps) * interval;
  Wave columns{since_last > 0 ? (since_last + hop_ - 1) / hop_ : 0,
               local < 0 ? -1 : std::min<Clock>(columns_ - 1, local / hop_)};
  for (Clock tries = 1; columns.last >= 0 && (local - columns.last * hop_) % interval != 0; ++tries)
    columns.last = tries < column_stride_ ? columns.last - 1 : -1;
  return columns;
}

template <class Visit>
EPOCH_INLINE void CycleGemm::for_runs(const Wave& wave, Visit visit) const {
  if (column_stride_ == 1 && wave.first <= wave.last)
    visit(wave.first, static_cast<std::size_t>(wave.last - wave.first + 1));
  else
    for (Clock c = wave.last; c >= wave.first; c -= column_stride_) visit(c, std::size_t{1});
}

EPOCH_INLINE std::size_t CycleGemm::step_of(Clock local, Clock column) const {
  return static_cast<std::size_t>((local - column * hop_) / layout_.interval);
}

EPOCH_INLINE float* CycleGemm::row(const Pipeline& pipeline, unsigned age, unsigned r) {
  return file_.stage(pipeline, age).row(r)->lane;
}

// Moves the stages behind a register of row r, where a word or, after the last step, none enters.
EPOCH_INLINE void CycleGemm::shift(const Pipeline& pipeline, unsigned r, Clock local) {
  if (pipeline.depth == 1) return;
  for_runs(wave(local, pipeline.depth - 1), [&](Clock c, std::size_t count) {
    for (unsigned age = pipeline.depth - 1; age > 0; --age)
      std::memcpy(row(pipeline, age, r) + c, row(pipeline, age - 1, r) + c, count * sizeof(float));
  });
}

// Bottom row first, so that a row reads the one above before that one moves on; within a row the
// older work first: sums read products before new ones enter.
EPOCH_KERNEL void CycleGemm::move_rows(Clock now) {
  const Clock delta = layout_.row_delay, sum_cycle = layout_.addition_cycle.back();
  for (Clock r = std::min<Clock>(rows_ - 1, now / delta); r >= 0; --r) {
    const Clock local = now - r * delta;
    const unsigned index = static_cast<unsigned>(r);
    sum_row(index, local - sum_cycle);
    if (index >= inputs_) continue;
    take_x(index, local);
    multiply_row(index, local);
  }
}

// y = y + w*x; at the top y is the accumulator or +0. A row without a weight passes y on.
EPOCH_INLINE void CycleGemm::sum_row(unsigned r, Clock local) {
  float* arriving = arriving_.front().lane;
  const Wave columns = wave(local);
  for_runs(columns, [&](Clock c, std::size_t count) {
    if (r > 0) {
      std::memcpy(arriving + c, row(sum_, sum_age_, r - 1) + c, count * sizeof(float));
      return;
    }
    for (Clock end = c + static_cast<Clock>(count); c < end; ++c)
      arriving[c] =
          command_.accumulator == nullptr
              ? 0.0f
              : command_.accumulator[step_of(local, c) * columns_ + static_cast<std::size_t>(c)];
  });
  shift(sum_, r, local);
  for_runs(columns, [&](Clock c, std::size_t count) {
    float* __restrict sum = row(sum_, 0, r) + c;
    const float* __restrict y = arriving + c;
    const float* __restrict product = row(product_, product_age_, r) + c;
    if (r < inputs_)
      for (std::size_t i = 0; i < count; ++i) sum[i] = y[i] + product[i];
    else
      std::memcpy(sum, y, count * sizeof(float));
  });
}

// x of a column is its left neighbour's of a hop ago; the first column's comes from the west port.
EPOCH_INLINE void CycleGemm::take_x(unsigned r, Clock local) {
  float* arriving = arriving_.front().lane;
  const Wave columns = wave(local);
  for_runs(columns, [&](Clock c, std::size_t count) {
    const float* left = row(x_, x_age_, r) - 1;
    if (c == 0) arriving[0] = command_.u[step_of(local, 0) * inputs_ + r];
    if (c == 0) ++c, --count;
    std::memcpy(arriving + c, left + c, count * sizeof(float));
  });
  shift(x_, r, local);
  for_runs(columns, [&](Clock c, std::size_t count) {
    std::memcpy(row(x_, 0, r) + c, arriving + c, count * sizeof(float));
  });
}

EPOCH_INLINE void CycleGemm::multiply_row(unsigned r, Clock local) {
  shift(product_, r, local);
  for_runs(wave(local), [&](Clock c, std::size_t count) {
    float* __restrict product = row(product_, 0, r) + c;
    const float* __restrict weight = weights_[std::size_t{r} * row_lines_].lane + c;
    const float* __restrict x = row(x_, 0, r) + c;
    for (std::size_t i = 0; i < count; ++i) product[i] = weight[i] * x[i];
  });
}

void CycleGemm::leave(Clock local, CycleDrain& drain) {
  const Wave columns = wave(local);
  const float* sum = row(sum_, leaving_age_, rows_ - 1);
  for (Clock c = columns.last; c >= columns.first; c -= column_stride_)
    left_[step_of(local, c) * columns_ + static_cast<std::size_t>(c)] = sum[c];
  if (columns.last < columns.first || columns.last != Clock{columns_} - 1) return;
  const std::size_t step = step_of(local, columns.last);
  drain.take(static_cast<unsigned>(step), &left_[step * columns_]);
}

}  // namespace epoch
