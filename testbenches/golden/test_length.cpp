// SPDX-License-Identifier: Apache-2.0
// The scan is linear in the sequence: a step costs the same array cycles, commands and memory in a
// long sequence as in a short one, and the results stay those of float64.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "golden/network_run.h"

using namespace epoch::test;

namespace {

namespace fs = std::filesystem;

constexpr const char* causal = "s4d --task tiny --variant causal --steps ";
constexpr double channels = 16;

// Bytes a step: what crosses the phases in DRAM; descriptors come on top.
struct Schedule {
  const char* name;
  double tensor_bytes;
};
const Schedule schedules[] = {{"layer", 4 * channels}, {"depth_first", 0}};

struct LongRun {
  NetworkRun network;
  double cycles = 0, commands = 0, peak_bytes = 0;
};

LongRun run_steps(const fs::path& folder, const std::string& schedule, unsigned steps) {
  const fs::path stats = folder / ("stats_" + schedule + "_" + std::to_string(steps) + ".json");
  LongRun run;
  run.network = run_network(folder, "--stats '" + stats.string() + "'",
                            "--schedule=" + schedule + " --steps=" + std::to_string(steps));
  run.cycles = static_cast<double>(run.network.cycles);
  run.commands = static_cast<double>(run.network.commands);
  std::ifstream file(stats);
  run.peak_bytes = nlohmann::json::parse(file)["simulation"]["host"]["peak_memory_bytes"];
  return run;
}

// A sanitizer keeps what is freed.
#ifdef __SANITIZE_ADDRESS__
constexpr bool memory_is_the_models = false;
#else
constexpr bool memory_is_the_models = true;
#endif

// Ten times the steps for ten times the price; beginning and end of a phase, which weigh more in
// the shorter run, make it a little less.
void check_linear(const fs::path& folder, unsigned steps) {
  for (const Schedule& schedule : schedules) {
    CAPTURE(folder.string(), schedule.name);
    const LongRun few = run_steps(folder, schedule.name, steps / 10);
    const LongRun many = run_steps(folder, schedule.name, steps);
    REQUIRE(few.network.status == 0);
    REQUIRE(many.network.status == 0);
    CHECK(many.network.schedule == schedule.name);
    CHECK(many.cycles == Approx(10 * few.cycles).epsilon(0.06));
    CHECK(many.commands <= 10 * few.commands);
    const double bytes = (many.peak_bytes - few.peak_bytes) / (0.9 * steps);
    CAPTURE(bytes);
    if (memory_is_the_models) CHECK(bytes <= schedule.tensor_bytes + 16);
    CHECK(difference(many.network.results, expected_of(folder, "logits")) <= 1e-4);
  }
}

}  // namespace

TEST_CASE("length: cycles, commands and memory of a step, 10,000 and 100,000 of them") {
  check_linear(generated(causal + std::string("100000")), 100000);
}
