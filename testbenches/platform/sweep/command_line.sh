#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# epochvp sweep as a user meets it: command_line.sh EPOCHVP SOURCE CASE
set -uo pipefail
vp=$1 source=$2 name=$3
. "$(dirname "$0")/../../common/expect.sh"

# sweep NAME DIGITS JSON: a sweep file of handwritten digits.
sweep() {
  echo "{ \"scenario\": \"smnist\", \"args\": [\"--digits=$2\"], $3 }" >"$1"
}
grid='"grid": { "dram.ideal.gb_per_s": [6.4, 25.6], "epochcore.pe_grid.rows": [16, 32] }'
records() { find "$1/points" -name '*.json' | wc -l; }
# csv FILE EXPRESSION: holds for the rows r.
csv() {
  python3 - "$1" "$2" <<'PYTHON' || fail "not so in $1: $2"
import csv, sys
r = list(csv.DictReader(open(sys.argv[1])))
sys.exit(not eval(sys.argv[2]))
PYTHON
}
# await COMMAND...: until it succeeds.
await() {
  local tries=600
  until "$@"; do
    [ $((tries -= 1)) -gt 0 ] || fail "waited in vain: $*"
    sleep 0.05
  done
}
has_records() { [ "$(records "$1" 2>/dev/null)" -ge "$2" ]; }

