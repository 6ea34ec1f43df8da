// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/scenario.h"
#include "loaders/placement.h"

namespace epoch {

// Interrupt numbers at the PLIC.
constexpr std::uint32_t kUartInterrupt = 1;
constexpr std::uint32_t kEpochCoreInterrupt = 2;  // of the first; the next has the next

// The flattened device tree (Devicetree Specification v0.4) that the boot rom hands to firmware:
// the only place from which it learns where things are. `program` becomes argv[0].
std::vector<std::uint8_t> make_device_tree(const ScenarioConfig& config, const std::string& program,
                                           const std::vector<Blob>& blobs);

// argv as /chosen bootargs: joined by spaces, what holds a space in double quotes. Throws
// std::invalid_argument for an argument that bootargs cannot express (a quote or a line break).
std::string bootargs_text(const std::string& program, const std::vector<std::string>& args);

}  // namespace epoch
