// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models/pe_grid/oracle/grid_case.h"

// Where the channels and modes of one pass and one block lie.
namespace grid_oracle {

struct Shape {
  int segment_height;  // P: rows of one channel, rounded up to whole segments
  int segments;        // F: channels above each other in a column
  int capacity;        // channels of one pass
  int used_columns;    // C_used
  int used_segments;   // F_used
};

Shape shape_of(const GridCase& c);

// Mode j sits in row row_of(j) of its channel's rows; with channel and batch slots each row holds
// one mode of each slot's channel or sequence.
int row_of(const GridCase& c, int mode);

}  // namespace grid_oracle
