// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/placement.h"

#include <algorithm>
#include <stdexcept>

#include "epochcore/pe_grid/operands.h"

namespace epoch {

namespace {

unsigned ceil_div(unsigned a, unsigned b) {
  return (a + b - 1) / b;
}

bool stands_alone(ArrayMode mode) {
  return mode == ArrayMode::edge || mode == ArrayMode::mac;
}

const CoefficientBlock& checked(const ArrayConfig& config, const CoefficientBlock& block) {
  if (const char* why = Placement::refusal(config, block)) throw std::invalid_argument(why);
  return block;
}

// What does not depend on sizes.
const char* mode_refusal(const ArrayConfig& config, const CoefficientBlock& block) {
  const bool batch = config.slots_kind == SlotsKind::batch && config.state_slots > 1;
  if (!config.lima && block.mode != ArrayMode::mac) return "a plain MAC array runs GEMM only";
  if (!type_fits(block.mode, block.type)) return "the type is not defined for the mode";
  if (batch && (block.mode == ArrayMode::selective || block.mode == ArrayMode::ssd))
    return "batch slots have no place for the streams of selective and ssd";
  if (block.mode == ArrayMode::dplr && config.multipliers > kMostDplrMultipliers)
    return "dplr takes at most 6 multipliers: one sum enters the network a cycle";
  if (block.sequences > 1 && (!batch || stands_alone(block.mode)))
    return "sequences share coefficients in batch slots only";
  return nullptr;
}

}  // namespace

const char* Placement::refusal(const ArrayConfig& config, const CoefficientBlock& block) {
  if (block.channels == 0 || block.modes == 0 || block.sequences == 0)
    return "a block has channels, modes and a sequence";
  if (const char* why = mode_refusal(config, block)) return why;
  if (block.sequences > config.state_slots) return "more sequences than slots";
  const Placement place(config, block, Unchecked{});
  const bool edge = block.mode == ArrayMode::edge;
  if (place.rows_used > (edge ? 1 : config.rows)) return "more modes than a block holds";
  const std::uint64_t slots = place.kind == SlotsKind::channel ? place.slots : 1;
  if (place.channels > place.folds * slots * place.columns)
    return "more channels than a pass holds";
  return nullptr;
}

Placement::Placement(const ArrayConfig& config, const CoefficientBlock& block)
    : Placement(config, checked(config, block), Unchecked{}) {}

Placement::Placement(const ArrayConfig& config, const CoefficientBlock& block, Unchecked)
    : kind(stands_alone(block.mode) ? SlotsKind::mode : config.slots_kind),
      slots(stands_alone(block.mode) ? 1 : config.state_slots),
      columns(block.mode == ArrayMode::edge ? config.cols / 2 : config.cols),
      channels(block.channels),
      modes(block.modes),
      sequences(block.sequences),
      lanes(block.lanes()),
      modes_per_row(kind == SlotsKind::mode ? slots : 1),
      rows_used(ceil_div(modes, modes_per_row)),
      segment_height(rows_used),
      folds(1),
      folds_used(1),
      lane_slots(kind == SlotsKind::mode ? 1 : slots) {
  if (block.mode == ArrayMode::edge) {
    first_row = config.rows;
    return;
  }
  segment_height = ceil_div(rows_used, config.segment_rows) * config.segment_rows;
  if (block.mode == ArrayMode::mac) return;
  folds = std::max(1u, config.rows / segment_height);
  folds_used = std::min(folds, ceil_div(channels, columns));
}

unsigned Placement::slot(unsigned lane, unsigned mode) const {
  switch (kind) {
    case SlotsKind::mode:
      return mode % modes_per_row;
    case SlotsKind::channel:
      return channel(lane) / (folds * columns);
    case SlotsKind::batch:
      break;
  }
  return lane % sequences;
}

unsigned Placement::group_lanes(unsigned fold, unsigned slot) const {
  const unsigned first = fold * columns + (kind == SlotsKind::channel ? slot * folds * columns : 0);
  if (kind == SlotsKind::batch && slot >= sequences) return 0;
  return channels > first ? std::min(columns, channels - first) : 0;
}

unsigned Placement::group_lane(unsigned fold, unsigned slot, unsigned column) const {
  switch (kind) {
    case SlotsKind::mode:
      break;
    case SlotsKind::channel:
      return (slot * folds + fold) * columns + column;
    case SlotsKind::batch:
      return (fold * columns + column) * sequences + slot;
  }
  return (fold * columns + column) * sequences;
}

}  // namespace epoch
