// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/network_builder.h"
#include "model/network_model.h"

namespace epoch {

// A family's network, op by op (platform/model/README.md has its equations). Each returns the
// image.

// Largest magnitude that a signal takes: what int8 is scaled by. Signals of an S4 network by layer.
struct SignalRanges {
  std::vector<double> input;   // of the recurrence
  std::vector<double> output;  // of the recurrence, after the GELU
  double features = 0;         // pooled
};

std::vector<std::uint8_t> build_s4(const S4Model& model, const SignalRanges& ranges,
                                   NumberType partial, NetworkBuilder& builder);
std::vector<std::uint8_t> build_mamba(const MambaModel& model, NetworkBuilder& builder);
std::vector<std::uint8_t> build_dense(const DenseModel& model, NetworkBuilder& builder);

}  // namespace epoch
