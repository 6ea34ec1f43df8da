// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "memory/dram_controller/channel.h"
#include "memory/dram_controller/device.h"

namespace epoch::test {

// An independent reading of JEDEC's tables over a finished command log: every pair of commands is
// compared with every rule, and bank states, data bus and refresh rate are followed. Gives the
// first violation, "" if there is none. `postponed`: refreshes that may be overdue; `refresh`: the
// log has to have them.
std::string first_violation(const std::vector<CommandRecord>& log, const DramDevice& device,
                            unsigned ranks, bool refresh, unsigned postponed);

}  // namespace epoch::test
