#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The command line as a user meets it: command_line.sh EPOCHVP PROGRAMS SOURCE CASE
set -uo pipefail
vp=$1 programs=$2 source=$3 name=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

fail() {
  echo "FAILED: $*"
  echo "--- stdout"; head -c 2000 out
  echo "--- stderr"; head -c 2000 err
  exit 1
}
# expect STATUS command...: runs it, keeps its output in out and err.
expect() {
  local wanted=$1 status=0
  shift
  "$@" >out 2>err || status=$?
  [ "$status" = "$wanted" ] || fail "exit $status, wanted $wanted: $*"
}
has() { grep -qF -- "$2" "$1" || fail "$1 lacks: $2"; }
lacks() { ! grep -qF -- "$2" "$1" || fail "$1 has: $2"; }
lines() { [ "$(wc -l <"$1")" = "$2" ] || fail "$1 has $(wc -l <"$1") lines, wanted $2"; }
empty() { [ ! -s "$1" ] || fail "$1 is not empty"; }

case_hello() {
  expect 0 "$vp" run hello
  has out "hello from hart 0"
  has out "argument 0: hello.elf"
  has err "MIPS"
  lacks out "epochvp"
  lines err 1
}
case_hello_arguments() {
  expect 0 "$vp" run hello -- --one "two words"
  has out "argument 1: --one"
  has out "argument 2: two words"
}
case_hello_moved() {
  expect 0 "$vp" run hello --set memory_map.clint=0x03000000 --set memory_map.plic=0x14000000 \
    --set memory_map.uart=0x30000000 --set memory_map.simctl=0x30001000 \
    --set memory_map.epochcore=0x50000000 --set memory_map.scratchpad=0x51000000 \
    --set memory_map.sram=0x60000000 --set memory_map.boot_rom=0x2000 \
    --set memory_map.dram=0x70000000 --set cpu.clock_mhz=333 --set cpu.timebase_hz=1000000
  has out "memory 512 MiB at 0x70000000"
}
case_quantum_does_not_change_output() {
  expect 0 "$vp" run hello --set cpu.quantum_ns=0
  cp out exact
  expect 0 "$vp" run hello --set cpu.quantum_ns=1000000
  cmp -s out exact || fail "output depends on the quantum"
}
case_smnist() {
  expect 0 "$vp" run smnist --stats s.json -- --digits=4
  has out "digit 3: predicted 0 label 0 cycles "
  has out "accuracy 4/4"
  has out "utilisation"
  has out "DRAM bytes"
  jq -e '[.statistics[] | select(.name == "epochcore.counters.dma_read_bytes")][0].value > 0' s.json \
    >/dev/null || fail "no DMA in the statistics"
}
case_smnist_moved() {
  # Nothing in the firmware knows an address, a clock or a place of data.
  expect 0 "$vp" run smnist -- --digits=2
  sed 's/ cycles.*//' out | grep digit >usual
  expect 0 "$vp" run smnist --set memory_map.clint=0x03000000 --set memory_map.plic=0x14000000 \
    --set memory_map.uart=0x30000000 --set memory_map.simctl=0x30001000 \
    --set memory_map.epochcore=0x50000000 --set memory_map.scratchpad=0x51000000 \
    --set memory_map.sram=0x60000000 --set memory_map.boot_rom=0x2000 \
    --set memory_map.dram=0x70000000 --set cpu.clock_mhz=333 --set cpu.timebase_hz=1000000 \
    --set interconnect.clock_mhz=250 --set epochcore.clock_mhz=777 \
    --set network.address=0x8a000000 --set data.0.address=0x8b000000 \
    --set data.1.address=0x8c000000 -- --digits=2
  sed 's/ cycles.*//' out | grep digit >moved
  [ "$(wc -l <moved)" = 2 ] && cmp -s usual moved || fail "the digits depend on where things are"
}
case_smnist_fidelity() {
  expect 0 "$vp" run smnist -- --digits=3 --logits
  cp out fast
  expect 0 "$vp" run smnist --set epochcore.pe_grid.fidelity=cycle -- --digits=3 --logits
  cmp -s out fast || fail "fast and cycle print different bytes"
}
case_smnist_two_runs_are_identical() {
  for n in 1 2; do
    expect 0 "$vp" run smnist --stats s$n.json --vcd w$n.vcd -- --digits=2 --logits
    cp out out$n
    jq 'del(.simulation.host)' s$n.json >facts$n.json || fail "statistics are not JSON"
  done
  cmp -s out1 out2 || fail "output differs"
  cmp -s w1.vcd w2.vcd || fail "waveforms differ"
  cmp -s facts1.json facts2.json || fail "statistics differ"
  for scope in dma_in pe_grid vector_unit ring; do has w1.vcd "\$scope module $scope \$end"; done
}
case_tracing_changes_nothing() {
  expect 0 "$vp" run smnist --stats s1.json -- --digits=1
  cp out out1
  expect 0 "$vp" run smnist --stats s2.json --vcd w.vcd -- --digits=1
  cmp -s out out1 || fail "output differs"
  for n in 1 2; do jq 'del(.simulation.host)' s$n.json >facts$n.json; done
  cmp -s facts1.json facts2.json || fail "statistics differ"
}
case_smnist_shapes() {
  local shape
  for shape in 16x8x8 128x128x8 64x16x16; do
    IFS=x read -r rows cols segment <<<"$shape"
    expect 0 "$vp" run smnist --set epochcore.pe_grid.rows=$rows \
      --set epochcore.pe_grid.cols=$cols --set epochcore.pe_grid.segment_rows=$segment -- --digits=1
    has out "predicted 7 label 7"
  done
}
case_compile() {
  expect 0 "$vp" compile smnist --config smnist -o a.epim
  expect 0 "$vp" compile "$source/scenarios/smnist" -o b.epim
  [ "$(head -c 4 a.epim)" = EPIM ] || fail "not an image"
  cmp -s a.epim b.epim || fail "smnist's array is the default one"
  expect 0 "$vp" compile smnist --set epochcore.pe_grid.cols=16 -o c.epim
  ! cmp -s a.epim c.epim || fail "the image does not depend on the array"
  expect 65 "$vp" compile nowhere -o d.epim
  has err "tried"
  expect 65 "$vp" compile smnist --set epochcore.pe_grid.pe=mac -o d.epim
  has err "mode complex"
  [ ! -e d.epim ] || fail "a failed compilation leaves a file"
}
case_elf_on_default_platform() { expect 0 "$vp" run "$programs/exit0.elf"; }
case_firmware_code() {
  expect 42 "$vp" run "$programs/exit42.elf"
  expect 63 "$vp" run "$programs/exit1000.elf"
  has err "code 1000"
}
case_tohost() { expect 5 "$vp" run "$programs/tohost.elf"; }
case_trap() {
  expect 71 "$vp" run "$programs/trap.elf"
  has err "illegal instruction"
  has err "mcause 0x2"
  has err "<faulty+0x2>"
  has err "s3   12345678"
}
case_unmapped() {
  expect 71 "$vp" run "$programs/load_fault.elf"
  has err "unmapped read of 4 bytes at 0x70000000 by cpu"
  has err "load access fault"
  has err "mtval 0x70000000"
}
case_deadlock() {
  expect 72 "$vp" run "$programs/deadlock.elf"
  has err "deadlock"
  has err "WFI"
  has err "<asleep"
  has err "pe_grid idle"
}
case_simulated_time_limit() {
  expect 75 "$vp" run "$programs/spin.elf" --max-sim-time 3ms
  has err "limit of 3 ms"
  has err "<spinning>"
  has err "simulated 3 ms"
}
case_wall_time_limit() {
  expect 75 "$vp" run "$programs/spin.elf" --max-wall-time 200ms
  has err "limit on wall time"
}
case_interrupt() {
  "$vp" run "$programs/prompt.elf" --stats s.json >out 2>err &
  local pid=$!
  for _ in $(seq 100); do [ -s out ] && break; sleep 0.05; done
  [ "$(cat out)" = ">" ] || fail "an unfinished line is not shown"
  # A background child of a shell without job control ignores SIGINT until it asks for it.
  kill -INT $pid
  wait $pid
  local status=$?
  [ $status = 130 ] || fail "exit $status after SIGINT"
  has err "interrupted"
  has s.json '"interrupted"'
}
case_usage() {
  expect 64 "$vp"
  expect 64 "$vp" fly
  has err '"fly"'
  expect 64 "$vp" run
  expect 64 "$vp" run hello extra
  expect 64 "$vp" run hello --nonsense
  expect 64 "$vp" run hello --max-sim-time 5
  has err "ps, ns, us, ms, s"
  expect 64 "$vp" run hello --max-sim-time -5ms
  expect 64 "$vp" run hello --set epochcore.pe_grid.rows=0
  has err "1 to 1024"
  lines err 1
  expect 64 "$vp" regs --format pdf
  expect 64 "$vp" compile x
}
case_input_errors() {
  expect 65 "$vp" run nowhere
  has err "tried"
  has err "nowhere.json"
  echo '{"cpu":{"clock_mhz":0}}' >bad.json
  expect 65 "$vp" run bad.json
  has err "bad.json: cpu.clock_mhz: 0 "
  lines err 1
  echo '{"firmware":{"elf":"lost.elf"}}' >lost.json
  expect 65 "$vp" run lost.json
  has err "lost.elf"
  has err "firmware/lost.elf"
  echo '{}' >nothing.json
  expect 65 "$vp" run nothing.json
  has err "no firmware to run"
  head -c 100 "$programs/exit0.elf" >short.elf
  expect 65 "$vp" run short.elf
  has err "truncated"
  echo '{"firmware":{"elf":"hello.elf"},"data":[{"name":"d","file":"none.bin"}]}' >data.json
  expect 65 "$vp" run data.json
  has err "data.0.file"
  : >empty.bin
  expect 64 "$vp" run hello --set 'data.0={"name":"d","file":"empty.bin"}'
  has err "is empty"
}
case_unwritable_output() {
  expect 69 "$vp" run hello --stats none/s.json
  has err "none/s.json"
  empty out
  expect 69 "$vp" run hello --vcd none/w.vcd
}
case_help() {
  for command in run compile map regs config; do
    expect 0 "$vp" $command --help
    has out "usage: epochvp $command"
    has out "Exit status"
    empty err
  done
  expect 0 "$vp" --help
  has out "First steps"
  expect 0 "$vp" --version
}
case_map() {
  expect 0 "$vp" map
  has out "0x80000000  0x9fffffff     512 MiB  dram"
  expect 0 "$vp" map hello --set memory_map.uart=0x11000000
  has out "0x11000000"
  has out "program hello.elf"
}
case_regs() {
  expect 0 "$vp" regs --format json
  jq -e '.registers[] | select(.name == "ID") | .reset == 1162891075' out >/dev/null || fail "json"
  expect 0 "$vp" regs --format svd
  if command -v xmllint >/dev/null; then xmllint --noout out || fail "svd is not XML"; fi
  expect 0 "$vp" regs --format md
  has out "| 0x000 | ID |"
}
case_config() {
  expect 0 "$vp" config hello
  has out '"elf": "hello.elf"'
  cp out effective.json
  expect 0 "$vp" config effective.json
  cmp -s out effective.json || fail "the effective configuration does not give itself"
  expect 0 "$vp" config --origin --set dram.size_mib=64
  has out "dram.size_mib = 64  # --set dram.size_mib=64"
  expect 0 "$vp" config --schema
  jq -e '.properties.epochcore' out >/dev/null || fail "schema is not JSON"
}
case_two_runs_are_identical() {
  for n in 1 2; do
    expect 0 "$vp" run hello --stats s$n.json --vcd w$n.vcd
    cp out out$n
    jq 'del(.simulation.host)' s$n.json >facts$n.json || fail "statistics are not JSON"
  done
  cmp -s out1 out2 || fail "output differs"
  cmp -s w1.vcd w2.vcd || fail "waveforms differ"
  cmp -s facts1.json facts2.json || fail "statistics differ"
}
case_statistics() {
  expect 0 "$vp" run hello --stats s.json
  jq -e '.result.exit_status == 0 and .result.reason == "exit"' s.json >/dev/null || fail result
  jq -e '.simulation.simulated_ps > 100000000 and .simulation.host.wall_s > 0' s.json >/dev/null ||
    fail simulation
  jq -e '.statistics | length > 20' s.json >/dev/null || fail "few statistics"
  jq -e 'all(.statistics[]; .name != "" and .description != "" and (.value | type) == "number")' \
    s.json >/dev/null || fail "a statistic lacks name, description or number"
  jq -e '[.statistics[].name] | length == (unique | length)' s.json >/dev/null || fail "doubled"
}
case_statistics_survive_failure() {
  expect 71 "$vp" run "$programs/trap.elf" --stats s.json --vcd w.vcd
  jq -e '.result.reason == "trap" and .result.exit_status == 71' s.json >/dev/null || fail stats
  has w.vcd '$enddefinitions'
}
case_waveforms() {
  expect 0 "$vp" run hello --vcd w.vcd
  for scope in cpu epochcore interconnect clint plic; do
    has w.vcd "\$scope module $scope \$end"
  done
  has w.vcd '$timescale 1 ps $end'
  has w.gtkw "cpu.pc[31:0]"
  [ "$(grep -c '^#' w.vcd)" -gt 100 ] || fail "hardly any change in the waveforms"
}
case_out_folder() {
  expect 0 "$vp" run hello --out results
  [ -s results/stats.json ] && [ -s results/waves.vcd ] && [ -s results/waves.gtkw ] ||
    fail "results are missing"
  has err "results/stats.json"
}
case_closed_stdout() {
  "$vp" run hello 2>err | head -c 1 >out
  has err "MIPS"
}
case_start_is_quick() {
  local started ended
  expect 0 "$vp" run "$programs/exit0.elf"
  started=$(date +%s%N)
  expect 0 "$vp" run "$programs/exit0.elf"
  ended=$(date +%s%N)
  [ $(((ended - started) / 1000000)) -lt 200 ] || fail "start-up takes $(((ended - started) / 1000000)) ms"
}

"case_$name"
