// SPDX-License-Identifier: Apache-2.0
#include "args.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace {

// The words, or {"?"} if the line is refused.
std::vector<std::string> split(std::string line, int max = 8) {
  std::vector<char*> argv(static_cast<std::size_t>(max) + 1);
  const int count = hal_args_split(line.data(), argv.data(), max);
  if (count < 0) return {"?"};
  CHECK(argv[static_cast<std::size_t>(count)] == nullptr);
  return {argv.begin(), argv.begin() + count};
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("arguments are split at blanks, quotes keep blanks together") {
  CHECK(split("").empty());
  CHECK(split("   ").empty());
  CHECK(split("a") == Words{"a"});
  CHECK(split("  smnist --digits=3\t--logits ") == Words{"smnist", "--digits=3", "--logits"});
  CHECK(split("app \"two words\" last") == Words{"app", "two words", "last"});
  CHECK(split("--name=\"two words\"x") == Words{"--name=two wordsx"});
  CHECK(split("a \"\" b") == Words{"a", "", "b"});
  CHECK(split("\"a\"") == Words{"a"});
}

TEST_CASE("arguments: an open quote and too many words are refused") {
  CHECK(split("a \"b") == Words{"?"});
  CHECK(split("\"") == Words{"?"});
  CHECK(split("a b c", 3) == Words{"a", "b", "c"});
  CHECK(split("a b c d", 3) == Words{"?"});
}

TEST_CASE("arguments: options and numbers") {
  const char* value = nullptr;
  CHECK(hal_args_option("--digits=20", "--digits", &value));
  CHECK(std::string(value) == "20");
  CHECK(hal_args_option("--digits", "--digits", &value));
  CHECK(std::string(value).empty());
  CHECK_FALSE(hal_args_option("--digitsx=2", "--digits", &value));
  CHECK_FALSE(hal_args_option("--digit=2", "--digits", &value));
  std::uint32_t number = 7;
  CHECK(hal_args_number("0", &number));
  CHECK(number == 0);
  CHECK(hal_args_number("4294967295", &number));
  CHECK(number == 0xFFFFFFFFu);
  CHECK_FALSE(hal_args_number("4294967296", &number));
  CHECK_FALSE(hal_args_number("", &number));
  CHECK_FALSE(hal_args_number("-1", &number));
  CHECK_FALSE(hal_args_number("12x", &number));
}
