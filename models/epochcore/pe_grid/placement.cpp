// SPDX-License-Identifier: Apache-2.0
#include "epochcore/pe_grid/placement.h"

#include <stdexcept>

namespace epoch {

unsigned segment_height(const ArrayConfig& config, unsigned modes) {
  return (modes + config.segment_rows - 1) / config.segment_rows * config.segment_rows;
}

unsigned coefficient_words(ArrayMode mode) {
  switch (mode) {
    case ArrayMode::real:
      return 2;  // a c
    case ArrayMode::complex:
      return 4;  // ar ai cr ci
    case ArrayMode::mac:
      break;
  }
  return 1;  // w
}

unsigned state_words(ArrayMode mode) {
  switch (mode) {
    case ArrayMode::real:
      return 1;  // x
    case ArrayMode::complex:
      return 2;  // xr xi
    case ArrayMode::mac:
      break;
  }
  return 0;
}

Placement::Placement(const ArrayConfig& config, ArrayMode mode, unsigned channel_count,
                     unsigned mode_count)
    : columns(config.cols),
      channels(channel_count),
      modes(mode_count),
      segment_height(epoch::segment_height(config, mode_count)) {
  if (channels == 0 || modes == 0 || modes > config.rows)
    throw std::invalid_argument("a block needs channels and at most one mode a row");
  const unsigned folds = mode == ArrayMode::mac ? 1 : config.rows / segment_height;  // F
  folds_used = (channels + columns - 1) / columns;
  if (folds_used > folds) throw std::invalid_argument("more channels than one pass holds");
  if (mode != ArrayMode::mac && !config.lima)
    throw std::invalid_argument("a plain MAC array runs GEMM only");
}

}  // namespace epoch
