// SPDX-License-Identifier: Apache-2.0
// Both fidelities, through the files that `epochvp grid` reads, against the oracle: outputs, state,
// cycles of random cases of every mode, type, slot kind and array.
#include <catch2/catch.hpp>

#include "grid/grid_case.h"
#include "models/pe_grid/oracle/oracle.h"
#include "models/pe_grid/oracle/random_case.h"

using namespace epoch;

namespace {

void compare(const char* mode, std::uint32_t first, std::uint32_t count) {
  for (std::uint32_t seed = first; seed < first + count; ++seed) {
    const nlohmann::json grid_case = grid_oracle::random_grid_case(seed, mode);
    const nlohmann::json expected = grid_oracle::run_oracle(grid_case);
    const Json results = grid_results(read_grid_case(Json::parse(grid_case.dump()), "case"));
    for (const char* fidelity : {"fast", "cycle"}) {
      CAPTURE(mode, seed, fidelity);
      const auto result = nlohmann::json::parse(results[fidelity].dump());
      CHECK(result.size() == expected.size());
      for (const auto& [key, value] : expected.items()) {
        CAPTURE(key);
        CHECK(result[key] == value);
      }
    }
  }
}

constexpr std::uint32_t kCases = 1000;  // of each mode

}  // namespace

TEST_CASE("real equals the oracle") {
  compare("real", 0, kCases);
}
TEST_CASE("complex equals the oracle") {
  compare("complex", 10000, kCases);
}
TEST_CASE("liquid real equals the oracle") {
  compare("liquid_real", 20000, kCases);
}
TEST_CASE("liquid complex equals the oracle") {
  compare("liquid_complex", 30000, kCases);
}
TEST_CASE("dplr equals the oracle") {
  compare("dplr", 40000, kCases);
}
TEST_CASE("selective equals the oracle") {
  compare("selective", 50000, kCases);
}
TEST_CASE("ssd equals the oracle") {
  compare("ssd", 60000, kCases);
}
TEST_CASE("edge equals the oracle") {
  compare("edge", 70000, kCases);
}
TEST_CASE("mac equals the oracle") {
  compare("mac", 80000, kCases);
}
