// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <numeric>

#include "epochcore/pe_grid/line.h"
#include "epochcore/pe_grid/registers.h"

namespace epoch {

// Neighbouring words of a row of registers.
struct Run {
  unsigned first = 0, count = 0;  // places in the row
  unsigned index = 0;             // of the first one within its group
};

// Where the columns of a row stand among its registers. Where words stream in from the west, a
// column works a hop behind its left neighbour: those in the same cycle of the interval, `stride`
// columns apart, form a group and stand side by side, each steps_apart steps behind the one before
// it. Otherwise all columns are one group in step.
struct Skew {
  Skew(unsigned column_count, unsigned column_hop, unsigned interval, bool streams_west)
      : columns(column_count),
        hop(streams_west ? column_hop : 0),
        groups(streams_west ? interval / std::gcd(interval, column_hop) : 1),
        steps_apart(groups * hop / interval),
        group_places(lines_for((columns + groups - 1) / groups) * kLanes),
        places(groups * group_places) {}

  // How much later a group's first column works than column 0, in cycles.
  Clock delay(unsigned group) const { return Clock{group} * hop; }
  unsigned group_of(unsigned column) const { return column % groups; }
  unsigned index_of(unsigned column) const { return column / groups; }
  unsigned column(unsigned group, unsigned index) const { return index * groups + group; }
  unsigned place(unsigned group, unsigned index) const { return group * group_places + index; }
  unsigned place_of(unsigned column) const { return place(group_of(column), index_of(column)); }
  unsigned group_columns(unsigned group) const {
    return group < columns ? (columns - group + groups - 1) / groups : 0;
  }

  // The columns of a group that steps 0 to `steps` - 1 are in while its first one is in `step`. In
  // step, all of them are, and whole lines.
  Run run(unsigned group, Clock step, Clock steps) const {
    if (steps_apart == 0) return {0, step >= 0 && step < steps ? places : 0, 0};
    const Clock count = group_columns(group), apart = steps_apart;
    const Clock first = step < steps ? 0 : (step - steps) / apart + 1;
    const Clock last = step < 0 ? -1 : std::min(count - 1, step / apart);
    if (last < first) return {};
    const unsigned index = static_cast<unsigned>(first);
    return {place(group, index), static_cast<unsigned>(last - first + 1), index};
  }

  unsigned columns;
  unsigned hop;           // 0: in step
  unsigned groups;        // phases in which columns work
  unsigned steps_apart;   // between neighbours of a group
  unsigned group_places;  // registers of a group
  unsigned places;        // registers of a row
};

}  // namespace epoch
