// SPDX-License-Identifier: Apache-2.0
// Mamba at its published size: 8 tokens are read, 8 more decoded one by one, all 24 layers.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

#include "golden/levels.h"
#include "golden/network_run.h"

using namespace epoch::test;

namespace {

// Decoding is greedy: where the two largest logits are further apart than the results are off, the
// token is the reference's.
void check_tokens(const std::string& family, const std::string& type, double bound) {
  const auto folder = generated(family + " --task decode");
  const NetworkRun run =
      run_network(folder, large_array_sets() + " --set network.type=" + type, "--logits");
  REQUIRE(run.status == 0);
  const std::vector<double> tokens = expected_of(folder, "tokens");
  const std::vector<double> logits = expected_of(folder, "logits");
  REQUIRE(run.tokens.size() == tokens.size());
  REQUIRE(run.results.size() == logits.size());
  const auto vocabulary = static_cast<std::ptrdiff_t>(logits.size() / tokens.size());
  for (std::size_t k = 0; k < tokens.size(); ++k) {
    CAPTURE(family, type, k);
    const auto row = static_cast<std::ptrdiff_t>(k) * vocabulary;
    const std::vector<double> found(run.results.begin() + row,
                                    run.results.begin() + row + vocabulary);
    std::vector<double> expected(logits.begin() + row, logits.begin() + row + vocabulary);
    const double off = difference(found, expected);
    CHECK(off <= bound);
    std::nth_element(expected.begin(), expected.begin() + 1, expected.end(), std::greater<>());
    const double gap = 1 - expected[1] / *std::max_element(expected.begin(), expected.end());
    std::printf("%s %s token %zu: logits off by %.1e, gap %.1e\n", family.c_str(), type.c_str(), k,
                off, gap);
    if (gap <= 2 * bound) {
      if (run.tokens[k] != static_cast<std::uint32_t>(tokens[k])) return;  // another text from here
      continue;
    }
    CHECK(run.tokens[k] == static_cast<std::uint32_t>(tokens[k]));
  }
}

}  // namespace

TEST_CASE("tokens: Mamba 130M reads and decodes, fp32") {
  check_tokens("mamba", "fp32", 1e-4);
}
TEST_CASE("tokens: Mamba 130M reads and decodes, bf16") {
  check_tokens("mamba", "bf16", 5e-2);
}
TEST_CASE("tokens: Mamba-2 130M reads and decodes, fp32") {
  check_tokens("mamba2", "fp32", 1e-4);
}
