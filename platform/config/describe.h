// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/configuration.h"
#include "config/json_text.h"

namespace epoch {

// The effective configuration, every key with its value: a scenario that runs the same.
Json effective_configuration(const Configuration& configuration);

// One line a key: path, value, and who wrote it ("default" if nobody).
std::string configuration_origins(const Configuration& configuration);

// JSON Schema (draft 7) of a scenario file, from the table that the checks use.
Json scenario_schema();

}  // namespace epoch
