// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "config/configuration.h"
#include "config/json_text.h"
#include "config/keys.h"

namespace epoch {

// The effective configuration, every key with its value: a scenario that runs the same.
Json effective_configuration(const Configuration& configuration);

// One line a key: path, value, and who wrote it ("default" if nobody).
std::string configuration_origins(const Configuration& configuration);

// Calls visit(key, index, path with index) for every value there is, in the table's order.
void for_each_value(const ScenarioConfig& config,
                    const std::function<void(const Key&, std::size_t, const std::string&)>& visit);

// JSON Schema (draft 7) of one key's value.
Json value_schema(const Key& key);

// JSON Schema (draft 7) of a scenario file, from the table that the checks use.
Json scenario_schema();

}  // namespace epoch
