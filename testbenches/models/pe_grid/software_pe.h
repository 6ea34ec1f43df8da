// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "epochcore/pe_grid/array.h"

// The array as array specification describes it, one element at a time and one operation at a time:
// the reference that both fidelities equal bit for bit. Takes the models' command structures and
// nothing else of them.
class SoftwarePe {
 public:
  explicit SoftwarePe(const epoch::ArrayConfig& config) : config_(config) {}

  void load(const epoch::CoefficientBlock& block);
  std::vector<float> run(const epoch::ArrayCommand& command, epoch::NumericEvents& events);
  std::vector<float> save_state(epoch::ArrayMode mode, unsigned channels, unsigned modes) const;
  void load_state(epoch::ArrayMode mode, unsigned channels, unsigned modes,
                  const std::vector<float>& words);

 private:
  using Place = std::tuple<unsigned, unsigned, unsigned>;  // row, column, part
  Place place(unsigned channel, unsigned modes, unsigned mode, unsigned part) const;
  float& state(unsigned channel, unsigned modes, unsigned mode, unsigned part);

  float sum(const epoch::ArrayCommand& command, unsigned time, unsigned channel);
  float step_real(float y, unsigned channel, float u);
  float step_complex(float y, unsigned channel, float u);
  std::vector<float> drain_ssm(const epoch::ArrayCommand& command, const std::vector<float>& raw);
  std::vector<float> drain_gemm(const epoch::ArrayCommand& command, const std::vector<float>& raw);

  epoch::ArrayConfig config_;
  std::map<Place, float> state_;
  epoch::ArrayMode mode_ = epoch::ArrayMode::real;
  unsigned channels_ = 0, modes_ = 0;
  std::vector<float> words_, extra_;
};
