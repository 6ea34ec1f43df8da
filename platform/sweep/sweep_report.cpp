// SPDX-License-Identifier: Apache-2.0
#include "sweep/sweep_report.h"

#include "report/html/html_page.h"

namespace epoch {

namespace {

constexpr const char* kBody =
#include "views.html.inc"
    ;
constexpr const char* kStyle =
#include "views.css.inc"
    ;
constexpr const char* kScript =
#include "views.js.inc"
    ;

}  // namespace

std::vector<std::string> report_columns(const Sweep& sweep) {
  std::vector<std::string> columns = default_columns();
  columns.insert(columns.end(), sweep.columns.begin(), sweep.columns.end());
  return columns;
}

std::string sweep_report(const Sweep& sweep, const SweepTable& table, const std::string& library) {
  Json data = table_json(sweep, table);
  if (sweep.scenario) data["scenario"] = sweep.scenario->filename().string();
  return html_page({"Sweep " + sweep.file.stem().string(), kBody, kStyle, kScript, std::move(data)},
                   library);
}

}  // namespace epoch
