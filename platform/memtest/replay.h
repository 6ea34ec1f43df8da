// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/json_text.h"
#include "memory/dram_controller/controller.h"
#include "memtest/trace_file.h"

namespace epoch {

// Plays a trace into a controller to its end: each request at its clock, or as soon after as the
// controller takes it, in the trace's order. Gives what `epochvp memtest` prints
// (platform/memtest/README.md). Throws InputError for a malformed line, or a trace without any.
Json replay(DramController& controller, TraceFile& trace, const std::string& name);

}  // namespace epoch
