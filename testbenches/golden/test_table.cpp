// SPDX-License-Identifier: Apache-2.0
// Makes the table of families in models/epochcore/README.md and compares. With EPOCH_UPDATE_TABLE=1
// in the environment it writes the table there instead.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/file_text.h"
#include "golden/levels.h"
#include "golden/network_run.h"
#include "reference/reference_network.h"

using namespace epoch;
using namespace epoch::test;

namespace {

struct Network {
  const char* name;
  const char* arguments;  // of `epochvp generate`
  std::uint32_t steps;
};
// The published sizes with all layers but of Mamba's, whose 24 are alike.
const Network networks[] = {
    {"S4D ListOps", "s4d --task listops", 2048},
    {"S4D sMNIST", "s4d --task smnist", 784},
    {"S4 ListOps", "s4 --task listops", 2048},
    {"S4 sMNIST", "s4 --task smnist", 784},
    {"S5 ListOps", "s5 --task listops", 2048},
    {"Liquid-S4 ListOps", "liquid-s4 --task listops", 2048},
    {"Mamba 130M, 2 layers", "mamba --task prefill --layers 2 --steps 256", 256},
    {"Mamba-2 130M, 2 layers", "mamba2 --task prefill --layers 2 --steps 256", 256}};
const std::pair<const char*, NumberType> types[] = {{"fp32", NumberType::fp32},
                                                    {"bf16", NumberType::bf16},
                                                    {"bf16d", NumberType::bf16d},
                                                    {"int8", NumberType::int8}};
const char* const schedules[] = {"layer", "resident", "depth_first"};

constexpr double fp32_logits_bound = 1e-4;  // of the largest logit (ssm.md's level for networks)
const std::string begin = "<!-- testbenches/golden/test_table begins -->\n";
const std::string end = "<!-- testbenches/golden/test_table ends -->\n";

std::string format(const char* pattern, double a, double b = 0) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, a, b);
  return text;
}

// Median and worst of the network's worst SSM op.
std::string error_cell(const std::filesystem::path& folder, const Network& network,
                       NumberType type) {
  CompilerOptions options;
  options.type = type;
  options.calibration = {input_of(folder)};
  const auto errors = layer_errors(load_model(folder.string()), large_array(), options,
                                   input_of(folder), network.steps);
  double median = 0, worst = 0;
  CHECK(!errors.empty());
  for (const LayerError& error : errors) {
    CAPTURE(error.median, error.worst);
    CHECK(within_level_3a(error));
    CHECK(error.worst > 0);
    median = std::max(median, error.median);
    worst = std::max(worst, error.worst);
  }
  return format("%.1e, %.1e", median, worst);
}

// One run a schedule: the same bits, or a refusal of what cannot be.
std::string run_cells(const std::filesystem::path& folder, const std::string& sets,
                      const NetworkRun& layer) {
  std::string cells;
  for (const std::string schedule : schedules) {
    CAPTURE(schedule);
    const NetworkRun run = run_network(folder, sets, "--schedule=" + schedule);
    if (run.output.find("looks ahead") != std::string::npos) {
      CHECK(schedule == "depth_first");
      cells += " | bidirectional";
      continue;
    }
    CHECK(run.status == 0);
    CHECK(run.results == layer.results);
    cells += " | " + std::to_string(run.cycles) + ", " + format("%.1f %%", run.utilisation);
  }
  return cells;
}

// Empty for a type that the family does not have.
std::string row(const Network& network, const char* type_name, NumberType type) {
  const auto folder = generated(network.arguments);
  const std::string sets = large_array_sets() + " --set network.type=" + type_name +
                           " --set network.calibration='" + (folder / "input.bin").string() + "'";
  const NetworkRun layer = run_network(folder, sets, "--schedule=layer");
  if (layer.status == 65) return {};
  CHECK(layer.status == 0);
  const double logits = difference(layer.results, expected_of(folder, "logits"));
  if (type == NumberType::fp32) CHECK(logits <= fp32_logits_bound);
  return std::string("| ") + network.name + " | " + type_name + " | " +
         error_cell(folder, network, type) + " | " + format("%.1e", logits) +
         run_cells(folder, sets, layer) + " |\n";
}

std::string table() {
  std::string text =
      "| network | type | y: median, worst | logits | layer | resident | depth_first |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const Network& network : networks) {
    for (const auto& [name, type] : types) {
      CAPTURE(network.name, name);
      text += row(network, name, type);
    }
  }
  return text;
}

}  // namespace

TEST_CASE("table: family by type by schedule, as models/epochcore/README.md says") {
  const std::string readme = test::file_text(EPOCHCORE_README);
  const std::size_t first = readme.find(begin), last = readme.find(end);
  REQUIRE(last != std::string::npos);
  REQUIRE(first < last);
  const std::size_t after = first + begin.size();
  const std::string found = table();
  if (std::getenv("EPOCH_UPDATE_TABLE") != nullptr)
    std::ofstream(EPOCHCORE_README) << readme.substr(0, after) << found << readme.substr(last);
  else
    CHECK(readme.substr(after, last - after) == found);
}
