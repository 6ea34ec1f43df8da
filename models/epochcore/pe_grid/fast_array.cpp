// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/fast_array.h"

#include <algorithm>

#include "epochcore/flush_to_zero.h"
#include "epochcore/pe_grid/timing.h"
#include "epochcore/pe_grid/transcendental.h"

namespace epoch {

namespace {

constexpr unsigned kTileSteps =
    64;  // u and y of a column group's tile stay in the first-level cache

// The kernels below run `steps` steps of a column group: row by row, so that a row's state and
// coefficients stay in registers for the whole tile, and every y is summed in row order.

EPOCH_KERNEL void real_steps(const Line* coefficients, Line* state, unsigned rows, const Line* u,
                             Line* y, unsigned steps) {
  for (unsigned row = 0; row < rows; ++row) {
    const Lanes a = lanes(coefficients[2 * row]), c = lanes(coefficients[2 * row + 1]);
    Lanes x = lanes(state[row]);
    for (unsigned t = 0; t < steps; ++t) {
      x = (a * x) + lanes(u[t]);
      lanes(y[t]) = lanes(y[t]) + c * x;
    }
    lanes(state[row]) = x;
  }
}

EPOCH_KERNEL void complex_steps(const Line* coefficients, Line* state, unsigned rows, const Line* u,
                                Line* y, unsigned steps) {
  for (unsigned row = 0; row < rows; ++row) {
    const Line* words = coefficients + 4 * row;
    const Lanes ar = lanes(words[0]), ai = lanes(words[1]);
    const Lanes cr = lanes(words[2]), ci = lanes(words[3]);
    Lanes xr = lanes(state[2 * row]), xi = lanes(state[2 * row + 1]);
    for (unsigned t = 0; t < steps; ++t) {
      const Lanes re = (ar * xr - ai * xi) + lanes(u[t]);
      const Lanes im = ar * xi + ai * xr;
      xr = re;
      xi = im;
      lanes(y[t]) = lanes(y[t]) + (cr * xr - ci * xi);
    }
    lanes(state[2 * row]) = xr;
    lanes(state[2 * row + 1]) = xi;
  }
}

// Rows of `x` are `inputs` apart.
template <unsigned kSteps>
EPOCH_INLINE void gemm_rows(const Line* weights, unsigned inputs, const float* x, Line* y) {
  Lanes sum[kSteps];
  for (unsigned t = 0; t < kSteps; ++t) sum[t] = lanes(y[t]);
  for (unsigned k = 0; k < inputs; ++k) {
    const Lanes w = lanes(weights[k]);
    for (unsigned t = 0; t < kSteps; ++t) sum[t] = sum[t] + w * x[t * inputs + k];
  }
  for (unsigned t = 0; t < kSteps; ++t) lanes(y[t]) = sum[t];
}

EPOCH_KERNEL void gemm_steps(const Line* weights, unsigned inputs, const float* x, Line* y,
                             unsigned steps) {
  constexpr unsigned kBlock = 8;
  unsigned t = 0;
  for (; t + kBlock <= steps; t += kBlock)
    gemm_rows<kBlock>(weights, inputs, x + std::size_t{t} * inputs, y + t);
  for (; t < steps; ++t) gemm_rows<1>(weights, inputs, x + std::size_t{t} * inputs, y + t);
}

// What the drain does to one row of values; pointers are null for the stages left out.
struct DrainRow {
  const float* d = nullptr;  // SSM: D, times u
  const float* u = nullptr;
  const float* bias = nullptr;    // GEMM
  const float* stored = nullptr;  // SSM: before the activation, GEMM: after it
  Activation activation = Activation::none;
  bool stored_first = true;
};

EPOCH_INLINE void add_row(float* v, const float* other, unsigned count) {
  for (unsigned i = 0; i < count; ++i) v[i] = v[i] + other[i];
}

// The drain's arithmetic on `v`, in place; returns the number of results.
EPOCH_KERNEL unsigned drain_row(float* v, unsigned count, const DrainRow& row) {
  if (row.d != nullptr)
    for (unsigned i = 0; i < count; ++i) v[i] = v[i] + (row.d[i] * row.u[i]);
  if (row.bias != nullptr) add_row(v, row.bias, count);
  if (row.stored != nullptr && row.stored_first) add_row(v, row.stored, count);
  if (row.activation == Activation::gelu)
    for (unsigned i = 0; i < count; ++i) v[i] = gelu(v[i]);
  if (row.activation == Activation::glu) {
    count /= 2;
    for (unsigned i = 0; i < count; ++i) v[i] = v[2 * i] * sigmoid(v[2 * i + 1]);
  }
  if (row.stored != nullptr && !row.stored_first) add_row(v, row.stored, count);
  return count;
}

// Conversion to fp32: one NaN, no subnormals.
EPOCH_KERNEL void convert_row(const float* v, unsigned count, float* result) {
  for (unsigned i = 0; i < count; ++i) {
    const std::uint32_t bits = bits_of_float(v[i]);
    const std::uint32_t flushed = (bits & 0x7F800000u) == 0 ? bits & 0x80000000u : bits;
    result[i] = canonical_nan(float_of_bits(flushed));
  }
}

EPOCH_KERNEL void count_events(const float* v, unsigned count, NumericEvents& events) {
  std::uint32_t infinite = 0, nan = 0;
  for (unsigned i = 0; i < count; ++i) {
    const std::uint32_t magnitude = bits_of_float(v[i]) & 0x7FFFFFFFu;
    infinite += magnitude == 0x7F800000u ? 1u : 0u;
    nan += magnitude > 0x7F800000u ? 1u : 0u;
  }
  events.overflow += infinite;
  events.nan += nan;
}

unsigned time_of(const ArrayCommand& command, unsigned step) {
  return command.reverse ? command.steps - 1 - step : step;
}

}  // namespace

FastArray::FastArray(const ArrayConfig& config)
    : PeArray(config),
      groups_(lines_for(config.cols)),
      state_(std::size_t{config.rows} * groups_ * kParts),
      north_(kTileSteps),
      sums_(kTileSteps),
      resident_(std::size_t{config.rows} * kParts) {}

void FastArray::load(const CoefficientBlock& block) {
  const Placement place(config_, block.mode, block.channels, block.modes);
  const unsigned words = coefficient_words(block.mode);
  const std::size_t group_lines = std::size_t{block.modes} * words;
  coefficients_.assign(place.folds_used * groups_ * group_lines, Line{});
  const float* word = block.words;
  for (unsigned channel = 0; channel < block.channels; ++channel) {
    const unsigned fold = channel / place.columns, column = place.column(channel);
    Line* lines = &coefficients_[(fold * groups_ + column / kLanes) * group_lines];
    for (std::size_t i = 0; i < group_lines; ++i) lines[i].lane[column % kLanes] = *word++;
  }
  extra_.clear();
  if (block.extra != nullptr) extra_.assign(block.extra, block.extra + block.channels);
  block_ = block;
  block_.words = coefficients_.front().lane;
  block_.extra = extra_.empty() ? nullptr : extra_.data();
}

void FastArray::save_state(ArrayMode mode, unsigned channels, unsigned modes, float* words) const {
  const Placement place(config_, mode, channels, modes);
  for (unsigned channel = 0; channel < channels; ++channel) {
    const unsigned column = place.column(channel);
    for (unsigned j = 0; j < modes; ++j)
      for (unsigned part = 0; part < state_words(mode); ++part)
        *words++ = canonical_nan(
            state_line(place.row(channel, j), column / kLanes, part).lane[column % kLanes]);
  }
}

void FastArray::load_state(ArrayMode mode, unsigned channels, unsigned modes, const float* words) {
  const Placement place(config_, mode, channels, modes);
  for (unsigned channel = 0; channel < channels; ++channel) {
    const unsigned column = place.column(channel);
    for (unsigned j = 0; j < modes; ++j)
      for (unsigned part = 0; part < state_words(mode); ++part)
        state_line(place.row(channel, j), column / kLanes, part).lane[column % kLanes] = *words++;
  }
}

void FastArray::zero_used_state() {
  const std::vector<float> zeros(std::size_t{block_.channels} * block_.modes *
                                 state_words(block_.mode));
  load_state(block_.mode, block_.channels, block_.modes, zeros.data());
}

ArrayTiming FastArray::run(const ArrayCommand& command, float* y, NumericEvents& events) {
  check(block_, command);
  const Placement place(config_, block_.mode, block_.channels, block_.modes);
  if (command.zero_state) zero_used_state();
  raw_.resize(std::size_t{kTileSteps} * block_.channels);
  const FlushToZero flush;
  for (unsigned first = 0; first < command.steps; first += kTileSteps) {
    const unsigned count = std::min(kTileSteps, command.steps - first);
    if (block_.mode == ArrayMode::mac)
      gemm_tile(command, first, count);
    else
      ssm_tile(command, place, first, count);
    finish_tile(command, first, count, y, events);
  }
  return command_timing(config_, block_, command);
}

void FastArray::ssm_tile(const ArrayCommand& command, const Placement& place, unsigned first,
                         unsigned count) {
  const unsigned parts = state_words(block_.mode), words = coefficient_words(block_.mode);
  const auto steps = block_.mode == ArrayMode::real ? real_steps : complex_steps;
  for (unsigned begin = 0; begin < block_.channels;) {
    const unsigned fold = begin / place.columns, column = begin % place.columns;
    const unsigned group = column / kLanes;
    const unsigned end = fold * place.columns + place.fold_channels(fold);
    const unsigned bytes = std::min(kLanes, end - begin) * static_cast<unsigned>(sizeof(float));
    for (unsigned i = 0; i < count; ++i) {
      const std::size_t at = std::size_t{time_of(command, first + i)} * block_.channels + begin;
      std::memcpy(north_[i].lane, command.u + at, bytes);
      sums_[i] = Line{};
      if (command.accumulator != nullptr)
        std::memcpy(sums_[i].lane, command.accumulator + at, bytes);
    }
    for (unsigned j = 0; j < block_.modes; ++j)
      for (unsigned part = 0; part < parts; ++part)
        resident_[j * parts + part] = state_line(place.row(begin, j), group, part);
    const std::size_t group_lines = std::size_t{block_.modes} * words;
    steps(&coefficients_[(fold * groups_ + group) * group_lines], resident_.data(), block_.modes,
          north_.data(), sums_.data(), count);
    // Columns of the group that hold no channel of this block keep their state.
    for (unsigned j = 0; j < block_.modes; ++j)
      for (unsigned part = 0; part < parts; ++part)
        std::memcpy(state_line(place.row(begin, j), group, part).lane,
                    resident_[j * parts + part].lane, bytes);
    for (unsigned i = 0; i < count; ++i)
      std::memcpy(&raw_[std::size_t{i} * block_.channels + begin], sums_[i].lane, bytes);
    begin += bytes / static_cast<unsigned>(sizeof(float));
  }
}

void FastArray::gemm_tile(const ArrayCommand& command, unsigned first, unsigned count) {
  for (unsigned begin = 0; begin < block_.channels; begin += kLanes) {
    const std::size_t bytes = std::min(kLanes, block_.channels - begin) * sizeof(float);
    for (unsigned i = 0; i < count; ++i) {
      sums_[i] = Line{};
      if (command.accumulator != nullptr)
        std::memcpy(sums_[i].lane,
                    command.accumulator + std::size_t{first + i} * block_.channels + begin, bytes);
    }
    gemm_steps(&coefficients_[std::size_t{begin / kLanes} * block_.modes], block_.modes,
               command.u + std::size_t{first} * block_.modes, sums_.data(), count);
    for (unsigned i = 0; i < count; ++i)
      std::memcpy(&raw_[std::size_t{i} * block_.channels + begin], sums_[i].lane, bytes);
  }
}

void FastArray::finish_tile(const ArrayCommand& command, unsigned first, unsigned count, float* y,
                            NumericEvents& events) {
  const unsigned channels = block_.channels;
  if (command.partial) {
    for (unsigned i = 0; i < count; ++i)
      convert_row(&raw_[std::size_t{i} * channels], channels,
                  y + std::size_t{time_of(command, first + i)} * channels);
    return;
  }
  const unsigned outputs = PeArray::outputs(block_, command.activation);
  const bool mac = block_.mode == ArrayMode::mac;
  DrainRow row;
  row.activation = command.activation;
  row.stored_first = !mac;
  if (command.use_extra) (mac ? row.bias : row.d) = block_.extra;
  for (unsigned i = 0; i < count; ++i) {
    const unsigned time = time_of(command, first + i);
    float* v = &raw_[std::size_t{i} * channels];
    row.u = mac ? nullptr : command.u + std::size_t{time} * channels;
    // With `shift` a step's value belongs to the time before; the last time has none of this
    // direction, and the value of time 0 belongs nowhere.
    unsigned target = time;
    if (command.shift && time == command.steps - 1) {
      DrainRow last;
      last.activation = row.activation;
      std::vector<float> copy(command.stored + std::size_t{time} * channels,
                              command.stored + std::size_t{time + 1} * channels);
      drain_row(copy.data(), channels, last);
      convert_row(copy.data(), channels, y + std::size_t{time} * channels);
      count_events(y + std::size_t{time} * channels, channels, events);
    }
    if (command.shift && target-- == 0) continue;
    if (command.stored != nullptr) row.stored = command.stored + std::size_t{target} * outputs;
    drain_row(v, channels, row);
    convert_row(v, outputs, y + std::size_t{target} * outputs);
    count_events(y + std::size_t{target} * outputs, outputs, events);
  }
}

}  // namespace epoch
