// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "device_bench.h"

namespace epoch {

// A small SSM layer from memory to memory, LOAD, COEFF, SSM and STORE tied by semaphores 0 to 2,
// and what it must give: the array alone.
class Layer {
 public:
  explicit Layer(DeviceBench& bench);

  std::vector<Descriptor> commands() const;
  // From a body of run(), with the ring enabled: submits the layer and checks its result.
  void check();

 private:
  static constexpr unsigned channels = 8;
  static constexpr unsigned modes = 4;
  static constexpr unsigned steps = 20;

  DeviceBench& bench_;
  std::vector<float> coefficients_;
  std::vector<float> input_;
  std::vector<float> expected_;
};

// The driver's way back: reset, poll, clear, set the ring, enable at COMPLETED.
void recover(DeviceBench& bench);

// recover(), then a layer that must come out right.
void recover_and_check(DeviceBench& bench);

}  // namespace epoch
