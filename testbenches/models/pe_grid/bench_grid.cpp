// SPDX-License-Identifier: Apache-2.0
// Speed of the array model, in CPU time: prints `name value unit`, the median of five runs each.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include "common/cpu_time.h"
#include "models/pe_grid/random_case.h"

namespace {

using namespace epoch;

// After one run to warm up.
template <class Run>
double median_seconds(Run run) {
  run();
  return test::median_seconds(run);
}

ArrayConfig array_128() {
  ArrayConfig config;
  config.rows = config.cols = 128;
  config.segment_rows = 8;
  config.drain_lanes = 128;
  config.ports = {0, 0, 0, 0};
  return config;
}

// A full 128x128 block with poles inside the unit circle, and a sine to stream through it.
struct Load {
  explicit Load(unsigned steps) : u(std::size_t{steps} * 128), y(u.size()) {
    for (unsigned i = 0; i < 128 * 128; ++i) {
      const double angle = 0.02 * i, radius = 0.999 - 1e-5 * (i % 128);
      for (double word : {radius * std::cos(angle), radius * std::sin(angle), 0.5, -0.25})
        complex_words.push_back(static_cast<float>(word));
      weights.push_back(static_cast<float>(std::cos(angle)));
    }
    for (std::size_t i = 0; i < u.size(); ++i)
      u[i] = static_cast<float>(std::sin(0.001 * static_cast<double>(i)));
  }
  std::vector<float> complex_words, weights, u, y;
};

}  // namespace

int main() {
  constexpr unsigned kFastSteps = 4096, kCycleSteps = 2048;
  Load load(kFastSteps);
  const CoefficientBlock complex =
      block_of(ArrayMode::complex, 128, 128, load.complex_words.data(), nullptr);
  const CoefficientBlock weights = block_of(ArrayMode::mac, 128, 128, load.weights.data(), nullptr);
  NumericEvents events;
  std::uint64_t cycles = 0;
  auto run = [&](PeArray& array, unsigned steps) {
    ArrayCommand command;
    command.steps = steps;
    command.u = load.u.data();
    cycles = array.run(command, load.y.data(), events).array;
  };

  const auto fast = PeArray::make(Fidelity::fast, array_128());
  fast->load(complex);
  double seconds = median_seconds([&] { run(*fast, kFastSteps); });
  std::printf("grid_fast_complex_updates %.2f G/s\n", 128.0 * 128.0 * kFastSteps / seconds * 1e-9);
  fast->load(weights);
  seconds = median_seconds([&] { run(*fast, kFastSteps); });
  std::printf("grid_fast_macs %.2f G/s\n", 128.0 * 128.0 * kFastSteps / seconds * 1e-9);

  const auto cycle = PeArray::make(Fidelity::cycle, array_128());
  cycle->load(complex);
  seconds = median_seconds([&] { run(*cycle, kCycleSteps); });
  std::printf("grid_cycle_array_cycles %.1f k/s\n", static_cast<double>(cycles) / seconds * 1e-3);
  cycle->load(weights);
  seconds = median_seconds([&] { run(*cycle, kCycleSteps); });
  std::printf("grid_cycle_gemm_cycles %.1f k/s\n", static_cast<double>(cycles) / seconds * 1e-3);
  return events.nan == 0 ? 0 : 1;
}
