// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "models/pe_grid/oracle/grid_case.h"

// CASE.json to a GridCase and results back to JSON (grid-case.md).
namespace grid_oracle {

GridCase parse_case(const nlohmann::json& json);

Mode mode_of(const std::string& name);
Type type_of(const std::string& name);

nlohmann::json words_json(const Table& table, int bytes);

}  // namespace grid_oracle
