// SPDX-License-Identifier: Apache-2.0
#include "compiler/network_compiler.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "compiler/families.h"
#include "compiler/network_builder.h"
#include "reference/reference_network.h"

namespace epoch {
namespace {

void widen(double& range, const std::vector<double>& values) {
  for (const double value : values) range = std::max(range, std::abs(value));
}

double& of_layer(std::vector<double>& ranges, std::size_t layer) {
  if (ranges.size() <= layer) ranges.resize(layer + 1);
  return ranges[layer];
}

// Of gelu(y): it is between 0 and y, and its least is -0.17.
void widen_by_gelu(double& range, const std::vector<double>& y) {
  for (const double value : y) range = std::max(range, value > 0 ? value : std::min(-value, 0.17));
}

SignalRanges measured(const NetworkModel& model,
                      const std::vector<std::vector<std::uint8_t>>& inputs) {
  SignalRanges ranges;
  const auto reference = ReferenceNetwork::make(model);
  for (const auto& input : inputs) {
    reference->outputs(input_from_file(model, input), [&](const Signal& signal) {
      if (signal.kind == Signal::Kind::input)
        widen(of_layer(ranges.input, signal.layer), signal.values);
      if (signal.kind == Signal::Kind::output)
        widen_by_gelu(of_layer(ranges.output, signal.layer), signal.values);
      if (signal.kind == Signal::Kind::features) widen(ranges.features, signal.values);
    });
  }
  return ranges;
}

const std::string& file_of(const NetworkModel& model) {
  return std::visit([](const auto& family) -> const std::string& { return family.tensor_file; },
                    model);
}

}  // namespace

epoch_caps compiler_target(const EpochCoreConfig& config) {
  const Limits limits = limits_of(config);
  epoch_caps caps{};
  caps.array = {limits.array.rows, limits.array.cols, limits.array.segment_rows,
                limits.array.state_slots, static_cast<std::uint32_t>(limits.array.slots_kind)};
  caps.modes = limits.modes;
  caps.types = limits.types;
  caps.activations = limits.activations;
  caps.vector_ops = limits.vector_ops;
  for (unsigned i = 0; i < EPOCH_BUFFERS; ++i)
    caps.buffer_bytes[i] = static_cast<std::uint32_t>(limits.buffer_bytes[i]);
  caps.coefficient_port = limits.array.ports.coefficient;
  return caps;
}

CompiledNetwork compile_network(const NetworkModel& model, const epoch_caps& caps,
                                const CompilerOptions& options) {
  NetworkBuilder builder(caps, options.type, file_of(model));
  SignalRanges ranges;
  if (options.type == NumberType::int8) {
    if (options.calibration.empty())
      builder.refuse("network",
                     "int8 needs inputs to measure the ranges of its signals on: "
                     "network.calibration, or compile --calibration");
    try {
      ranges = measured(model, options.calibration);
    } catch (const std::invalid_argument& problem) {
      builder.refuse("calibration", problem.what());
    }
  }
  CompiledNetwork compiled;
  if (const auto* s4 = std::get_if<S4Model>(&model))
    compiled.image = build_s4(*s4, ranges, options.partial, builder);
  else if (const auto* mamba = std::get_if<MambaModel>(&model))
    compiled.image = build_mamba(*mamba, builder);
  else
    compiled.image = build_dense(std::get<DenseModel>(model), builder);
  compiled.warnings = builder.warnings();
  return compiled;
}

}  // namespace epoch
