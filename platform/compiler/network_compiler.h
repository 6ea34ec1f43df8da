// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epoch_caps.h"
#include "epochcore/config.h"
#include "model/network_model.h"

namespace epoch {

// What an image is laid out for, and checked against: what the CAPS block of this hardware says.
epoch_caps compiler_target(const EpochCoreConfig& config);

struct CompiledNetwork {
  std::vector<std::uint8_t> image;  // firmware/include/epoch_image.h
  std::vector<std::string> warnings;
};

struct CompilerOptions {
  NumberType type = NumberType::fp32;
  // int8: sequences that the ranges of signals are measured on, as a file has them: bytes
  // [step][input_width], or token ids of 4 bytes.
  std::vector<std::vector<std::uint8_t>> calibration;
  // Of what a bidirectional layer's first direction has made, until the second adds its own: fp32
  // or bf16. s4, s4d, liquid_s4.
  NumberType partial = NumberType::fp32;
};

// Throws InputError for a bad model, and for one that cannot be placed on this hardware: op, limit
// and by how much.
CompiledNetwork compile_network(const NetworkModel& model, const epoch_caps& caps,
                                const CompilerOptions& options = {});

}  // namespace epoch
