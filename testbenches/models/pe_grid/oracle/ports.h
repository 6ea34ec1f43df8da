// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "models/pe_grid/oracle/grid_case.h"

// What a command moves over the array's ports.
namespace grid_oracle {

std::int64_t bytes_in(const GridCase& c);   // a step
std::int64_t bytes_out(const GridCase& c);  // a step
std::int64_t coefficient_bytes(const GridCase& c);
std::int64_t state_bytes(const GridCase& c);

std::int64_t port_cycles(std::int64_t bytes, int port);  // 0 over an unlimited port

}  // namespace grid_oracle
