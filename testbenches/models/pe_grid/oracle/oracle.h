// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

// An executable reading of the array's specification, written from it alone, to be compared with
// the models bit by bit and cycle by cycle.
namespace grid_oracle {

// One case of CASE.json to its result R: outputs, state, cycles, coeff_cycles, state_cycles and,
// for liquid, saturated. Throws std::invalid_argument for what the specification refuses.
nlohmann::json run_oracle(const nlohmann::json& grid_case);

}  // namespace grid_oracle
