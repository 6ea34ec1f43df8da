// SPDX-License-Identifier: Apache-2.0
#include "models/pe_grid/oracle/shape.h"

#include <algorithm>

namespace grid_oracle {

namespace {

int ceil_div(int a, int b) {
  return (a + b - 1) / b;
}

int modes_a_row(const GridCase& c) {
  return c.slots_kind == SlotsKind::mode ? c.slots : 1;
}

int segment_height(const GridCase& c) {
  if (c.mode == Mode::edge) return 1;  // its cells stand at the drain, below the rows
  const int rows = ceil_div(c.modes, modes_a_row(c));
  return ceil_div(rows, c.segment_rows) * c.segment_rows;
}

// An edge cell spans two columns; a mac column is one output, whatever rows stay empty.
int columns_of(const GridCase& c) {
  return c.mode == Mode::edge ? c.cols / 2 : c.cols;
}

int segments_of(const GridCase& c, int height) {
  if (c.mode == Mode::edge || c.mode == Mode::mac) return 1;
  return std::max(1, c.rows / height);
}

}  // namespace

Shape shape_of(const GridCase& c) {
  Shape shape{};
  const int columns = columns_of(c);
  shape.segment_height = segment_height(c);
  shape.segments = segments_of(c, shape.segment_height);
  const int places = shape.segments * columns;  // a slot of every column and segment
  shape.capacity = c.slots_kind == SlotsKind::channel ? places * c.slots : places;
  // Channels fill the columns, then the segments, then (channel slots) the slots.
  shape.used_columns = std::min(c.channels, columns);
  shape.used_segments = std::min(shape.segments, ceil_div(c.channels, std::max(1, columns)));
  return shape;
}

int row_of(const GridCase& c, int mode) {
  return mode / modes_a_row(c);
}

}  // namespace grid_oracle
