// SPDX-License-Identifier: Apache-2.0
// The number types on the trained network: 2,000 digits, beside what the training recipe measured
// when it rounded the same network (platform/compiler/README.md has the table).
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "golden/console_run.h"
#include "reference/smnist_data.h"

using namespace epoch::test;

namespace {

constexpr unsigned digit_count = 2000;

// A row of the recipe's study: accuracy, digits that keep the label of fp32, and the largest change
// of a logit.
struct Study {
  const char* type;
  double accuracy;
  unsigned same_labels;
  double logit_change;
};
// bf16: weights and inputs in bf16, a and state fp32. bf16d: a - 1 in bf16 too. int8: weights and
// activations in int8, a in Q.14, state int32.
const Study studies[] = {
    {"bf16", 0.986, 2000, 0.1385}, {"bf16d", 0.9865, 1993, 0.8363}, {"int8", 0.987, 1996, 0.8313}};

using Digits = std::map<unsigned, DigitLine>;

Digits run_type(const std::string& type) {
  const ConsoleRun run = run_epochvp("run smnist-10000 --set network.type=" + type +
                                     " -- --digits=" + std::to_string(digit_count) + " --logits");
  REQUIRE(run.status == 0);
  Digits digits = digit_lines(run.output);
  REQUIRE(digits.size() == digit_count);
  return digits;
}

unsigned right(const Digits& digits, unsigned count) {
  unsigned found = 0;
  for (unsigned i = 0; i < count; ++i) found += digits.at(i).predicted == digits.at(i).label;
  return found;
}

}  // namespace

TEST_CASE("types: accuracy on 2000 digits beside the recipe's study") {
  if (!load_mnist(10000)) {
    std::cout << "SKIPPED: scripts/fetch_mnist has not fetched the digits\n";
    return;
  }
  const Digits fp32 = run_type("fp32");
  CHECK(right(fp32, digit_count) == 1972);
  for (const Study& study : studies) {
    const Digits digits = run_type(study.type);
    unsigned same = 0;
    double change = 0;
    for (const auto& [number, digit] : digits) {
      same += digit.predicted == fp32.at(number).predicted;
      for (std::size_t i = 0; i < digit.logits.size(); ++i)
        change = std::max(change, std::abs(digit.logits[i] - fp32.at(number).logits[i]));
    }
    std::printf("%s: %u right, %u as fp32, largest change %.4f\n", study.type,
                right(digits, digit_count), same, change);
    CAPTURE(study.type, same, change);
    // 0.3 points, of the first 1,000 and of the recipe's 2,000.
    CHECK(std::abs(int(right(digits, 1000)) - int(right(fp32, 1000))) <= 3);
    CHECK(std::abs(right(digits, digit_count) - study.accuracy * digit_count) <= 6);
    CHECK(same + 6 >= study.same_labels);
    CHECK(change <= 1.25 * study.logit_change);
  }
}
