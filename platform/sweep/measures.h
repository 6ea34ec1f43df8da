// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/statistics.h"
#include "config/scenario.h"
#include "sweep/record.h"

namespace epoch {

// What an architect asks of a run, worked out from its statistics and its configuration; first in
// the list, the run's own statistics behind them. Of several EpochCores it is the first.
Statistics measures(const ScenarioConfig& config, const Record& record);

}  // namespace epoch
