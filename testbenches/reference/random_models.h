// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <vector>

#include "reference/reference_network.h"

namespace epoch::test {

// Small random models of every kind and a sequence for each, straight in load_model()'s structs.
class RandomModels {
 public:
  explicit RandomModels(unsigned seed) : random_(seed) {}

  S4Model s4(SsmKind kind);
  MambaModel mamba(bool second);
  DenseModel dense(DenseKind kind);
  // Some steps for it.
  ReferenceInput input(const NetworkModel& model);

  // A layer's state-space part whose dt go from dt_min to dt_max by channel (s5: by mode), Lin
  // frequencies, contractive: any length stays bounded (liquid_s4: for inputs below 4).
  SsmTensors ssm(const S4Config& config, double dt_min, double dt_max);
  std::vector<float> normals(std::size_t count, double scale = 1, double mean = 0);

  std::uint32_t integer(std::uint32_t least, std::uint32_t most);
  bool coin() { return integer(0, 1) != 0; }

 private:
  NormTensors norm(const S4Config& config);
  S4Config s4_config(SsmKind kind);
  MambaLayer mamba_layer(const MambaModel& model);

  std::mt19937 random_;
};

}  // namespace epoch::test
