// SPDX-License-Identifier: Apache-2.0
#include "report/json_report.h"

#include <cstdio>

namespace epoch {

namespace {

Json series_report(const std::vector<Series>& all) {
  Json list = Json::array();
  for (const Series& series : all) {
    Json entry = Json::object();
    entry["name"] = series.name;
    entry["unit"] = series.unit;
    entry["description"] = series.description;
    entry["window_ps"] = series.window_ps;
    entry["values"] = series.values;
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

Json statistics_report(const RunSummary& summary, const Statistics& statistics,
                       const std::vector<Series>& series) {
  Json list = Json::array();
  for (const Statistic& statistic : statistics) {
    Json entry = Json::object();
    entry["name"] = statistic.name;
    std::visit([&](const auto value) { entry["value"] = value; }, statistic.value);
    entry["unit"] = statistic.unit;
    entry["description"] = statistic.description;
    list.push_back(std::move(entry));
  }
  Json host = {{"wall_s", summary.wall_s},
               {"mips", summary.mips()},
               {"real_time_factor", summary.real_time_factor()},
               {"peak_memory_bytes", summary.peak_memory_bytes}};
  Json report = Json::object();
  report["result"] = {{"reason", summary.reason},
                      {"exit_status", summary.exit_status},
                      {"firmware_code", summary.firmware_code},
                      {"message", summary.message}};
  report["simulation"] = {{"scenario", summary.scenario},
                          {"simulated_ps", summary.simulated_ps},
                          {"instructions", summary.instructions},
                          {"host", std::move(host)}};
  report["statistics"] = std::move(list);
  report["series"] = series_report(series);
  return report;
}

std::string time_text(std::uint64_t ps) {
  static constexpr struct {
    double ps;
    const char* name;
  } units[] = {{1e12, "s"}, {1e9, "ms"}, {1e6, "us"}, {1e3, "ns"}, {1, "ps"}};
  const auto value = static_cast<double>(ps);
  for (const auto& unit : units) {
    if (value < unit.ps && unit.ps > 1) continue;
    char text[40];
    std::snprintf(text, sizeof text, "%.6g %s", value / unit.ps, unit.name);
    return text;
  }
  return "0 ps";
}

std::string summary_line(const RunSummary& summary) {
  char text[200];
  std::snprintf(text, sizeof text,
                "simulated %s in %.2f s, %llu instructions, %.1f MIPS, real-time factor %.3g, "
                "peak memory %.0f MiB",
                time_text(summary.simulated_ps).c_str(), summary.wall_s,
                static_cast<unsigned long long>(summary.instructions), summary.mips(),
                summary.real_time_factor(),
                static_cast<double>(summary.peak_memory_bytes) / (1 << 20));
  return text;
}

}  // namespace epoch
