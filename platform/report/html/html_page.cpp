// SPDX-License-Identifier: Apache-2.0
#include "report/html/html_page.h"

#include <filesystem>
#include <map>

#include "errors.h"
#include "files/input_file.h"

namespace epoch {

namespace fs = std::filesystem;

namespace {

constexpr const char* kShell =
#include "page.html.inc"
    ;
constexpr const char* kStyle =
#include "page.css.inc"
    ;
constexpr const char* kScript =
#include "page.js.inc"
    ;

constexpr std::uint64_t kMaxLibraryBytes = 16u << 20;

// JSON that no "</script>" or "<!--" in a text can end.
std::string inert(const Json& data) {
  std::string json;
  for (const char c : data.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (c == '<') {
      json += "\\u003c";
    } else {
      json += c;
    }
  }
  return json;
}

}  // namespace

std::string html_text(const std::string& text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '&':
        html += "&amp;";
        break;
      case '"':
        html += "&quot;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::vector<fs::path> chart_library_places() {
  std::error_code error;
  const fs::path executable = fs::read_symlink("/proc/self/exe", error).parent_path();
  const fs::path name = "share/epochcore/echarts/echarts.min.js";
  // Beside build/<preset>/epochvp or an installed bin/epochvp; then the tree it was built from.
  return {(executable / ".." / name).lexically_normal(), fs::path(EPOCH_SOURCE_BUILD) / name};
}

std::string chart_library(const std::vector<fs::path>& places) {
  std::error_code error;
  for (const fs::path& place : places) {
    if (!fs::is_regular_file(place, error)) continue;
    const auto bytes = read_file(place, kMaxLibraryBytes);
    return {bytes.begin(), bytes.end()};
  }
  throw UnavailableError("reports need the chart library " + places.front().string() +
                         ", which is not there; run scripts/fetch_echarts");
}

std::string html_page(const HtmlPage& page, const std::string& library) {
  const std::map<std::string, std::string> parts = {{"title", html_text(page.title)},
                                                    {"style", kStyle + page.style},
                                                    {"body", page.body},
                                                    {"library", library},
                                                    {"data", inert(page.data)},
                                                    {"script", kScript + page.script}};
  const std::string shell = kShell;
  std::string text;
  std::size_t from = 0;
  while (true) {  // each {{name}} of the shell once, nothing inside what replaces it
    const std::size_t open = shell.find("{{", from);
    if (open == std::string::npos) break;
    const std::size_t close = shell.find("}}", open);
    text += shell.substr(from, open - from) + parts.at(shell.substr(open + 2, close - open - 2));
    from = close + 2;
  }
  return text + shell.substr(from);
}

}  // namespace epoch
