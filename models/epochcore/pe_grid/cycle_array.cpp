// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/cycle_array.h"

#include "epochcore/flush_to_zero.h"
#include "epochcore/pe_grid/cycle_drain.h"
#include "epochcore/pe_grid/cycle_pes.h"
#include "epochcore/pe_grid/number_format.h"
#include "epochcore/pe_grid/operands.h"
#include "epochcore/pe_grid/placement.h"
#include "epochcore/pe_grid/schedule.h"
#include "epochcore/pe_grid/timing.h"

namespace epoch {

namespace {

constexpr unsigned kStateParts = 2;

// Runs the PEs until the drain has taken their last y; fills in what it counts.
void run_clocks(CyclePes& pes, CycleDrain& drain, unsigned steps, unsigned latency,
                unsigned own_interval, ArrayTiming& timing) {
  Clock now = 0;
  for (;; ++now) {
    if (drain.arrived() < steps) {
      pes.clock(now, drain);
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

void copy_words(const float* from, std::size_t count, std::vector<float>& to, const float*& kept) {
  to.clear();
  if (from != nullptr) to.assign(from, from + count);
  kept = from == nullptr ? nullptr : to.data();
}

}  // namespace

CycleArray::CycleArray(const ArrayConfig& config)
    : PeArray(config),
      state_(std::size_t{config.state_slots} * state_rows(config) * config.cols * kStateParts) {}

template <class Visit>
void CycleArray::for_state(const CoefficientBlock& block, Visit visit) const {
  const Placement place(config_, block);
  for (unsigned lane = 0; lane < block.lanes(); ++lane)
    for (unsigned mode = 0; mode < block.modes; ++mode)
      for (unsigned part = 0; part < state_words(block.mode); ++part) {
        const std::size_t row =
            std::size_t{place.slot(lane, mode)} * state_rows(config_) + place.row(lane, mode);
        visit(lane, mode, part, (row * config_.cols + place.column(lane)) * kStateParts + part);
      }
}

void CycleArray::load(const CoefficientBlock& block) {
  const Placement place(config_, block);  // refuses what has none
  block_ = block;
  const std::size_t words = coefficient_words(block.mode).size();
  copy_words(block.words, std::size_t{place.channels} * place.modes * words, coefficients_,
             block_.words);
  copy_words(block.extra, block.channels, extra_, block_.extra);
  copy_words(block.scale, block.channels, scale_, block_.scale);
}

ArrayTiming CycleArray::run(const ArrayCommand& command, float* y, NumericEvents& events) {
  check(block_, command);
  const StepLayout layout = command_layout(config_, block_, command);
  const StepTraffic traffic = step_traffic(block_, command);
  ArrayTiming timing;
  timing.interval = layout.interval;
  timing.stream = std::uint64_t{command.steps} * layout.interval;
  timing.bytes_in = traffic.in;
  timing.bytes_out = traffic.out;
  timing.pes = occupied_pes(Placement(config_, block_));
  CycleDrain drain(config_, block_, command, y, events);
  const FlushToZero flush;
  CyclePes pes(config_, layout, block_, command, events);
  // The registers of PEs without a mode are clock-gated: only the others take part.
  for_state(block_, [&](unsigned lane, unsigned mode, unsigned part, std::size_t place) {
    pes.state(lane, mode, part) = command.zero_state ? 0.0f : state_[place];
  });
  pes.start();
  run_clocks(pes, drain, command.steps, drain_latency(block_, command),
             own_layout(config_, block_).interval, timing);
  for_state(block_, [&](unsigned lane, unsigned mode, unsigned part, std::size_t place) {
    state_[place] = pes.state(lane, mode, part);
  });
  return timing;
}

void CycleArray::save_state(const CoefficientBlock& shape, float* words) const {
  const bool integers = shape.type == NumberType::int8;
  for_state(shape, [&](unsigned, unsigned, unsigned, std::size_t place) {
    *words++ = integers ? state_[place] : canonical_nan(state_[place]);
  });
}

void CycleArray::load_state(const CoefficientBlock& shape, const float* words) {
  for_state(shape,
            [&](unsigned, unsigned, unsigned, std::size_t place) { state_[place] = *words++; });
}

}  // namespace epoch
