// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/json_text.h"

namespace epoch {

// What one kind of report puts into the page that all of them share.
struct HtmlPage {
  std::string title;   // plain text
  std::string body;    // HTML: its sections
  std::string style;   // CSS, with the variables of page.css
  std::string script;  // JavaScript, run behind page.js; `epoch.data` is `data`
  Json data;
};

// Text as HTML has it, in elements and in attributes.
std::string html_text(const std::string& text);

// Where the chart library may lie: beside the build or the install, in the tree it was built from.
std::vector<std::filesystem::path> chart_library_places();

// The chart library (Apache ECharts, minified) that scripts/fetch_echarts has put there. Throws
// UnavailableError with the command to run if it is in no place.
std::string chart_library(const std::vector<std::filesystem::path>& places);

// One file that needs no other and no network: the page with `library` in it.
std::string html_page(const HtmlPage& page, const std::string& library);

}  // namespace epoch
