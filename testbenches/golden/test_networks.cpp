// SPDX-License-Identifier: Apache-2.0
// Every family from a generated folder through compiler, driver, firmware and device to the printed
// numbers, against the float64 reference that the folder came with.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "golden/network_run.h"

using namespace epoch::test;

namespace {

struct Family {
  const char* name;
  bool looks_ahead;
  bool has_poles;  // bf16d stores a - 1: Mamba's a_k are made while it runs
};
const Family families[] = {
    {"s4d", true, true},        {"s4", true, true},      {"s5", true, true},
    {"liquid-s4", false, true}, {"mamba", false, false}, {"mamba2", false, false},
    {"mlp", false, true},       {"lstm", false, true},   {"cnn", false, true}};

// Of the largest logit. fp32: what ssm.md asks for; measured 5e-10 to 3e-7. bf16: 8 bits a value,
// some tens of roundings on the way; measured up to 8.4e-3.
constexpr double fp32_bound = 1e-4, bf16_bound = 2e-2;

}  // namespace

TEST_CASE("networks: every family's logits in fp32, bf16 and bf16d, by every schedule") {
  for (const Family& family : families) {
    const auto folder = generated(std::string(family.name) + " --task tiny");
    const std::vector<double> expected = expected_of(folder, "logits");
    for (const std::string type : {"fp32", "bf16", "bf16d"}) {
      CAPTURE(family.name, type);
      const std::string set = "--set network.type=" + type;
      const NetworkRun layer = run_network(folder, set, "--schedule=layer");
      if (type == "bf16d" && !family.has_poles) {
        CHECK(layer.status == 65);
        continue;
      }
      REQUIRE(layer.status == 0);
      CHECK(layer.schedule == "layer");
      CHECK(difference(layer.results, expected) <= (type == "fp32" ? fp32_bound : bf16_bound));
      for (const std::string schedule : {"resident", "depth_first", "auto"}) {
        CAPTURE(schedule);
        const NetworkRun run = run_network(folder, set, "--schedule=" + schedule);
        if (schedule == "depth_first" && family.looks_ahead) {
          CHECK(run.status == 1);
          CHECK(run.output.find("looks ahead") != std::string::npos);
          continue;
        }
        REQUIRE(run.status == 0);
        CHECK(run.results == layer.results);  // %.9g tells fp32 bits apart
        if (schedule != "auto") CHECK(run.schedule == schedule);
      }
    }
  }
}

TEST_CASE("networks: fast and cycle print the same bytes for every family") {
  for (const Family& family : families) {
    CAPTURE(family.name);
    const auto folder = generated(std::string(family.name) + " --task tiny");
    const NetworkRun fast = run_network(folder, "", "");
    const NetworkRun cycle = run_network(folder, "--set epochcore.pe_grid.fidelity=cycle", "");
    CHECK(fast.status == 0);
    CHECK(!fast.results.empty());
    CHECK(fast.output == cycle.output);
  }
}

TEST_CASE("networks: arrays, slots, latencies and buffers change time, not bits") {
  for (const Family& family : families) {
    const auto folder = generated(std::string(family.name) + " --task tiny");
    const NetworkRun expected = run_network(folder, "", "");
    REQUIRE(expected.status == 0);
    for (const std::string sets :
         {"--set epochcore.pe_grid.rows=8 --set epochcore.pe_grid.cols=8",
          "--set epochcore.pe_grid.state_slots=2",
          "--set epochcore.pe_grid.state_slots=2 --set epochcore.pe_grid.slots_kind=channel",
          "--set epochcore.pe_grid.mul_latency=4 --set epochcore.pe_grid.add_latency=4",
          "--set epochcore.buffers.activations.size_kib=8",
          "--set epochcore.buffers.coefficients.size_kib=8 --set dram.ideal.gb_per_s=3.2"}) {
      CAPTURE(family.name, sets);
      const NetworkRun run = run_network(folder, sets, "");
      REQUIRE(run.status == 0);
      // dplr sums a segment's rows by a tree: other rows, other tree.
      if (std::string(family.name) == "s4")
        CHECK(difference(run.results, expected.results) <= 1e-6);
      else
        CHECK(run.results == expected.results);
    }
  }
}

TEST_CASE("networks: a Mamba decodes what it would have read as a longer prompt") {
  for (const std::string family : {"mamba", "mamba2"}) {
    const auto folder = generated(family + " --task tiny --decode 4");
    const std::vector<double> tokens = expected_of(folder, "tokens");
    for (const std::string schedule : {"layer", "resident", "depth_first", "auto"}) {
      CAPTURE(family, schedule);
      const NetworkRun run = run_network(folder, "", "--logits --schedule=" + schedule);
      REQUIRE(run.status == 0);
      CHECK(std::vector<double>(run.tokens.begin(), run.tokens.end()) == tokens);
      CHECK(difference(run.results, expected_of(folder, "logits")) <= fp32_bound);
      CHECK(run.decode_cycles > 0);
    }
  }
}
