// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/network_compiler.h"
#include "epoch_caps.h"
#include "epochcore/pe_grid/array.h"

namespace epoch::test {

// Level 3a of truth (platform/reference/README.md): the accelerator's recurrences against a float64
// recurrence on the same rounded coefficients and inputs. A channel's error is the norm of its
// difference over time by the norm of sum |c||x|.
struct LayerError {
  double median = 0, worst = 0;  // over the channels
  bool bf16 = false;             // y is: then 2^-9 more is allowed
};

// Of every SSM op of the network in turn, without its activation and with y in fp32 where it would
// be int8: the driver's program in schedule `layer`, run by the device's decoder and array
// (testbenches/firmware/machine). The input is [step] rows as the image wants them.
std::vector<LayerError> layer_errors(const NetworkModel& model, const epoch_caps& caps,
                                     const CompilerOptions& options,
                                     const std::vector<std::uint8_t>& input, std::uint32_t steps);

// 128 x 128 PEs with room for a layer's tiles: as the compiler sees them, and as options of a run.
epoch_caps large_array();
std::string large_array_sets();

// What level 3a allows.
bool within_level_3a(const LayerError& error);

}  // namespace epoch::test
