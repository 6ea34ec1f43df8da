// SPDX-License-Identifier: Apache-2.0
#include "sweep/sweep_file.h"

#include <algorithm>
#include <stdexcept>

#include "config/keys.h"
#include "config/suggest.h"
#include "errors.h"

namespace epoch {

namespace fs = std::filesystem;

namespace {

std::string shown(const Json& json) {
  return one_line(json.dump(-1, ' ', true, Json::error_handler_t::replace));
}

// Reads one sweep file; every refusal names the file.
class SweepReader {
 public:
  SweepReader(const fs::path& file, const SearchFolders& folders) : folders_(folders) {
    sweep_.file = file;
    // Without links: points run in this folder, where the system takes "..", not the text of a
    // path.
    std::error_code ignored;
    sweep_.folder = fs::weakly_canonical(fs::absolute(file).parent_path(), ignored);
  }

  Sweep read() {
    const Json json = read_json_file(sweep_.file);
    if (!json.is_object()) throw InputError(sweep_.file.string(), "a sweep is an object, { ... }");
    for (const auto& [name, value] : json.items()) {
      if (name == "$schema") {
        text("$schema", value);
      } else if (name == "description") {
        sweep_.description = text(name, value);
      } else if (name == "scenario") {
        read_scenario(value);
      } else if (name == "max_sim_time") {
        sweep_.max_sim_time = text(name, value);
      } else if (name == "columns") {
        sweep_.columns = texts(name, value);
      } else if (name != "args" && name != "points" && name != "grid") {
        refuse(one_line(name),
               "unknown; allowed: description, scenario, args, grid, points, "
               "columns, max_sim_time");
      }
    }
    if (!json.contains("scenario")) refuse("scenario", "missing: a scenario's name, or { ... }");
    if (const auto args = json.find("args"); args != json.end()) {
      sweep_.changes.push_back({"firmware.args", Json(texts("args", *args)), writer("args")});
    }
    if (!json.contains("grid") && !json.contains("points")) {
      refuse("grid",
             "missing: a sweep has a grid, e.g. \"grid\": { \"dram.ideal.gb_per_s\": "
             "[12.8, 25.6] }, a list of points, or both");
    }
    const std::vector<Row> list = list_of(json);  // first: its keys stand before the grid's
    sweep_.listed_keys = sweep_.keys.size();
    combine(list, grid_of(json));
    return std::move(sweep_);
  }

 private:
  using Row = std::vector<Json>;

  [[noreturn]] void refuse(const std::string& field, const std::string& why) const {
    throw InputError(sweep_.file.string(), field + ": " + why);
  }

  Writer writer(const std::string& field) const {
    return {sweep_.file.string() + ": " + field, sweep_.folder, false};
  }

  std::string text(const std::string& field, const Json& value) const {
    if (!value.is_string()) refuse(field, shown(value) + " is not allowed here; allowed: a text");
    return value.get<std::string>();
  }

  std::vector<std::string> texts(const std::string& field, const Json& value) const {
    if (!value.is_array()) {
      refuse(field, shown(value) + " is not allowed here; allowed: a list of texts");
    }
    std::vector<std::string> list;
    for (const Json& element : value) list.push_back(text(field, element));
    return list;
  }

  void read_scenario(const Json& value) {
    if (value.is_string()) {
      sweep_.scenario = scenario_file("scenario", value.get<std::string>());
    } else if (value.is_object()) {
      read_inline(value, "");
    } else {
      refuse("scenario", shown(value) +
                             " is not allowed here; allowed: a scenario's file or bare "
                             "name, or an object as in a scenario file");
    }
  }

  fs::path scenario_file(const std::string& field, const std::string& name) const {
    std::string wanted = name;
    const bool bare = name.find_first_of("/.") == std::string::npos;
    if (bare) wanted += ".json";
    try {
      return fs::absolute(find_file({wanted, sweep_.folder}, folders_.scenarios))
          .lexically_normal();
    } catch (const std::invalid_argument& problem) {
      refuse(field, problem.what());
    }
  }

  // The keys of an inline scenario, one change each.
  void read_inline(const Json& object, const std::string& path) {
    for (const auto& [name, value] : object.items()) {
      const std::string below = path.empty() ? name : path + "." + name;
      if (name == "$schema" || name == "description") {
        text("scenario: " + below, value);
      } else if (below == "extends") {
        sweep_.scenario = scenario_file("scenario: extends", text("scenario: extends", value));
      } else if (name.find_first_of(".[]") != std::string::npos) {
        refuse("scenario: " + one_line(below), "unknown key: a scenario nests objects");
      } else if (value.is_object() && find_key(below) == nullptr && is_group(below)) {
        read_inline(value, below);
      } else {
        sweep_.changes.push_back({below, value, writer("scenario")});
      }
    }
  }

  // The place of a key in Sweep::keys, put there if need be.
  std::size_t key_index(const std::string& field, const std::string& key) {
    const std::string in_table = table_path(key);
    if (key.find('[') != std::string::npos || find_key(in_table) == nullptr) {
      refuse_key(field, key, in_table);
    }
    const auto known = std::find(sweep_.keys.begin(), sweep_.keys.end(), key);
    const auto index = static_cast<std::size_t>(known - sweep_.keys.begin());
    if (known == sweep_.keys.end()) sweep_.keys.push_back(key);
    return index;
  }

