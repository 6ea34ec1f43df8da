// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/configuration.h"

namespace epoch {

// Reads the device file that dram.device names, if it names one. A device smaller than the default
// dram.size_mib makes the map smaller. Throws InputError or UsageError.
void load_dram_device(Configuration& configuration);

// What the keys of a real device have to say together. Throws InputError or UsageError.
void check_dram(const Configuration& configuration);

}  // namespace epoch
