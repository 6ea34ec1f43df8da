// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace epoch::test {

// A model folder that `epochvp generate ARGUMENTS` writes, once for all tests: a folder in the
// build tree, named after the arguments.
std::filesystem::path generated(const std::string& arguments);

// What the network reads.
std::vector<std::uint8_t> input_of(const std::filesystem::path& folder);

// What its float64 reference expects: tensor `name` of expected.safetensors, flat.
std::vector<double> expected_of(const std::filesystem::path& folder, const std::string& name);

// What the network firmware printed (firmware/apps/README.md).
struct NetworkRun {
  int status = -1;
  std::string output;
  std::string schedule;
  unsigned long long commands = 0, cycles = 0, estimate = 0;  // of the input's run
  double utilisation = 0;                                     // per cent
  unsigned long long decode_cycles = 0;                       // of the last token's
  std::vector<double> results;                                // or logits of all tokens
  std::vector<std::uint32_t> tokens;
};

// `epochvp run FOLDER/scenario.json SETS -- the scenario's arguments and ARGUMENTS`.
NetworkRun run_network(const std::filesystem::path& folder, const std::string& sets,
                       const std::string& arguments);

// Largest difference, relative to the largest expected magnitude.
double difference(const std::vector<double>& found, const std::vector<double>& expected);

}  // namespace epoch::test