  [[noreturn]] void refuse_key(const std::string& field, const std::string& key,
                               const std::string& in_table) const {
    if (in_table.rfind("data", 0) == 0 && in_table.find_first_of("[.") == 4) {
      refuse(field + ": " + one_line(key), "unknown key; of the list data, sweep e.g. data.0.file");
    }
    if (in_table == "data") refuse(field + ": data", "a list; sweep one field, e.g. data.0.file");
    if (is_group(in_table)) {
      refuse(field + ": " + one_line(key),
             "a group; sweep one of its keys: " + children_text(in_table));
    }
    refuse(field + ": " + one_line(key), "unknown key" + suggestion(one_line(in_table)));
  }

  // One row an entry of `points`; without a list, one empty row.
  std::vector<Row> list_of(const Json& json) {
    const auto points = json.find("points");
    if (points == json.end()) return {Row{}};
    if (!points->is_array() || points->empty()) {
      refuse("points", "must be a list of { \"key\": value, ... }, one a point");
    }
    std::vector<Row> rows;
    for (std::size_t i = 0; i < points->size(); ++i) {
      const std::string field = "points[" + std::to_string(i) + "]";
      const Json& entry = (*points)[i];
      if (!entry.is_object()) {
        refuse(field, shown(entry) + " is not allowed here; allowed: { \"key\": value, ... }");
      }
      Row row;
      for (const auto& [key, value] : entry.items()) {
        const std::size_t index = key_index(field, key);
        if (value.is_null()) refuse(field + ": " + one_line(key), "null is no value");
        row.resize(std::max(row.size(), index + 1));
        row[index] = value;
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }

  // The cartesian product, the last key fastest; without a grid, one empty row.
  std::vector<Row> grid_of(const Json& json) {
    std::vector<Row> rows = {Row{}};
    const auto grid = json.find("grid");
    if (grid == json.end()) return rows;
    if (!grid->is_object() || grid->empty()) {
      refuse("grid", "must be { \"key\": [value, ...], ... }");
    }
    for (const auto& [key, values] : grid->items()) {
      if (key_index("grid", key) < sweep_.listed_keys) {
        refuse("grid: " + one_line(key), "swept by points too");
      }
      if (!values.is_array() || values.empty()) {
        refuse("grid: " + one_line(key),
               shown(values) + " is not allowed here; allowed: a list of values");
      }
      if (rows.size() * values.size() > kMaxSweepPoints) refuse_size();
      std::vector<Row> more;
      for (const Row& row : rows) {
        for (const Json& value : values) {
          if (value.is_null()) refuse("grid: " + one_line(key), "null is no value");
          more.push_back(row);
          more.back().push_back(value);
        }
      }
      rows = std::move(more);
    }
    return rows;
  }

  [[noreturn]] void refuse_size() const {
    refuse("grid", "more than " + std::to_string(kMaxSweepPoints) + " points");
  }

  // Every entry of the list with every point of the grid, each checked.
  void combine(const std::vector<Row>& list, const std::vector<Row>& grid) {
    if (list.size() * grid.size() > kMaxSweepPoints) refuse_size();
    for (const Row& entry : list) {
      for (const Row& row : grid) {
        SweepPoint point{sweep_.points.size() + 1, entry};
        point.values.resize(sweep_.listed_keys);
        point.values.insert(point.values.end(), row.begin(), row.end());
        check(point);
        sweep_.points.push_back(std::move(point));
      }
    }
  }

  // The configuration's own checks, and what runs side by side cannot have.
  void check(const SweepPoint& point) const {
    const Configuration configuration = point_configuration(sweep_, point);
    for (const std::string& argument : configuration.values.firmware.args) {
      if (argument.find('\0') != std::string::npos) {
        configuration.refuse("firmware.args", "a NUL character, which no argument can hold");
      }
    }
    const UartConfig& uart = configuration.values.uart;
    if (uart.output != "stdout") {
      configuration.refuse("uart.output", one_line(uart.output) +
                                              ": a sweep keeps what each point prints; it must "
                                              "stay stdout");
    }
    if (uart.input == "stdin") {
      configuration.refuse("uart.input", "stdin: the points of a sweep share none; file:PATH");
    }
  }

  const SearchFolders& folders_;
  Sweep sweep_;
};

}  // namespace

Sweep read_sweep(const fs::path& file, const SearchFolders& folders) {
  return SweepReader(file, folders).read();
}

std::vector<KeyChange> point_changes(const Sweep& sweep, const SweepPoint& point) {
  std::vector<KeyChange> changes = sweep.changes;
  const std::string place = " (point " + std::to_string(point.number) + ")";
  for (std::size_t i = 0; i < sweep.keys.size(); ++i) {
    if (point.values[i].is_null()) continue;
    const std::string field = i < sweep.listed_keys ? "points" : "grid";
    const Writer writer{sweep.file.string() + ": " + field + place, sweep.folder, false};
    changes.push_back({sweep.keys[i], point.values[i], writer});
  }
  return changes;
}

Configuration point_configuration(const Sweep& sweep, const SweepPoint& point) {
  return load_changed_configuration(sweep.scenario, point_changes(sweep, point));
}

std::string plain_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string text;
  for (const Json& element : value) text += (text.empty() ? "" : " ") + plain_text(element);
  return text;
}

std::string point_text(const Sweep& sweep, const SweepPoint& point) {
  std::string text;
  for (std::size_t i = 0; i < sweep.keys.size(); ++i) {
    if (point.values[i].is_null()) continue;
    text += (text.empty() ? "" : " ") + sweep.keys[i] + "=" + plain_text(point.values[i]);
  }
  return text;
}

}  // namespace epoch
