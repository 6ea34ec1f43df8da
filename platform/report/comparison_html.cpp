// SPDX-License-Identifier: Apache-2.0
#include "report/comparison.h"
#include "report/html/html_page.h"

namespace epoch {
namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --line: #d5d9e0; --quiet: #5b6472; --up: #a34700; --down: #0b5cad;
  --mark: #fdf1e7; --paper: #fff; --ink: #1b2330; }
@media (prefers-color-scheme: dark) { :root { --line: #394150; --quiet: #9aa5b5; --up: #ffb074;
  --down: #7fb8ff; --mark: #3a2a1c; --paper: #161a21; --ink: #e6eaf0; } }
body { margin: 2rem auto; padding: 0 1rem; max-width: 80rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 1rem; margin: 0 0 1rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
.verdict { font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); padding: .5rem 0; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: left;
  white-space: nowrap; }
th[scope=row] { font-weight: 400; font-family: ui-monospace, monospace; font-size: 13px; }
.number { text-align: right; }
.beyond { background: var(--mark); }
.up { color: var(--up); } .down { color: var(--down); }
summary { cursor: pointer; margin-top: 1.5rem; }
@media (max-width: 50rem) { body { margin: 1rem auto; font-size: 14px; }
  th, td { padding: .25rem .35rem; vertical-align: top; }
  th[scope=row] { white-space: normal; overflow-wrap: anywhere; min-width: 8rem; font-size: 12px; } }
)";

std::string verdict(const ComparedValue& value) {
  if (!value.changed()) return "";
  return (value.beyond() ? "beyond " : "within ") + allowed_text(value);
}

std::string row(const ComparedValue& value) {
  const auto number = [](const std::string& text, const std::string& more = "") {
    return "<td class=\"number" + more + "\">" + html_text(text) + "</td>";
  };
  const std::string way = !value.changed() ? "" : value.share > 0 ? " up" : " down";
  return std::string("<tr") + (value.beyond() ? " class=\"beyond\"" : "") + "><th scope=\"row\">" +
         html_text(one_line(value.name)) + "</th>" + number(share_text(value), way) +
         number(difference_text(value), way) + number(value_text(value.a)) +
         number(value_text(value.b)) + "<td>" + html_text(one_line(value.unit)) + "</td><td>" +
         verdict(value) + "</td></tr>\n";
}

std::string table(const std::string& caption, const Comparison& comparison, bool changed) {
  std::string rows;
  for (const ComparedValue& value : comparison.values) {
    if (value.changed() == changed) rows += row(value);
  }
  if (rows.empty()) return "";
  std::string heads;
  for (const char* head : {"name", "relative", "difference", "A", "B", "unit", "verdict"}) {
    const std::string name = head;
    const bool text = name == "name" || name == "unit" || name == "verdict";
    heads +=
        std::string("<th scope=\"col\"") + (text ? ">" : " class=\"number\">") + name + "</th>";
  }
  return "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" + caption +
         "\"><table><caption>" + caption + "</caption><thead><tr>" + heads +
         "</tr></thead><tbody>\n" + rows + "</tbody></table></div>\n";
}

}  // namespace

std::string comparison_html(const Comparison& comparison, const std::string& name_a,
                            const std::string& name_b) {
  std::string page =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<title>epochvp compare</title><style>" +
      std::string(kStyle) +
      "</style></head><body><main>\n<h1>Two runs compared</h1>\n<dl><dt>A</dt><dd>" +
      html_text(one_line(name_a, 400)) + "</dd><dt>B</dt><dd>" + html_text(one_line(name_b, 400)) +
      "</dd></dl>\n<p class=\"verdict\">" + comparison_summary(comparison) + "</p>\n";
  page += table("What changed: beyond tolerance first, then by share", comparison, true);
  const std::string same = table("What did not", comparison, false);
  if (!same.empty())
    page += "<details><summary>What did not change</summary>\n" + same + "</details>\n";
  return page + "</main></body></html>\n";
}

}  // namespace epoch
