// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sweep/record.h"
#include "sweep/sweep_file.h"

namespace epoch {

// A column of measured values.
struct Column {
  std::string name;
  std::string unit;
  std::string description;
};

struct SweepRow {
  std::size_t number = 0;
  std::vector<Json> swept;     // as Sweep::keys; null: what the scenario says
  std::string status;          // ok, failed, not run
  std::string error;           // why
  std::vector<Json> measured;  // as columns; null: none
};

// The result of a sweep: a row a point in the points' order, whenever each was run.
struct SweepTable {
  std::vector<std::string> keys;
  std::vector<Column> columns;
  std::vector<SweepRow> rows;
  std::vector<std::string> warnings;  // columns that were asked for and are no statistic

  std::size_t count(const std::string& status) const;
};

// The columns of a sweep that names none.
const std::vector<std::string>& default_columns();

// The columns that `wanted` names, `*` at its end standing for any ending. `records` in the order
// of sweep.points; nullopt where a point has not been run.
SweepTable make_table(const Sweep& sweep, const std::vector<std::optional<Record>>& records,
                      const std::vector<std::string>& wanted);

// RFC 4180, but with line feeds alone.
std::string table_csv(const SweepTable& table);
Json table_json(const Sweep& sweep, const SweepTable& table);

}  // namespace epoch
