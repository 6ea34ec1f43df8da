#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `epochvp memtest` as a user meets it: memtest.sh EPOCHVP CASE
set -uo pipefail
vp=$1 name=$2
. "$(dirname "$0")/../common/expect.sh"
# so EXPRESSION: holds for what the last command printed as JSON, d.
so() {
  python3 -c 'import json, sys; d = json.load(open("out")); sys.exit(not eval(sys.argv[1]))' "$1" ||
    fail "not so: $1"
}
# trace FILE PYTHON: a line for each item that the expression gives.
trace() { python3 -c "import random; random.seed(1); print(*($2), sep='\n')" >"$1"; }
memory() { echo "{ \"dram\": { \"device\": \"${1:-ddr4-3200}\" } }" >memory.json; }
replay() { expect 0 "$vp" memtest memory.json --trace trace "$@"; }
# refused TEXT: a trace whose second line is malformed in the way that the message says.
refused() {
  printf '0 R 0x0 64\n%b' "$1" >trace
  expect 65 "$vp" memtest memory.json --trace trace
  has err "trace:2: "
  has err "$2"
  [ "$(wc -l <err)" = 1 ] || fail "more than one line"
  empty out
}

case_unloaded_latency() {
  memory
  printf '0 R 0x0 64\n1000 R 0x100 64 # a hit\n\n# the end\n2000 R 0x100000 64\n' >trace
  replay
  # Miss 22 + 22 + 4, hit 22 + 4, conflict 22 + 22 + 22 + 4 clocks of 0.625 ns.
  so 'd["mean_latency_ns"] == (48 + 26 + 70) / 3 * 0.625'
  so 'd["longest_read_latency_ns"] == 70 * 0.625'
  so '(d["row_hits"], d["row_misses"], d["row_conflicts"]) == (1, 1, 1)'
  so 'd["clocks"] == 2070 and d["reads"] == 3 and d["read_bytes"] == 192'
  so 'abs(d["bandwidth_gb_s"] - 192 / (2070 * 0.625)) < 1e-9'
  so 'd["mean_wait_ns"] == 0 and d["peak_gb_s"] == 25.6'
}
case_streaming() {
  local device
  for device in ddr4-3200 lpddr4-4266 lpddr5-6400 hbm2; do
    memory $device
    trace trace '[f"{i} R 0x{i * 64:x} 64" for i in range(50000)]'
    replay
    so '0.93 * d["peak_gb_s"] * (1 - 0.08) < d["bandwidth_gb_s"] < d["peak_gb_s"]'
    so 'd["read_bytes"] == 50000 * 64 and d["write_bytes"] == 0'
    replay --set dram.refresh=false
    so '0.99 * d["peak_gb_s"] < d["bandwidth_gb_s"] <= d["peak_gb_s"] and d["refreshes"] == 0'
  done
}
case_pseudo_channels() {
  memory hbm2
  trace trace '[f"0 R 0x{i * 256:x} 256" for i in range(20000)]'
  local channels
  for channels in 1 2 4 8 16; do
    replay --set dram.channels=$channels --set dram.refresh=false
    so "d['channels'] == $channels and 0.95 * 16 * $channels < d['bandwidth_gb_s'] <= 16 * $channels"
  done
}
case_queue_and_trace_clock() {
  memory
  trace trace '[f"100 R 0x{i * 64:x} 64" for i in range(1000)]'
  replay --set dram.refresh=false
  # From the queue: 32 bursts of 4 clocks and CL; from the trace's clock: half of all 1000 bursts.
  so '90 < d["mean_latency_ns"] < 110'
  so '1200 < d["mean_latency_from_trace_clock_ns"] < 1300'
  so 'd["mean_wait_ns"] + d["mean_latency_ns"] - d["mean_latency_from_trace_clock_ns"] < 1e-6'
  so 'd["clocks"] == 22 + 22 + 4 * 1000'
}
case_mixed_is_conserved() {
  memory
  trace trace '[f"{i * 8} {random.choice(chr(82) + chr(87))} 0x{random.randrange(1 << 20) * 64:x} 64" for i in range(20000)]'
  replay
  so 'd["reads"] + d["writes"] == 20000 and d["read_bytes"] + d["write_bytes"] == 64 * 20000'
  so 'd["read_bursts"] + d["write_bursts"] + d["forwarded_reads"] == 20000'
  so 'd["row_hits"] + d["row_misses"] + d["row_conflicts"] == d["read_bursts"] + d["write_bursts"]'
  so 'd["refreshes"] == d["clocks"] // 12480'
  cp out first
  replay
  same out first
}
case_write_only_has_a_latency() {
  memory
  echo '0 W 0x0 64' >trace
  replay
  so 'd["mean_latency_ns"] == d["mean_write_latency_ns"] == (22 + 16 + 4) * 0.625'
  so 'd["mean_read_latency_ns"] == 0'
}
case_settings_count() {
  memory
  trace trace '[f"0 R 0x{i * 64:x} 64" for i in range(2000)]'
  replay --set dram.refresh=false
  cp out open
  replay --set dram.refresh=false --set dram.mapping=row-rank-bankgroup-bank-column-channel
  so 'd["clocks"] > 1.9 * json.load(open("open"))["clocks"]'  # tCCD_L, not tCCD_S
  replay --set dram.refresh=false --set dram.page_policy=closed
  so 'd["row_hits"] == 0 and d["activates"] == 2000'
}
case_malformed_lines() {
  memory
  refused 'x R 0x0 64\n' 'the clock is no number'
  refused '-1 R 0x0 64\n' 'the clock is no number'
  refused '1.5 R 0x0 64\n' 'the clock is no number'
  refused '99999999999999999999 R 0x0 64\n' 'the clock is no number up to 1000000000000'
  refused '1 Q 0x0 64\n' 'neither R nor W'
  refused '1 RW 0x0 64\n' 'neither R nor W'
  refused '1\n' 'neither R nor W'
  refused '1 R\n' 'neither R nor W'
  refused '1 R 0 64\n' 'does not begin with 0x'
  refused '1 R 0x 64\n' 'the address is no number'
  refused '1 R 0xfg 64\n' 'the address is no number'
  refused '1 R 0x0\n' 'the number of bytes is no number'
  refused '1 R 0x0 0\n' '0 bytes'
  refused '1 R 0x0 1048577\n' 'the number of bytes is no number up to 1048576'
  refused '1 R 0x0 64 64\n' 'more than <clk>'
  refused '1 R 0x1ffffffff 2\n' "reaches past the memory's 8589934592 bytes"
  refused '1 R 0xffffffffffffffff 64\n' 'reaches past'
  refused '\0\0\0\n' 'the clock is no number'
  printf '5 R 0x0 64\n4 R 0x0 64\n' >trace
  expect 65 "$vp" memtest memory.json --trace trace
  has err 'trace:2: "4 R 0x0 64": the clock goes back from 5'
}
case_wrong_files() {
  memory
  : >trace
  expect 65 "$vp" memtest memory.json --trace trace
  has err "trace: no requests"
  echo '# nothing but this' >trace
  expect 65 "$vp" memtest memory.json --trace trace
  expect 65 "$vp" memtest memory.json --trace nowhere
  has err "nowhere"
  expect 65 "$vp" memtest nowhere --trace trace
  memory ideal
  expect 65 "$vp" memtest memory.json --trace trace
  has err 'memory.json: dram.device: "ideal" has no controller'
  memory ddr9
  expect 65 "$vp" memtest memory.json --trace trace
  has err "memory.json: dram.device"
  echo '{ "dram": { "device": "ddr4-3200", "mapping": "row-column" } }' >memory.json
  expect 65 "$vp" memtest memory.json --trace trace
  has err "memory.json: dram.mapping: mapping \"row-column\" does not cover the space"
}
case_wrong_options() {
  memory
  echo '0 R 0x0 64' >trace
  expect 64 "$vp" memtest
  expect 64 "$vp" memtest memory.json
  has err "needs a configuration and a trace"
  expect 64 "$vp" memtest --trace trace
  expect 64 "$vp" memtest memory.json --trace trace --speed
  expect 64 "$vp" memtest memory.json trace --trace trace
  expect 64 "$vp" memtest memory.json --trace trace --set dram.channels=5
  expect 0 "$vp" memtest --help
  has out "mean_latency_ns"
}
case_help_example_works() {
  memory
  printf '%s\n' '0 R 0x0 64' '4 R 0x40 64' '8 W 0x2000 64' >trace
  replay --set dram.page_policy=closed
  so 'd["writes"] == 1'
}
case_a_pause_of_minutes_is_short() {
  memory
  printf '0 R 0x0 64\n1000000000000 R 0x40 64\n' >trace
  expect 0 timeout 20 "$vp" memtest memory.json --trace trace
  so 'd["refreshes"] == 1000000000000 // 12480'
}

"case_$name"
