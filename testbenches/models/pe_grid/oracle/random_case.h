// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace grid_oracle {

// A valid random case of a mode, with explicit operands: small arrays, every key of grid-case.md.
// The same seed gives the same case everywhere.
nlohmann::json random_grid_case(std::uint32_t seed, const std::string& mode);

}  // namespace grid_oracle
