// SPDX-License-Identifier: Apache-2.0
//
// Long sequences, `fast` grid: a whole Path-X network, a layer of it in transport at, and what a
// step costs at 1,000 to 1,000,000 of them. CPU seconds (user + system) and peak memory of the
// child. Prints `name value unit` a line.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>

#include "benchmarks/child_run.h"

using namespace epoch::bench;

namespace {

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = std::filesystem::temp_directory_path() / "bench_length.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder " + name);
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// Array cycles of the input, as the network firmware prints them.
double cycles_of(const ChildRun& run) {
  const std::string word = " cycles ";
  const std::size_t at = run.output.find(word);
  if (at == std::string::npos) throw std::runtime_error("no cycles in: " + run.output);
  return std::stod(run.output.substr(at + word.size()));
}

// Six bidirectional S4D layers of 256 channels and 32 complex modes over 16,384 steps.
void path_x_network(const std::string& epochvp, const ScratchFolder& scratch) {
  const std::string folder = scratch / "path-x";
  run_child({epochvp, "generate", "s4d", "--task", "path-x", "--out", folder});
  for (const std::string size : {"32", "128"}) {
    const ChildRun run =
        median_run({epochvp, "run", folder + "/scenario.json", "--set",
                    "epochcore.pe_grid.rows=" + size, "--set", "epochcore.pe_grid.cols=" + size},
                   3);
    const std::string name = "path_x_network_" + size;
    std::printf("%s_cpu %.1f s\n", name.c_str(), run.cpu_s);
    std::printf("%s_memory %.0f MiB\n", name.c_str(), run.peak_mib);
  }
}

// One such layer, every access of hart, fetch and DMA in four phases.
void path_x_layer_at(const std::string& epochvp, const ScratchFolder& scratch) {
  const std::string folder = scratch / "path-x-layer";
  run_child({epochvp, "generate", "s4d", "--task", "path-x", "--layers", "1", "--out", folder});
  for (const std::string size : {"32", "128"}) {
    const ChildRun run =
        median_run({epochvp, "run", folder + "/scenario.json", "--set", "transport=at", "--set",
                    "epochcore.pe_grid.rows=" + size, "--set", "epochcore.pe_grid.cols=" + size},
                   3);
    const std::string name = "path_x_layer_at_" + size;
    std::printf("%s_cpu %.1f s\n", name.c_str(), run.cpu_s);
    std::printf("%s_memory %.0f MiB\n", name.c_str(), run.peak_mib);
  }
}

// Two causal S4D layers of 16 channels and 16 complex modes. Linear in the steps, if cycles and CPU
// time of a step stay what they are; the CPU time is that beyond a run of one step. Layer by layer,
// memory grows by a tensor; depth first, by descriptors alone.
void long_sequences(const std::string& epochvp, const ScratchFolder& scratch) {
  const std::string folder = scratch / "causal";
  run_child({epochvp, "generate", "s4d", "--task", "tiny", "--variant", "causal", "--steps",
             "1000000", "--out", folder});
  for (const std::string schedule : {"layer", "depth_first"}) {
    const auto run_steps = [&](const std::string& steps) {
      return median_run({epochvp, "run", folder + "/scenario.json", "--", "--steps=" + steps,
                         "--schedule=" + schedule},
                        5);
    };
    const double start_s = run_steps("1").cpu_s;
    for (const std::string steps : {"1000", "10000", "100000", "1000000"}) {
      const ChildRun run = run_steps(steps);
      const std::string name = "length_" + schedule + "_" + steps;
      const double count = std::stod(steps);
      std::printf("%s_cycles %.2f cycles/step\n", name.c_str(), cycles_of(run) / count);
      std::printf("%s_cpu %.2f s/Mstep\n", name.c_str(), (run.cpu_s - start_s) / count * 1e6);
      std::printf("%s_memory %.0f MiB\n", name.c_str(), run.peak_mib);
    }
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench_length EPOCHVP\n");
    return 64;
  }
  const ScratchFolder scratch;
  path_x_network(argv[1], scratch);
  path_x_layer_at(argv[1], scratch);
  long_sequences(argv[1], scratch);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_length: %s\n", error.what());
  return 1;
}
