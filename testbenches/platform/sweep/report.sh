#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The page of epochvp sweep --report in a browser: report.sh EPOCHVP SOURCE CASE
set -uo pipefail
vp=$1 source=$2 name=$3
. "$(dirname "$0")/../../common/expect.sh"
skip() {
  echo "SKIPPED: $*"
  exit 77
}
library=$source/build/share/epochcore/echarts/echarts.min.js
[ -f "$library" ] || skip "no chart library (scripts/fetch_echarts fetches it)"

# page NAME JSON [STATUS]: NAME.html of a sweep.
page() {
  echo "$2" >"$1.json"
  expect "${3:-0}" "$vp" sweep "$1.json" --out "$1" --report "$1.html"
}
# browse FILE: what the page has become goes to `dom`; it must not have complained.
browse() {
  command -v chromium >/dev/null || skip "chromium is missing (scripts/setup all installs it)"
  timeout 60 chromium --headless=new --no-sandbox --disable-gpu --user-data-dir="$PWD/profile" \
    --enable-logging=stderr --window-size=1280,2000 --virtual-time-budget=5000 --dump-dom \
    "file://$PWD/$1" >dom 2>log || fail "chromium: $(tail -n 3 log)"
  ! grep -F CONSOLE log || fail "the page complains"
}
# Works every control of a page, and writes what went wrong into its title.
worked() {
  cp "$1" worked.html
  cat >>worked.html <<'HTML'
<script>
(() => {
  const problems = [];
  addEventListener("error", (event) => problems.push(event.message));
  let turns = 0;
  const clicks = [...document.querySelectorAll("th button")].length;
  for (const select of document.querySelectorAll("select")) {
    for (const option of [...select.options]) {
      select.value = option.value;
      select.dispatchEvent(new Event("change"));
      turns += 1;
    }
  }
  for (let i = 0; i < clicks; i += 1) document.querySelectorAll("th button")[i].click();
  document.querySelector("th button").click();
  if (document.documentElement.scrollWidth > innerWidth) problems.push(`${document.documentElement.scrollWidth} px wide`);
  document.title = `${turns} turns, ${clicks} clicks, problems: ${problems.join("; ") || "none"}`;
})();
</script>
HTML
}
full='{ "scenario": "smnist", "args": ["--digits=1"], "description": "<b>bold</b>",
  "points": [ { "epochcore.pe_grid.rows": 16, "epochcore.pe_grid.cols": 16 }, { "epochcore.pe_grid.rows": 32 } ],
  "grid": { "network.type": ["fp32", "bf16"], "dram.ideal.gb_per_s": [3.2, 12.8, 51.2] } }'

case_report_needs_no_other_file() {
  page full "$full"
  # Neither a link nor a source outside of the page; the library names some in its own texts.
  python3 - full.html "$library" <<'PYTHON' || fail "the page refers to something outside"
import re, sys
page, library = (open(f, encoding="utf-8").read() for f in sys.argv[1:])
assert page.count(library) == 1
rest = page.replace(library, "")
assert not re.search(r"""(src|href)\s*=\s*["'](?!data:|#)""", rest)
assert "http" not in re.sub(r"<script.*?</script>", "", rest, flags=re.S)
PYTHON
  expect 0 "$vp" sweep full.json --out full --report again.html
  same full.html again.html
}
case_report_draws_every_view() {
  page full "$full"
  browse full.html
  python3 - <<'PYTHON' || fail "a view is missing"
import re
dom = open("dom", encoding="utf-8").read()
assert len(re.findall(r"<svg", dom)) == 7  # three curves, latency, roofline, Pareto, stalls
body = re.search(r"<tbody>.*</tbody>", dom, re.S).group(0)
assert body.count("<tr") == 12, body.count("<tr")
assert "&lt;b&gt;bold&lt;/b&gt;" in dom and "<b>bold</b>" not in re.sub(r"<script.*?</script>", "", dom, flags=re.S)
assert "12 ok, 0 failed" in dom and "On the front: point" in dom
# Each chart has marks in it, and says what it is to who does not see it.
for chart in re.findall(r'<div class="chart.*?</svg>', dom, re.S):
    assert 'role="img"' in chart and "aria-label=" in chart and chart.count("<path") > 5
PYTHON
}
case_report_controls_work() {
  page full "$full"
  worked full.html
  browse worked.html
  grep -o '<title>[^<]*' dom
  grep -q '<title>[1-9][0-9]* turns, [1-9][0-9]* clicks, problems: none' dom || fail "a control fails"
  # As narrow as a telephone: narrower than a browser window of its own may be.
  echo '<iframe src="worked.html" style="width:390px;height:4000px" onload="document.title = this.contentDocument.title"></iframe>' >frame.html
  timeout 60 chromium --headless=new --no-sandbox --disable-gpu --user-data-dir="$PWD/profile" \
    --allow-file-access-from-files --virtual-time-budget=5000 --dump-dom "file://$PWD/frame.html" >dom 2>log
  grep -q '<title>.* problems: none' dom || fail "390 px: $(grep -o '<title>[^<]*' dom)"
}
case_report_of_few_or_failed_points() {
  page one '{ "scenario": "smnist", "args": ["--digits=1"], "grid": { "cpu.clock_mhz": [500] } }'
  worked one.html
  browse worked.html
  grep -q 'problems: none' dom || fail "one point: $(grep -o '<title>[^<]*' dom)"
  page none '{ "scenario": "smnist", "grid": { "firmware.elf": ["</script>.elf", "b.elf"] } }' 1
  worked none.html
  browse worked.html
  grep -q 'problems: none' dom || fail "no point: $(grep -o '<title>[^<]*' dom)"
  has dom "0 ok, 2 failed"
  has dom "No point has these values."
  # Nothing that the accelerator did.
  page idle '{ "scenario": "hello", "grid": { "cpu.clock_mhz": [100, 200] } }'
  worked idle.html
  browse worked.html
  grep -q 'problems: none' dom || fail "idle: $(grep -o '<title>[^<]*' dom)"
}
"case_$name"
