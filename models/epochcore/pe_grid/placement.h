// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "epochcore/pe_grid/array.h"

namespace epoch {

// Where the lanes and modes of a pass sit (array specification "Shape"): channel i in column i mod
// C, segment floor(i / C) mod F, slot floor(i / (F C)) for channel slots; sequence z of a batch in
// slot z; mode j in row j / S and slot j mod S for mode slots, otherwise in row j. A GEMM tile is
// one segment. The cells of edge stand at the drain, below the last row, on two columns each.
class Placement {
 public:
  // Why the array has no place for a block, or null: modes that do not fit one block, channels that
  // do not fit one pass, a mode that does not go with the type, the array's slots or its PEs.
  static const char* refusal(const ArrayConfig& config, const CoefficientBlock& block);

  // Throws std::invalid_argument with the refusal if there is one.
  Placement(const ArrayConfig& config, const CoefficientBlock& block);

  unsigned channel(unsigned lane) const { return lane / sequences; }
  unsigned fold(unsigned lane) const { return channel(lane) / columns % folds; }
  unsigned column(unsigned lane) const { return channel(lane) % columns; }
  unsigned slot(unsigned lane, unsigned mode) const;
  unsigned row(unsigned lane, unsigned mode) const {
    return first_row + fold(lane) * segment_height + mode / modes_per_row;
  }
  // Lanes of fold and slot: they fill its columns from 0 on.
  unsigned group_lanes(unsigned fold, unsigned slot) const;
  // The lane in that column; with batch slots the neighbour column's is `sequences` further.
  unsigned group_lane(unsigned fold, unsigned slot, unsigned column) const;

  SlotsKind kind;
  unsigned slots;    // S of the array; 1 for edge and mac
  unsigned columns;  // C of the array; edge: cells
  unsigned channels;
  unsigned modes;
  unsigned sequences;
  unsigned lanes;
  unsigned modes_per_row;   // S for mode slots, else 1
  unsigned rows_used;       // rows of a segment that hold modes
  unsigned segment_height;  // P (GEMM: R'): those, rounded up to segments
  unsigned folds;           // F
  unsigned folds_used;      // segments that hold channels
  unsigned lane_slots;      // slots with lanes of their own: 1 for mode slots
  unsigned first_row = 0;   // edge: behind the array's rows

 private:
  struct Unchecked {};
  Placement(const ArrayConfig& config, const CoefficientBlock& block, Unchecked);
};

// Rows of PEs and of edge cells: what state registers are indexed with.
inline unsigned state_rows(const ArrayConfig& config) {
  return config.rows + 1;
}

}  // namespace epoch
