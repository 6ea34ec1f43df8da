// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/cycle_array.h"

#include <algorithm>

#include "epochcore/flush_to_zero.h"
#include "epochcore/pe_grid/cycle_drain.h"
#include "epochcore/pe_grid/cycle_gemm.h"
#include "epochcore/pe_grid/cycle_ssm.h"
#include "epochcore/pe_grid/placement.h"
#include "epochcore/pe_grid/schedule.h"
#include "epochcore/pe_grid/timing.h"

namespace epoch {

namespace {

constexpr unsigned kStateParts = 2;
constexpr unsigned kCoefficientWords = 4;

// Runs an array until the drain has taken its last y; fills in what it counts.
template <class Array>
void run_clocks(Array& array, CycleDrain& drain, unsigned steps, unsigned latency,
                unsigned own_interval, ArrayTiming& timing) {
  Clock now = 0;
  for (;; ++now) {
    if (drain.arrived() < steps) {
      array.clock(now, drain);
      timing.array = static_cast<std::uint64_t>(now);
    }
    drain.clock();
    if (drain.entered() == steps) break;
  }
  timing.total = static_cast<std::uint64_t>(now) + latency;
  for (std::uint64_t cycle = 0; cycle < timing.total; ++cycle) {
    if (cycle >= timing.stream)
      ++timing.fill_drain;
    else if (cycle % timing.interval < own_interval)
      ++timing.useful;
    else
      ++timing.port_limited;
  }
}

}  // namespace

CycleArray::CycleArray(const ArrayConfig& config)
    : PeArray(config),
      row_lines_(lines_for(config.cols)),
      state_(std::size_t{kStateParts} * config.rows * row_lines_),
      coefficients_(std::size_t{kCoefficientWords} * config.rows * row_lines_) {}

float& CycleArray::state(unsigned part, unsigned row, unsigned column) {
  const std::size_t line = (std::size_t{part} * config_.rows + row) * row_lines_ + column / kLanes;
  return state_[line].lane[column % kLanes];
}

float CycleArray::state(unsigned part, unsigned row, unsigned column) const {
  return const_cast<CycleArray*>(this)->state(part, row, column);
}

void CycleArray::load(const CoefficientBlock& block) {
  const Placement place(config_, block.mode, block.channels, block.modes);
  const unsigned words = coefficient_words(block.mode);
  std::fill(coefficients_.begin(), coefficients_.end(), Line{});
  const float* word = block.words;
  for (unsigned channel = 0; channel < block.channels; ++channel)
    for (unsigned j = 0; j < block.modes; ++j)
      for (unsigned w = 0; w < words; ++w) {
        const std::size_t row = std::size_t{w} * config_.rows + place.row(channel, j);
        const unsigned column = place.column(channel);
        coefficients_[row * row_lines_ + column / kLanes].lane[column % kLanes] = *word++;
      }
  extra_.clear();
  if (block.extra != nullptr) extra_.assign(block.extra, block.extra + block.channels);
  block_ = block;
  block_.words = coefficients_.front().lane;
  block_.extra = extra_.empty() ? nullptr : extra_.data();
}

ArrayTiming CycleArray::run(const ArrayCommand& command, float* y, NumericEvents& events) {
  check(block_, command);
  const StepLayout layout = command_layout(config_, block_, command);
  const unsigned own_interval = lay_out_step(config_, block_.mode, 1).interval;
  const unsigned latency = drain_latency(block_.mode, command);
  const StepTraffic traffic = step_traffic(block_, command);
  ArrayTiming timing;
  timing.interval = layout.interval;
  timing.stream = std::uint64_t{command.steps} * layout.interval;
  timing.bytes_in = traffic.in;
  timing.bytes_out = traffic.out;
  CycleDrain drain(config_, block_, command, y, events);
  const FlushToZero flush;

  const Placement place(config_, block_.mode, block_.channels, block_.modes);
  if (block_.mode == ArrayMode::mac) {
    CycleGemm array(config_, layout, block_, command, coefficients_);
    run_clocks(array, drain, command.steps, latency, own_interval, timing);
    timing.pes = std::uint64_t{block_.channels} * block_.modes;
    return timing;
  }
  CycleSsm array(config_, layout, block_, command, coefficients_);
  // The registers of PEs without a mode are clock-gated: only the others take part.
  auto for_active = [&](auto&& visit) {
    for (unsigned channel = 0; channel < block_.channels; ++channel)
      for (unsigned j = 0; j < block_.modes; ++j)
        for (unsigned part = 0; part < state_words(block_.mode); ++part) {
          const unsigned row = place.row(channel, j), column = place.column(channel);
          visit(state(part, row, column), array.state(part, row, column));
        }
  };
  for_active([&](float& kept, float& used) { used = command.zero_state ? 0.0f : kept; });
  array.start();
  run_clocks(array, drain, command.steps, latency, own_interval, timing);
  for_active([&](float& kept, float& used) { kept = used; });
  timing.pes = std::uint64_t{block_.channels} * block_.modes;
  return timing;
}

void CycleArray::save_state(ArrayMode mode, unsigned channels, unsigned modes, float* words) const {
  const Placement place(config_, mode, channels, modes);
  for (unsigned channel = 0; channel < channels; ++channel)
    for (unsigned j = 0; j < modes; ++j)
      for (unsigned part = 0; part < state_words(mode); ++part)
        *words++ = canonical_nan(state(part, place.row(channel, j), place.column(channel)));
}

void CycleArray::load_state(ArrayMode mode, unsigned channels, unsigned modes, const float* words) {
  const Placement place(config_, mode, channels, modes);
  for (unsigned channel = 0; channel < channels; ++channel)
    for (unsigned j = 0; j < modes; ++j)
      for (unsigned part = 0; part < state_words(mode); ++part)
        state(part, place.row(channel, j), place.column(channel)) = *words++;
}

}  // namespace epoch
