// SPDX-License-Identifier: Apache-2.0
#include "golden/network_run.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "golden/console_run.h"
#include "model/safetensors.h"

namespace epoch::test {

namespace fs = std::filesystem;

namespace {

std::vector<double> numbers(const std::string& line) {
  std::istringstream words(line.substr(line.find(' ') + 1));
  std::vector<double> values;
  for (double value; words >> value;) values.push_back(value);
  if (!words.eof()) throw std::runtime_error("unexpected line: " + line);
  return values;
}

void read_cycles(const std::string& line, NetworkRun& run) {
  char schedule[32];
  unsigned steps;
  double spatial, temporal;
  const int fields = std::sscanf(line.c_str(),
                                 "input steps %u schedule %31s commands %llu cycles %llu "
                                 "utilisation %lf %% = spatial %lf %% x "
                                 "temporal %lf %% estimate %llu",
                                 &steps, schedule, &run.commands, &run.cycles, &run.utilisation,
                                 &spatial, &temporal, &run.estimate);
  if (fields < 7) throw std::runtime_error("unexpected line: " + line);
  run.schedule = schedule;
}

std::string scenario_arguments(const fs::path& folder) {
  std::ifstream file(folder / "scenario.json");
  const nlohmann::json scenario = nlohmann::json::parse(file);
  std::string arguments;
  for (const auto& argument : scenario["firmware"]["args"])
    arguments += " " + argument.get<std::string>();
  return arguments;
}

}  // namespace

fs::path generated(const std::string& arguments) {
  std::string name = arguments;
  std::replace(name.begin(), name.end(), ' ', '_');
  const fs::path folder = fs::path(EPOCH_GENERATED) / name;
  const fs::path half = folder.string() + "." + std::to_string(::getpid()) + ".part";
  if (fs::exists(folder)) return folder;
  fs::create_directories(folder.parent_path());
  fs::remove_all(half);
  const ConsoleRun run =
      run_epochvp("generate " + arguments + " --out '" + half.string() + "' 2>/dev/null");
  if (run.status != 0) throw std::runtime_error("generate " + arguments + " failed");
  // Another test, beside this one, may have been quicker.
  std::error_code taken;
  fs::rename(half, folder, taken);
  if (taken) fs::remove_all(half);
  return folder;
}

std::vector<std::uint8_t> input_of(const fs::path& folder) {
  std::ifstream in(folder / "input.bin", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<double> expected_of(const fs::path& folder, const std::string& name) {
  const Safetensors file = Safetensors::read((folder / "expected.safetensors").string());
  const std::vector<float> values = file.floats(name, file.tensors().at(name).shape);
  return {values.begin(), values.end()};
}

NetworkRun run_network(const fs::path& folder, const std::string& sets,
                       const std::string& arguments) {
  const ConsoleRun console =
      run_epochvp("run '" + (folder / "scenario.json").string() + "' " + sets + " --" +
                  scenario_arguments(folder) + " " + arguments + " 2>/dev/null");
  NetworkRun run;
  run.status = console.status;
  run.output = console.output;
  std::istringstream lines(console.output);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("input ", 0) == 0) {
      read_cycles(line, run);
    } else if (line.rfind("result ", 0) == 0 || line.rfind("logits ", 0) == 0) {
      const std::vector<double> row = numbers(line);
      run.results.insert(run.results.end(), row.begin(), row.end());
    } else if (line.rfind("token ", 0) == 0) {
      run.tokens.push_back(static_cast<std::uint32_t>(numbers(line).at(0)));
    } else if (line.rfind("decode ", 0) == 0) {
      run.decode_cycles = std::stoull(line.substr(line.find(" cycles ") + 8));
    }
  }
  return run;
}

double difference(const std::vector<double>& found, const std::vector<double>& expected) {
  if (found.size() != expected.size() || found.empty())
    return std::numeric_limits<double>::infinity();
  double largest = 0, worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    const double apart = std::abs(found[i] - expected[i]);
    worst = std::isnan(apart) ? std::numeric_limits<double>::infinity() : std::max(worst, apart);
  }
  return worst / largest;
}

}  // namespace epoch::test
