// SPDX-License-Identifier: Apache-2.0
#include "sweep/sweep_table.h"

#include <algorithm>
#include <map>
#include <set>

#include "sweep/measures.h"

namespace epoch {

namespace {

bool matches(const std::string& pattern, const std::string& name) {
  if (pattern.empty() || pattern.back() != '*') return pattern == name;
  return name.compare(0, pattern.size() - 1, pattern, 0, pattern.size() - 1) == 0;
}

Json value_of(const Statistic& statistic) {
  return std::visit([](const auto value) { return Json(value); }, statistic.value);
}

// Columns in the order of the patterns, and of the statistics below one; each once.
std::vector<Column> columns_of(const std::vector<Statistics>& measured,
                               const std::vector<std::string>& wanted,
                               std::vector<std::string>& unmatched) {
  std::vector<Column> columns;
  std::set<std::string> taken;
  for (const std::string& pattern : wanted) {
    bool matched = false;
    for (const Statistics& statistics : measured) {
      for (const Statistic& one : statistics) {
        if (!matches(pattern, one.name)) continue;
        matched = true;
        if (taken.insert(one.name).second) {
          columns.push_back({one.name, one.unit, one.description});
        }
      }
    }
    if (!matched) unmatched.push_back(pattern);
  }
  return columns;
}

SweepRow row_of(const SweepPoint& point, const std::optional<Record>& record,
                const Statistics& statistics, const std::vector<Column>& columns) {
  SweepRow row{point.number, point.values, "not run", "", {}};
  if (record) {
    row.status = record->ok() ? "ok" : "failed";
    row.error = record->error;
    if (!record->ok()) {
      row.error = "exit " + std::to_string(record->exit_status) + ": " + record->error;
    }
  }
  std::map<std::string, Json> values;
  for (const Statistic& one : statistics) values.emplace(one.name, value_of(one));
  for (const Column& column : columns) {
    const auto at = values.find(column.name);
    row.measured.push_back(at == values.end() ? Json() : at->second);
  }
  return row;
}

// RFC 4180: quotes around what holds a separator, a quote or a line's end.
std::string csv_cell(const Json& value) {
  if (value.is_null()) return "";
  const std::string text = plain_text(value);
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::size_t SweepTable::count(const std::string& status) const {
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [&](const SweepRow& row) { return row.status == status; }));
}

const std::vector<std::string>& default_columns() {
  static const std::vector<std::string> names = {"simulated_time_ns",
                                                 "instructions",
                                                 "active_cycles",
                                                 "active_time_ns",
                                                 "epochcore.counters.dma_read_bytes",
                                                 "epochcore.counters.dma_write_bytes",
                                                 "dma_read_gb_s",
                                                 "dma_write_gb_s",
                                                 "memory_peak_gb_s",
                                                 "operations",
                                                 "throughput_gop_s",
                                                 "array_peak_gop_s",
                                                 "operations_per_byte",
                                                 "epochcore.counters.cause_*",
                                                 "array_idle_cycles",
                                                 "dram.*"};
  return names;
}

SweepTable make_table(const Sweep& sweep, const std::vector<std::optional<Record>>& records,
                      const std::vector<std::string>& wanted) {
  std::vector<Statistics> measured(sweep.points.size());
  bool any = false;
  for (std::size_t i = 0; i < sweep.points.size(); ++i) {
    if (!records[i]) continue;
    measured[i] = measures(point_configuration(sweep, sweep.points[i]).values, *records[i]);
    any = any || !measured[i].empty();
  }
  SweepTable table;
  table.keys = sweep.keys;
  std::vector<std::string> unmatched;
  table.columns = columns_of(measured, wanted, unmatched);
  for (const std::string& name : unmatched) {
    if (any && std::find(sweep.columns.begin(), sweep.columns.end(), name) != sweep.columns.end()) {
      table.warnings.push_back(sweep.file.string() + ": columns: \"" + one_line(name) +
                               "\" is no statistic of any point; \"*\" brings all of them");
    }
  }
  for (std::size_t i = 0; i < sweep.points.size(); ++i) {
    table.rows.push_back(row_of(sweep.points[i], records[i], measured[i], table.columns));
  }
  return table;
}

std::string table_csv(const SweepTable& table) {
  std::string text = "point";
  for (const std::string& key : table.keys) text += "," + csv_cell(key);
  text += ",status,error";
  for (const Column& column : table.columns) text += "," + csv_cell(column.name);
  text += "\n";
  for (const SweepRow& row : table.rows) {
    text += std::to_string(row.number);
    for (const Json& value : row.swept) text += "," + csv_cell(value);
    text += "," + row.status + "," + csv_cell(row.error);
    for (const Json& value : row.measured) text += "," + csv_cell(value);
    text += "\n";
  }
  return text;
}

Json table_json(const Sweep& sweep, const SweepTable& table) {
  Json columns = Json::array();
  for (const Column& column : table.columns) {
    columns.push_back(
        {{"name", column.name}, {"unit", column.unit}, {"description", column.description}});
  }
  Json points = Json::array();
  for (const SweepRow& row : table.rows) {
    Json swept = Json::object(), measured = Json::object();
    for (std::size_t i = 0; i < table.keys.size(); ++i) swept[table.keys[i]] = row.swept[i];
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      measured[table.columns[i].name] = row.measured[i];
    }
    points.push_back({{"point", row.number},
                      {"swept", std::move(swept)},
                      {"status", row.status},
                      {"error", row.error},
                      {"measured", std::move(measured)}});
  }
  return {{"sweep", sweep.file.filename().string()},
          {"description", sweep.description},
          {"keys", table.keys},
          {"columns", std::move(columns)},
          {"points", std::move(points)}};
}

}  // namespace epoch
