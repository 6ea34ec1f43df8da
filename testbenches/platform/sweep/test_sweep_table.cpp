// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "platform/scratch_folder.h"
#include "sweep/sweep_table.h"

using namespace epoch;
using test::ScratchFolder;

namespace {

const SearchFolders& folders() {
  static const SearchFolders none;
  return none;
}

Record record_of(const std::vector<std::pair<std::string, double>>& values) {
  Record record;
  record.simulation = {{"simulated_ps", 2'500'000}, {"instructions", 42}};
  record.statistics = Json::array();
  for (const auto& [name, value] : values) {
    record.statistics.push_back(
        {{"name", name}, {"value", value}, {"unit", "u"}, {"description", "about " + name}});
  }
  return record;
}

Record failure(const std::string& error) {
  Record record;
  record.exit_status = 65;
  record.error = error;
  return record;
}

double measured(const SweepTable& table, std::size_t row, const std::string& name) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].name == name) return table.rows[row].measured[i].get<double>();
  }
  FAIL("no column " << name);
  return 0;
}

}  // namespace

TEST_CASE("rows stand in the points' order, failed and missing ones too, quoted as CSV wants it") {
  const ScratchFolder folder;
  const Sweep sweep = read_sweep(
      folder.write(
          "s.json",
          R"({ "scenario": {}, "grid": { "firmware.args": [["a,b", "c"], ["d\"e"], []] } })"),
      folders());
  const SweepTable table =
      make_table(sweep, {record_of({{"x", 1.5}}), failure("no, \"really\""), std::nullopt},
                 {"x", "instructions"});
  CHECK(table_csv(table) ==
        "point,firmware.args,status,error,x,instructions\n"
        "1,\"a,b c\",ok,,1.5,42\n"
        "2,\"d\"\"e\",failed,\"exit 65: no, \"\"really\"\"\",,\n"
        "3,,not run,,,\n");
  CHECK(table.count("ok") == 1);
  CHECK(table.count("failed") == 1);
  CHECK(table.count("not run") == 1);
  const Json json = table_json(sweep, table);
  CHECK(json["sweep"] == "s.json");
  CHECK(json["columns"][0] == Json({{"name", "x"}, {"unit", "u"}, {"description", "about x"}}));
  CHECK(json["points"][0]["swept"]["firmware.args"] == Json({"a,b", "c"}));
  CHECK(json["points"][0]["measured"] == Json({{"x", 1.5}, {"instructions", 42}}));
  CHECK(json["points"][1]["measured"]["x"] == Json());
  CHECK(json["points"][2]["status"] == "not run");
}

TEST_CASE("columns are chosen by name and prefix, each once, one that is nowhere is said") {
  const ScratchFolder folder;
  const Sweep sweep = read_sweep(
      folder.write(
          "s.json",
          R"({ "scenario": {}, "columns": ["b.*", "b.two", "nowhere"], "grid": { "cpu.clock_mhz": [1, 2] } })"),
      folders());
  const std::vector<std::optional<Record>> records = {
      record_of({{"a", 1}, {"b.two", 2}}), record_of({{"b.two", 3}, {"b.one", 4}, {"bb", 5}})};
  const SweepTable table = make_table(sweep, records, sweep.columns);
  CHECK(table_csv(table) ==
        "point,cpu.clock_mhz,status,error,b.two,b.one\n1,1,ok,,2.0,\n2,2,ok,,3.0,4.0\n");
  REQUIRE(table.warnings.size() == 1);
  CHECK(table.warnings[0].find("\"nowhere\"") != std::string::npos);
  CHECK(make_table(sweep, records, {"*"}).columns.size() > 10);
}

TEST_CASE("what is worked out of statistics follows its definition") {
  const ScratchFolder folder;
  const Sweep sweep =
      read_sweep(folder.write("s.json", R"({ "scenario": { "epochcore": { "clock_mhz": 500,
      "pe_grid": { "rows": 8, "cols": 4 } }, "interconnect": { "clock_mhz": 100, "width_bytes": 64 } },
      "grid": { "dram.ideal.gb_per_s": [2, 1000] } })"),
                 folders());
  const Record record = record_of({{"epochcore.counters.cycles", 1000},
                                   {"epochcore.clock.compute.sleep", 600},
                                   {"epochcore.counters.cause_idle", 700},
                                   {"epochcore.counters.dma_read_bytes", 1600},
                                   {"epochcore.counters.dma_write_bytes", 400},
                                   {"epochcore.pe_grid.macs", 3000},
                                   {"epochcore.pe_grid.ssm_updates", 1000}});
  const SweepTable table = make_table(sweep, {record, record}, {"*"});
  CHECK(measured(table, 0, "simulated_time_ns") == 2500);
  CHECK(measured(table, 0, "active_cycles") == 400);
  CHECK(measured(table, 0, "active_time_ns") == 800);  // at 500 MHz
  CHECK(measured(table, 0, "array_idle_cycles") == 100);
  CHECK(measured(table, 0, "dma_read_gb_s") == 2);
  CHECK(measured(table, 0, "dma_write_gb_s") == 0.5);
  CHECK(measured(table, 0, "operations") == 4000);
  CHECK(measured(table, 0, "throughput_gop_s") == 5);
  CHECK(measured(table, 0, "operations_per_byte") == 2);
  CHECK(measured(table, 0, "array_peak_gop_s") == 16);
  CHECK(measured(table, 0, "memory_peak_gb_s") == 2);
  CHECK(measured(table, 1, "memory_peak_gb_s") == 6.4);  // the bus
}
