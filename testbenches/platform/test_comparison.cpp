// SPDX-License-Identifier: Apache-2.0
//
// Two files of statistics compared: every kind of change, their order, tolerances, refusals.
#include <catch2/catch.hpp>
#include <cmath>

#include "errors.h"
#include "report/comparison.h"
#include "scratch_folder.h"

namespace epoch::test {
namespace {

using Values = std::vector<MeasuredValue>;

const ComparedValue& row(const Comparison& comparison, const std::string& name) {
  for (const ComparedValue& value : comparison.values) {
    if (value.name == name) return value;
  }
  FAIL("no row " << name);
  return comparison.values.front();
}

std::vector<std::string> names(const Comparison& comparison) {
  std::vector<std::string> all;
  for (const ComparedValue& value : comparison.values) all.push_back(value.name);
  return all;
}

TEST_CASE("comparison: differences and shares of integers and reals") {
  const Values a{{"up", 100u, "B"}, {"down", 200u, "B"}, {"real", 2.0, "ns"}, {"same", 7u, ""}};
  const Values b{{"up", 103u, "B"}, {"down", 150u, "B"}, {"real", 2.5, "ns"}, {"same", 7u, ""}};
  const Comparison c = compare(a, b, {});
  CHECK(row(c, "up").difference == 3);
  CHECK(row(c, "up").share == 0.03);
  CHECK(row(c, "down").difference == -50);
  CHECK(row(c, "down").share == -0.25);
  CHECK(row(c, "real").share == 0.25);
  CHECK_FALSE(row(c, "same").changed());
  CHECK((c.changed == 3 && c.beyond == 3 && c.fresh == 0 && c.missing == 0));
  CHECK(names(c) == std::vector<std::string>{"down", "real", "up", "same"});  // -50 before +0.5
}

TEST_CASE("comparison: integers beyond a double's precision differ by one") {
  const std::uint64_t big = (std::uint64_t{1} << 60) + 1;
  const Comparison c = compare({{"n", big, ""}}, {{"n", big + 1, ""}}, {});
  CHECK(c.values[0].difference == 1);
  CHECK(c.beyond == 1);
  CHECK(compare({{"n", big, ""}}, {{"n", big - 1, ""}}, {}).values[0].difference == -1);
}

TEST_CASE("comparison: integer and real of one value are the same") {
  CHECK(compare({{"n", 3u, ""}}, {{"n", 3.0, ""}}, {}).changed == 0);
}

TEST_CASE("comparison: new, missing, from zero, texts and units") {
  const Values a{{"gone", 1u, "B"}, {"zero", 0u, "B"}, {"why", "exit", ""}, {"unit", 1u, "ns"}};
  const Values b{{"zero", 4u, "B"}, {"why", "trap", ""}, {"unit", 1u, "us"}, {"came", 0u, "B"}};
  const Comparison c = compare(a, b, {});
  CHECK((c.changed == 3 && c.fresh == 1 && c.missing == 1 && c.beyond == 5));
  CHECK(share_text(row(c, "gone")) == "missing");
  CHECK(share_text(row(c, "came")) == "new");
  CHECK(share_text(row(c, "zero")) == "from 0");
  CHECK(difference_text(row(c, "zero")) == "+4");
  CHECK(share_text(row(c, "why")) == "differs");
  CHECK(row(c, "unit").unit == "ns -> us");
  CHECK(share_text(row(c, "unit")) == "unit");
  CHECK(value_text(row(c, "gone").b) == "-");
  CHECK(value_text(row(c, "why").a) == "exit");
  // A share cannot excuse what has none; `any` can.
  CHECK(compare(a, b, {{"*", 1e300}}).beyond == 5);
  CHECK(compare(a, b, {{"*", tolerance_share("any")}}).beyond == 0);
}

TEST_CASE("comparison: the last tolerance that fits counts, and its bound is inside") {
  const Values a{{"x.cycles", 300u, ""}, {"y.cycles", 300u, ""}},
      b{{"x.cycles", 303u, ""}, {"y.cycles", 304u, ""}};
  CHECK(compare(a, b, {{"*.cycles", 0.01}}).beyond == 1);
  CHECK(compare(a, b, {{"*.cycles", 0.01}, {"y.*", 0.02}}).beyond == 0);
  CHECK(compare(a, b, {{"y.*", 0.02}, {"*.cycles", 0.01}}).beyond == 1);
  CHECK(compare(a, b, {{"?.cycles", 0.009}}).beyond == 2);
  const Comparison c = compare(a, b, {{"x.*", 0.5}});
  CHECK(names(c) == std::vector<std::string>{"y.cycles", "x.cycles"});  // beyond first
  for (unsigned from = 1; from <= 1000;
       ++from) {  // 7 % of 100 n is 7 n, whatever the last bit says
    const Comparison exact =
        compare({{"n", 100 * from, ""}}, {{"n", 107 * from, ""}}, {{"n", 0.07}});
    REQUIRE(exact.beyond == 0);
    REQUIRE(compare({{"n", 100 * from, ""}}, {{"n", 107 * from + 1, ""}}, {{"n", 0.07}}).beyond ==
            1);
  }
}

TEST_CASE("comparison: tolerances as text") {
  CHECK(tolerance_share("0.02") == 0.02);
  CHECK(tolerance_share("2%") == 0.02);
  CHECK(tolerance_share("0") == 0);
  CHECK(tolerance_share("1e-3") == 1e-3);
  CHECK(std::isinf(tolerance_share("any")));
  for (const char* text :
       {"", "%", "-1", "nan", "inf", "1e999", "2 %", "x", "0.1x", "0x10", "any%"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(tolerance_share(text), std::invalid_argument);
  }
}

TEST_CASE("comparison: the text table stops at its bound and says so") {
  Values a, b;
  for (unsigned i = 0; i < 50; ++i) {
    a.push_back({"n" + std::to_string(i), 100u, "B"});
    b.push_back({"n" + std::to_string(i), 100 + i, "B"});
  }
  const Comparison c = compare(a, b, {});
  const std::string text = comparison_text(c, 30);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1 + 30 + 1 + 1);
  CHECK(text.find("... and 19 more that changed (--all)") != std::string::npos);
  CHECK(text.find("50 values: 49 changed, 0 new, 0 missing; 49 beyond tolerance") !=
        std::string::npos);
  CHECK(text.find("n49") < text.find("n48"));
  CHECK(text.find("n0 ") == std::string::npos);
  CHECK(comparison_text(c, {}).find("n0 ") != std::string::npos);
  CHECK(comparison_text(compare(a, a, {}), 30) == "50 values, all the same\n");
}

TEST_CASE("comparison: the page escapes what it shows and needs nothing else") {
  const Comparison c = compare({{"<b>&", 1u, "\"B\""}, {"same", 1u, ""}},
                               {{"<b>&", 2u, "\"B\""}, {"same", 1u, ""}}, {});
  const std::string page = comparison_html(c, "<a>.json", "b.json");
  CHECK(page.find("&lt;b&gt;&amp;") != std::string::npos);
  CHECK(page.find("&lt;a&gt;.json") != std::string::npos);
  CHECK(page.find("<b>") == std::string::npos);
  CHECK(page.find("What did not change") != std::string::npos);
  for (const char* outside : {"http://", "https://", "<script", "src=", "@import", "url("}) {
    CHECK(page.find(outside) == std::string::npos);
  }
}

TEST_CASE("comparison: what is read of a file, and what is left out") {
  const ScratchFolder files;
  const Values values = read_measurements(
      files.write("f.json",
                  R"({"result": {"reason": "exit", "exit_status": 0, "message": "not compared"},
          "simulation": {"simulated_ps": 12, "host": {"wall_s": 1.5}},
          "statistics": [{"name": "n", "value": 1.5, "unit": "B", "description": "d"}]})"));
  REQUIRE(values.size() == 4);
  CHECK((values[0].name == "result.reason" && values[0].value == "exit"));
  CHECK((values[2].name == "simulation.simulated_ps" && values[2].unit == "ps"));
  CHECK((values[3].name == "n" && values[3].value == 1.5 && values[3].unit == "B"));
}

TEST_CASE("comparison: files that are no statistics are refused with their place") {
  const ScratchFolder files;
  const auto refusal = [&](const std::string& text) -> std::string {
    try {
      read_measurements(files.write("f.json", text));
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  const auto list = [](const std::string& entries) {
    return "{\"statistics\": [" + entries + "]}";
  };
  CHECK(refusal("[]").find("no list \"statistics\"") != std::string::npos);
  CHECK(refusal("{}").find("no list") != std::string::npos);
  CHECK(refusal("{\"statistics\": 3}").find("no list") != std::string::npos);
  CHECK(refusal("{").find("f.json: ") != std::string::npos);
  CHECK(refusal(list("1")).find("statistics.0: not an object") != std::string::npos);
  CHECK(refusal(list(R"({"value": 1, "unit": ""})")).find("\"name\"") != std::string::npos);
  CHECK(refusal(list(R"({"name": "n", "unit": ""})")).find("\"value\"") != std::string::npos);
  CHECK(refusal(list(R"({"name": "n", "value": "1", "unit": ""})")).find("\"value\"") !=
        std::string::npos);
  CHECK(refusal(list(R"({"name": "n", "value": 1})")).find("\"unit\"") != std::string::npos);
  const std::string one = R"({"name": "n", "value": 1, "unit": ""})";
  CHECK(refusal(list(one + "," + one)).find("n: is there twice") != std::string::npos);
  CHECK(refusal(list(one)).empty());
}

TEST_CASE("comparison: tolerances from a file") {
  const ScratchFolder files;
  const auto tolerances =
      read_tolerances(files.write("f.json", R"({"a.*": 0.5, "b": "2%", "c": "any"})"));
  REQUIRE(tolerances.size() == 3);
  CHECK((tolerances[0].pattern == "a.*" && tolerances[0].share == 0.5));
  CHECK(tolerances[1].share == 0.02);
  CHECK(std::isinf(tolerances[2].share));
  for (const char* text :
       {"[]", "{\"a\": -1}", "{\"a\": \"much\"}", "{\"a\": null}", "{\"a\": [1]}"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(read_tolerances(files.write("f.json", text)), InputError);
  }
}

}  // namespace
}  // namespace epoch::test