case_rows_are_what_single_runs_measure() {
  sweep s.json 1 "$grid, \"columns\": [\"*\"]"
  expect 0 "$vp" sweep s.json --out o
  empty out
  has err "4 points: 4 ok, 0 failed, 0 not run; 0 were there"
  local n=0
  for bw in 6.4 25.6; do
    for rows in 16 32; do
      n=$((n + 1))
      expect 0 "$vp" run smnist --set dram.ideal.gb_per_s=$bw --set epochcore.pe_grid.rows=$rows \
        --stats "run$n.json" -- --digits=1
    done
  done
  python3 - <<'PYTHON' || fail "a row differs from a run"
import csv, json
rows = list(csv.DictReader(open("o/sweep.csv")))
points = json.load(open("o/sweep.json"))["points"]
assert len(rows) == len(points) == 4
for n in range(4):
    run = json.load(open(f"run{n + 1}.json"))
    assert rows[n]["point"] == str(n + 1) and rows[n]["status"] == "ok"
    assert float(rows[n]["simulated_time_ns"]) == run["simulation"]["simulated_ps"] / 1e3
    for s in run["statistics"]:
        assert float(rows[n][s["name"]]) == s["value"], s
        assert points[n]["measured"][s["name"]] == s["value"], s
    # The causes are all there is to the active cycles.
    causes = sum(int(v) for k, v in rows[n].items() if ".cause_" in k and not k.endswith("_idle"))
    assert causes + int(rows[n]["array_idle_cycles"]) == int(rows[n]["active_cycles"])
PYTHON
  # What it printed is kept beside.
  grep -qx "accuracy 1/1" o/points/*.uart.txt || fail "no UART text"
}
case_same_bytes_however_it_runs() {
  sweep s.json 1 "$grid"
  expect 0 "$vp" sweep s.json --out one --jobs 1
  expect 0 "$vp" sweep s.json --out other/deeper -j 4
  mkdir away
  cp s.json away
  (cd away && expect 0 "$vp" sweep s.json --out ../third)
  for file in sweep.csv sweep.json; do
    same one/$file other/deeper/$file
    same one/$file third/$file
  done
}
case_failing_points_have_a_row_and_the_rest_goes_on() {
  sweep s.json 1 '"points": [ { "firmware.args": ["--digits=1"] }, { "firmware.args": ["--nonsense"] },
    { "network.model": "nobody" }, { "firmware.elf": "no.elf" }, { "dram.ideal.gb_per_s": 1 } ]'
  expect 1 "$vp" sweep s.json --out o
  has err "5 points: 2 ok, 3 failed, 0 not run"
  has err "epochvp: point 2 (firmware.args=--nonsense): exit 2: the firmware's own code; its last line: "
  csv o/sweep.csv '[x["status"] for x in r] == ["ok", "failed", "failed", "failed", "ok"]'
  csv o/sweep.csv 'r[0]["error"] == "" and r[1]["error"].startswith("exit 2: the firmware")'
  csv o/sweep.csv '"exit 64: " in r[2]["error"] and "network.model" in r[2]["error"]'
  csv o/sweep.csv '"no.elf" in r[3]["error"] and r[3]["active_cycles"] == ""'
  [ -d o/points/*.postmortem ] || fail "no post-mortem"
  # They would fail again, and are not run again.
  expect 1 "$vp" sweep s.json --out o
  has err "; 5 were there"
}
case_a_limit_on_simulated_time() {
  sweep s.json 20 '"max_sim_time": "1ms", "grid": { "cpu.clock_mhz": [500] }'
  expect 1 "$vp" sweep s.json --out o
  csv o/sweep.csv '"exit 75: the limit of 1 ms simulated time is reached" in r[0]["error"]'
  sweep s.json 20 '"max_sim_time": "1", "grid": { "cpu.clock_mhz": [500] }'
  expect 65 "$vp" sweep s.json --out o
  has err "s.json: max_sim_time: 1: write a positive time with its unit"
}
case_nothing_runs_if_anything_is_wrong() {
  sweep s.json 1 '"grid": { "dram.ideal.gb_per_s": [1, 2, -3] }'
  expect 65 "$vp" sweep s.json --out o
  has err "s.json: grid (point 3): dram.ideal.gb_per_s: -3 is not allowed here; allowed: "
  [ ! -e o ] || fail "a folder was made"
  sweep s.json 1 '"grid": { "dram.ideal.gb_per_z": [1] }'
  expect 65 "$vp" sweep s.json --out o
  has err 'did you mean "dram.ideal.gb_per_s"?'
}
case_command_lines_that_are_wrong() {
  sweep s.json 1 "$grid"
  expect 64 "$vp" sweep
  expect 64 "$vp" sweep s.json
  has err "sweep needs --out DIR"
  expect 64 "$vp" sweep s.json --out ''
  for jobs in 0 -1 x 1.5 99999; do
    expect 64 "$vp" sweep s.json --out o --jobs=$jobs
    has err "write an integer in 1..1024"
  done
  expect 64 "$vp" sweep s.json --out o --point 5
  has err "--point 5: write an integer in 1..4"
  mv s.json sweep.json
  expect 64 "$vp" sweep sweep.json --out .
  has err "is the sweep file itself"
  expect 65 "$vp" sweep nothing.json --out o
  has err "nothing.json: no such file"
  : >file
  expect 69 "$vp" sweep sweep.json --out file
  has err "file: cannot be written"
  expect 0 "$vp" sweep --help
  has out "sweep.csv"
}
case_only_what_changed_runs_again() {
  sweep s.json 1 "$grid"
  expect 0 "$vp" sweep s.json --out o
  cp o/sweep.csv first.csv
  expect 0 "$vp" sweep s.json --out o
  has err "; 4 were there"
  same first.csv o/sweep.csv
  # Values come and go; what stays is kept wherever it moves to.
  sweep s.json 1 '"grid": { "dram.ideal.gb_per_s": [12.8, 6.4, 25.6], "epochcore.pe_grid.rows": [32] }'
  expect 0 "$vp" sweep s.json --out o
  has err "3 points: 3 ok, 0 failed, 0 not run; 2 were there"
  sweep s.json 2 "$grid"
  expect 0 "$vp" sweep s.json --out o
  has err "; 0 were there"
  # A file's contents count.
  cp -r "$source/scenarios/smnist" "$source/scenarios/smnist.json" .
  sed -i 's/"smnist"/"smnist.json"/' s.json
  expect 0 "$vp" sweep s.json --out o
  has err "; 4 were there"
  printf '\0' >>smnist/digits.idx
  expect 0 "$vp" sweep s.json --out o
  has err "; 0 were there"
  expect 0 "$vp" sweep s.json --out o --fresh
  has err "; 0 were there"
}
case_points_that_come_to_the_same_run_once() {
  sweep s.json 1 '"grid": { "dram.ideal.gb_per_s": [25.6, 25.6, 25.60] }'
  expect 0 "$vp" sweep s.json --out o
  [ "$(records o)" = 1 ] || fail "not one record"
  csv o/sweep.csv 'len(r) == 3 and all(x["status"] == "ok" for x in r)'
}
many='"grid": { "dram.ideal.gb_per_s": [1, 2, 3, 4, 5, 6, 7, 8], "epochcore.pe_grid.rows": [16, 32] }'
case_killed_in_the_middle_and_resumed() {
  sweep s.json 20 "$many"
  expect 0 "$vp" sweep s.json --out whole
  local again=0
  # Killed again and again, each time a little further on.
  for reach in 2 5 9; do
    "$vp" sweep s.json --out killed >/dev/null 2>&1 &
    local pid=$!
    await has_records killed $reach
    local children
    children=$(cat "/proc/$pid/task/$pid/children")
    kill -9 $pid
    wait $pid 2>/dev/null
    for child in $children; do await gone "$child"; done
    [ "$(records killed)" -lt 16 ] && again=$((again + 1))
  done
  [ $again -gt 0 ] || fail "it was never killed in the middle"
  expect 0 "$vp" sweep s.json --out killed
  lacks err "; 0 were there"
  for file in sweep.csv sweep.json; do same whole/$file killed/$file; done
  [ -z "$(find killed -name '*.tmp')" ] || fail "half files were left"
}
gone() { ! kill -0 "$1" 2>/dev/null; }
case_interrupted_keeps_what_is_done() {
  sweep s.json 20 "$many"
  python3 - "$vp" <<'PYTHON' || fail "interrupt"
import glob, signal, subprocess, sys, time
run = subprocess.Popen([sys.argv[1], "sweep", "s.json", "--out", "o", "--jobs", "1"],
                       stderr=open("err", "w"))
while len(glob.glob("o/points/*.json")) < 2:
    assert run.poll() is None
    time.sleep(0.01)
run.send_signal(signal.SIGINT)
sys.exit(run.wait() != 130)
PYTHON
  has err "interrupted; the same command goes on from here"
  csv o/sweep.csv 'len(r) == 16 and r[0]["status"] == "ok" and r[-1]["status"] == "not run"'
  expect 0 "$vp" sweep s.json --out o
  lacks err "; 0 were there"
}
case_one_sweep_a_folder() {
  sweep s.json 1 "$grid"
  mkdir o
  flock o/lock sh -c "'$vp' sweep s.json --out o" 2>err
  [ $? = 69 ] || fail "not refused"
  has err "another sweep is at work in this folder"
}
case_single_points_and_their_collection() {
  sweep s.json 1 "$grid"
  expect 0 "$vp" sweep s.json --out whole
  expect 0 "$vp" sweep s.json --list
  [ "$(wc -l <out)" = 4 ] || fail "not four lines"
  has out "dram.ideal.gb_per_s=6.4 epochcore.pe_grid.rows=32"
  cp out listed
  while IFS=$'\t' read -r number record _; do
    [ "$number" != 3 ] || number=$(basename "$record" .json)
    expect 0 "$vp" sweep s.json --out parts --point "$number"
    [ -f "parts/$record" ] || fail "no parts/$record"
    [ "$number" != 2 ] || {
      expect 1 "$vp" sweep s.json --out parts --collect
      has err "4 points: 2 ok, 0 failed, 2 not run"
    }
  done <listed
  expect 0 "$vp" sweep s.json --out parts --collect
  for file in sweep.csv sweep.json; do same whole/$file parts/$file; done
}
case_without_a_scenario_file() {
  echo '{ "scenario": { "firmware": { "elf": "hello.elf" } }, "grid": { "cpu.clock_mhz": [100, 200] } }' >s.json
  expect 0 "$vp" sweep s.json --out o
  csv o/sweep.csv 'len(r) == 2 and r[0]["simulated_time_ns"] != r[1]["simulated_time_ns"]'
}
case_warns_of_a_column_that_is_none() {
  sweep s.json 1 '"columns": ["dram.read_bytes", "dram.reed_bytes"], "grid": { "cpu.clock_mhz": [500] }'
  expect 0 "$vp" sweep s.json --out o
  has err 'columns: "dram.reed_bytes" is no statistic of any point'
  has o/sweep.csv "point,cpu.clock_mhz,status,error,dram.read_bytes"
}
case_progress_on_a_terminal_only() {
  sweep s.json 20 "$many"
  expect 0 "$vp" sweep s.json --out o
  ! grep -q $'\r' err || fail "progress in a file"
  on_terminal 0 "$vp" sweep s.json --out o --fresh --jobs 1
  has err "/16 points, 0 failed, "
  erased " left"
}
case_schema_is_committed() {
  expect 0 "$vp" sweep --schema
  same out "$source/scenarios/sweep.schema.json"
}
"case_$name"
