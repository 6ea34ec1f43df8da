// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "epochcore/pe_grid/array.h"

namespace epoch {

// Where the channels and modes of a pass sit (array specification "Shape"): channel i in column i
// mod C of segment floor(i / C) mod F, mode j in row j of that segment. A GEMM tile is one segment.
struct Placement {
  // Throws std::invalid_argument unless modes fit one block and channels one pass.
  Placement(const ArrayConfig& config, ArrayMode mode, unsigned channels, unsigned modes);

  unsigned row(unsigned channel, unsigned mode) const {
    return channel / columns * segment_height + mode;
  }
  unsigned column(unsigned channel) const { return channel % columns; }
  // Channels of fold `fold`: they fill its columns from 0 on.
  unsigned fold_channels(unsigned fold) const {
    const unsigned first = fold * columns;
    return channels - first < columns ? channels - first : columns;
  }

  unsigned columns;  // C of the array
  unsigned channels;
  unsigned modes;
  unsigned segment_height;  // P (GEMM: R'): modes rounded up to segments
  unsigned folds_used;      // segments that hold channels
};

// P: modes rounded up to whole segments.
unsigned segment_height(const ArrayConfig& config, unsigned modes);

// Words of a mode: coefficients, state.
unsigned coefficient_words(ArrayMode mode);
unsigned state_words(ArrayMode mode);

}  // namespace epoch
