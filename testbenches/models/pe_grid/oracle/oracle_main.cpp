// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>

#include "models/pe_grid/oracle/oracle.h"
#include "models/pe_grid/oracle/random_case.h"

namespace {

constexpr char usage[] =
    "usage: grid_oracle_cli CASE.json            print the result of a case\n"
    "       grid_oracle_cli --random SEED MODE   print a random case\n";

int print_result(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    std::cerr << "cannot read " << path << '\n';
    return 1;
  }
  std::cout << grid_oracle::run_oracle(nlohmann::json::parse(file)).dump(1) << '\n';
  return 0;
}

int print_random(const std::string& seed, const std::string& mode) {
  const auto number = static_cast<std::uint32_t>(std::stoul(seed));
  std::cout << grid_oracle::random_grid_case(number, mode).dump(1) << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string first = argc > 1 ? argv[1] : "";
    if (argc == 4 && first == "--random") return print_random(argv[2], argv[3]);
    if (argc == 2 && first.rfind("--", 0) != 0) return print_result(first);
  } catch (const std::exception& error) {
    std::cerr << "refused: " << error.what() << '\n';
    return 1;
  }
  std::cerr << usage;
  return 2;
}
