// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/configuration.h"
#include "config/json_text.h"
#include "config/search.h"

namespace epoch {

// One combination of swept values: one run.
struct SweepPoint {
  std::size_t number = 0;    // from 1, in the order of the file
  std::vector<Json> values;  // as many as Sweep::keys; null: what the scenario says
};

// What a sweep file asks for. Relative names in it belong to its folder, as in a scenario.
struct Sweep {
  std::filesystem::path file;    // as the user named it
  std::filesystem::path folder;  // absolute
  std::string description;
  std::optional<std::filesystem::path> scenario;  // absolute; none: the default platform
  std::vector<KeyChange> changes;  // of every point: an inline scenario's keys, then `args`
  std::vector<std::string> keys;   // swept, `points` before `grid`, in the order of the file
  std::size_t listed_keys = 0;     // of these, the first ones: those of `points`
  std::vector<SweepPoint> points;
  std::optional<std::string> max_sim_time;  // as `epochvp run --max-sim-time` takes it
  std::vector<std::string> columns;         // names, `*` at the end for any ending; empty: default
};

constexpr std::size_t kMaxSweepPoints = 100'000;

// Reads a sweep file and checks the configuration of each of its points. Throws InputError naming
// file, field and value.
Sweep read_sweep(const std::filesystem::path& file, const SearchFolders& folders);

// JSON Schema (draft 7) of a sweep file, from the table of scenario keys.
Json sweep_schema();

// Everything that a point changes in Sweep::scenario, in order.
std::vector<KeyChange> point_changes(const Sweep& sweep, const SweepPoint& point);
Configuration point_configuration(const Sweep& sweep, const SweepPoint& point);

// "dram.ideal.gb_per_s=12.8 epochcore.pe_grid.rows=16"
std::string point_text(const Sweep& sweep, const SweepPoint& point);

// A value in a table or on a command line: texts without quotes, lists with spaces.
std::string plain_text(const Json& value);

}  // namespace epoch
