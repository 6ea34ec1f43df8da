// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sweep/sweep_table.h"

namespace epoch {

// The columns that the report's views are made of.
std::vector<std::string> report_columns(const Sweep& sweep);

// A page of a sweep's table: curves, roofline, stalls, Pareto front. `library` as html_page() takes
// it.
std::string sweep_report(const Sweep& sweep, const SweepTable& table, const std::string& library);

}  // namespace epoch
