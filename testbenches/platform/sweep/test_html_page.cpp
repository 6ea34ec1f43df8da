// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "errors.h"
#include "platform/scratch_folder.h"
#include "report/html/html_page.h"

using namespace epoch;
using Catch::Matchers::Contains;
using test::message_of;
using test::ScratchFolder;

TEST_CASE("a page holds its parts, and what texts say cannot become markup") {
  const std::string nasty = "</script><!-- {{data}} & \"quotes\"";
  const std::string page = html_page(
      {nasty, "<h1>body</h1>", "p { color: red }", "run();", {{"t", nasty}}}, "library();");
  CHECK_THAT(page,
             Contains("<title>&lt;/script&gt;&lt;!-- {{data}} &amp; &quot;quotes&quot;</title>"));
  for (const char* part : {"<h1>body</h1>", "p { color: red }", "run();", "library();"}) {
    CHECK_THAT(page, Contains(part));
  }
  const std::string open = R"(<script type="application/json" id="data">)";
  const std::size_t from = page.find(open) + open.size();
  const std::string data = page.substr(from, page.find("</script>", from) - from);
  CHECK(Json::parse(data)["t"] == nasty);
  CHECK(data.find('<') == std::string::npos);
}

TEST_CASE("a missing chart library is said with what to run") {
  const ScratchFolder folder;
  CHECK_THAT(message_of<UnavailableError>([&] { chart_library({folder / "none.js"}); }),
             Contains("none.js") && Contains("scripts/fetch_echarts"));
  const auto file = folder.write("echarts.min.js", "the library");
  CHECK(chart_library({folder / "none.js", file}) == "the library");
}
