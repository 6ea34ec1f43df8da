#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The command line as a user meets it: command_line.sh EPOCHVP PROGRAMS SOURCE CASE
set -uo pipefail
vp=$1 programs=$2 source=$3 name=$4
firmware=$(dirname "$vp")/firmware
check_trace=$(cd "$(dirname "$0")" && pwd)/trace/check_trace.py
. "$(dirname "$0")/../common/expect.sh"
lines() { [ "$(wc -l <"$1")" = "$2" ] || fail "$1 has $(wc -l <"$1") lines, wanted $2"; }
# json FILE EXPRESSION: holds for the file's contents d and its statistics s by name.
json() {
  python3 - "$1" "$2" <<'PYTHON' || fail "not so in $1: $2"
import json, sys
d = json.load(open(sys.argv[1]))
s = {x["name"]: x["value"] for x in d.get("statistics", [])}
sys.exit(not eval(sys.argv[2]))
PYTHON
}
# facts FILE: statistics without what depends on the host.
facts() {
  python3 -c 'import json, sys
d = json.load(open(sys.argv[1])); del d["simulation"]["host"]; print(json.dumps(d, indent=1))' "$1" ||
    fail "$1 is not JSON"
}

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
  json s.json 's["epochcore.counters.dma_read_bytes"] > 0'
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
    facts s$n.json >facts$n.json
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
  for n in 1 2; do facts s$n.json >facts$n.json; done
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
case_tohost() {
  expect 0 "$vp" run "$programs/tohost0.elf"
  expect 5 "$vp" run "$programs/tohost5.elf"
  expect 70 "$vp" run "$programs/tohost_host_call.elf"
  has err "wrote 0x80001000 to tohost: a host call"
}
case_signature() {
  expect 0 "$vp" run "$programs/signature.elf" --signature sig
  printf '12345678\ndeadbeef\nabcdef01\ndeadbe01\n' | cmp - sig || fail "another signature"
  has err "signature sig"
  expect 65 "$vp" run "$programs/exit0.elf" --signature none
  has err "begin_signature"
  [ ! -e none ] || fail "a refused run wrote a signature"
  expect 69 "$vp" run "$programs/signature.elf" --signature no/such/folder
}
case_trap() {
  expect 71 "$vp" run "$programs/trap.elf"
  has err "illegal instruction"
  has err "mcause 0x2"
  has err "<faulty+0x2>"
  has err "s3   12345678"
}
case_unmapped() {
  expect 71 "$vp" run "$programs/load_fault.elf"
  has err "unmapped read of 0x70000000..0x70000003 by cpu, between sram 0x40000000..0x4000ffff and \
dram 0x80000000..0x9fffffff, at 80 ns"
  has err "load access fault"
  has err "mtval 0x70000000"
}
case_deadlock() {
  expect 72 "$vp" run "$programs/deadlock.elf"
  has err "deadlock"
  has err "WFI"
  has err "<asleep"
  has err "EpochCore has nothing to do"
  has err "no interrupt is coming"
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
  expect 69 "$vp" run hello --trace none/t.json
  has err "none/t.json"
  expect 69 "$vp" run hello --log plic=info --log-file none/l.txt
  has err "none/l.txt"
  expect 69 "$vp" run hello --trace-mmio none/m.txt
  has err "none/m.txt"
  empty out
}
case_two_outputs_in_one_file() {
  expect 64 "$vp" run hello --stats a.txt --trace-mmio a.txt
  has err "a.txt: --stats is that file too"
  expect 64 "$vp" run hello --vcd w.vcd --profile ./w.gtkw
  has err "--vcd's GTKWave save file is that file too"
  cp "$firmware/hello.elf" mine.elf
  expect 64 "$vp" run mine.elf --stats mine.elf
  has err "the program is that file too"
  cmp -s mine.elf "$firmware/hello.elf" || fail "the program was overwritten"
  expect 64 "$vp" run hello --stats ""
  has err "--stats"
  lines err 1
  empty out
  [ ! -e a.txt ] || fail "a refused run leaves a file"
  expect 0 "$vp" run hello --stats /dev/null --trace-mmio /dev/null
}
case_trace() {
  expect 0 "$vp" run smnist --trace t.json --stats s.json --trace-mmio m.txt -- --digits=2
  has err "epochvp: trace t.json"
  lacks err "--trace-limit"
  python3 "$check_trace" schema t.json || fail "not in the format"
  python3 "$check_trace" run t.json s.json m.txt || fail "not what happened"
}
case_trace_checker_sees_faults() {
  expect 0 "$vp" run smnist --trace t.json --stats s.json --trace-mmio m.txt -- --digits=1
  python3 - "$check_trace" <<'PYTHON' || fail "a spoilt trace passes"
import copy, json, subprocess, sys
good = json.load(open("t.json"))
calls = ("main", "_start", "hal_start", "hal_trap_entry")  # the other functions only cost time
good["traceEvents"] = [e for e in good["traceEvents"] if e["ph"] == "M" or
                       (e["pid"], e["tid"]) != (1, 1) or e["name"] in calls]
def first(events, **wanted):
    return next(e for e in events if all(e.get(k) == v for k, v in wanted.items()))
def begin(events, **wanted):
    return first(events, ph="B", **wanted)
faults = {
    "": lambda e: None,
    "a slice without an end": lambda e: e.remove(first(e, ph="E")),
    "a command less": lambda e: [e.remove(first(e, ph=p, name="LAYERNORM", tid=begin(e, name="LAYERNORM")["tid"])) for p in "BE"],
    "a later end": lambda e: first(e, ph="E", name="AFFINE").update(ts=9e9),
    "an arrow's end": lambda e: e.remove(first(e, ph="f")),
    "an arrow elsewhere": lambda e: first(e, ph="f").update(ts=9e9),
    "a counter's value": lambda e: first(e, ph="C", name="epochcore.dma (bytes a us)")["args"].update(read=1),
    "the array's use": lambda e: first(e, ph="C", name="array utilisation (%)")["args"].update(useful=1),
    "another sequence": lambda e: next(x for x in e if "queued_us" in x.get("args", {}))["args"].update(sequence=999),
    "a track without a name": lambda e: e.remove(first(e, name="thread_name")),
}
for name, spoil in faults.items():
    bad = copy.deepcopy(good)
    spoil(bad["traceEvents"])
    json.dump(bad, open("bad.json", "w"))
    if subprocess.run([sys.executable, sys.argv[1], "run", "bad.json", "s.json", "m.txt"],
                      capture_output=True).returncode == (1 if name == "" else 0):
        sys.exit(name or "the trace without a fault")
PYTHON
}
case_trace_limit() {
  expect 0 "$vp" run smnist --trace full.json -- --digits=10
  expect 0 "$vp" run smnist --trace cut.json --trace-limit 1 -- --digits=10
  has err "--trace-limit"
  python3 "$check_trace" cut cut.json full.json $((1 << 20)) || fail "not the end of the trace"
  for limit in 0 -1 1.5 65537 much ""; do
    expect 64 "$vp" run hello --trace t.json --trace-limit "$limit"
    has err "1 to 65536"
  done
  expect 64 "$vp" run hello --trace-limit 5
  has err "--trace FILE"
  [ ! -e t.json ] || fail "a refused run leaves a file"
}
case_trace_changes_nothing_and_is_the_same_each_time() {
  expect 0 "$vp" run smnist --stats s1.json -- --digits=1
  cp out out1
  for n in 2 3; do
    expect 0 "$vp" run smnist --stats s$n.json --trace t$n.json --vcd w$n.vcd -- --digits=1
    same out out1
  done
  same t2.json t3.json
  for n in 1 2; do facts s$n.json >facts$n.json; done
  same facts1.json facts2.json
  expect 0 "$vp" run smnist --vcd alone.vcd -- --digits=1
  same alone.vcd w2.vcd
}
case_trace_of_a_failure() {
  expect 71 "$vp" run "$programs/trap.elf" --postmortem none --trace t.json
  python3 "$check_trace" schema t.json || fail "not in the format"
  json t.json 'd["otherData"]["end"] == "trap"'
  expect 75 "$vp" run smnist --max-sim-time 5285us --postmortem none --trace t.json -- --digits=1
  python3 "$check_trace" schema t.json || fail "not in the format"
  json t.json 'any(e.get("args", {}).get("state") == "running" for e in d["traceEvents"])'
}
case_trace_without_a_hart_to_watch() {
  expect 0 "$vp" run smnist --set cpu.kind=native --trace t.json -- --digits=1
  python3 "$check_trace" schema t.json || fail "not in the format"
  lacks t.json '"functions"'
  has t.json '"name":"GEMM"'
}
case_trace_of_two_epochcores() {
  expect 0 "$vp" run contexts --set epochcore.instances=2 --trace t.json
  python3 "$check_trace" schema t.json || fail "not in the format"
  has t.json '"name":"epochcore1.irq"'
}
case_compare() {
  expect 0 "$vp" run smnist --stats a.json -- --digits=1
  expect 0 "$vp" run smnist --stats b.json -- --digits=1
  expect 0 "$vp" compare a.json b.json
  has out "all the same"
  lines out 1
  empty err
  expect 0 "$vp" run smnist --set epochcore.pe_grid.cols=64 --stats b.json -- --digits=1
  expect 1 "$vp" compare a.json b.json --html c.html
  has out "epochcore.counters.cause_useful"
  has out "beyond tolerance"
  has out "(--all)"
  has c.html "epochcore.counters.cause_useful"
  lacks out "host"
  expect 1 "$vp" compare a.json b.json --all
  has out "same"
  [ "$(wc -l <out)" -gt 200 ] || fail "--all shows $(wc -l <out) lines"
  expect 0 "$vp" compare a.json b.json --tolerance '*=any'
  expect 1 "$vp" compare a.json b.json --tolerance '*=any' --tolerance 'simulation.simulated_ps=1%'
  has out "beyond 1%"
  has out "; 1 beyond tolerance"
  echo '{"*": "any", "cpu.cycles": 0}' >t.json
  expect 1 "$vp" compare a.json b.json --tolerances t.json
  expect 0 "$vp" compare a.json b.json --tolerances t.json --tolerance 'cpu.cycles=20%'
}
case_compare_new_and_missing() {
  cat >a.json <<<'{"statistics": [{"name": "x", "value": 1, "unit": "B"}, {"name": "y", "value": 2, "unit": "B"}]}'
  cat >b.json <<<'{"statistics": [{"name": "y", "value": 2, "unit": "B"}, {"name": "z", "value": 0, "unit": "B"}]}'
  expect 1 "$vp" compare a.json b.json
  has out "missing"
  has out "new"
  has out "3 values: 0 changed, 1 new, 1 missing; 2 beyond tolerance"
  expect 1 "$vp" compare a.json b.json --tolerance 'x=any'
  expect 0 "$vp" compare a.json b.json --tolerance 'x=any' --tolerance 'z=any'
}
case_compare_refusals() {
  echo '{"statistics": [{"name": "epochcore.bytes", "value": 1, "unit": "B"}]}' >a.json
  expect 64 "$vp" compare
  expect 64 "$vp" compare a.json
  expect 64 "$vp" compare a.json a.json a.json
  expect 64 "$vp" compare a.json a.json --tolerance nonsense
  has err "NAME=REL"
  expect 64 "$vp" compare a.json a.json --tolerance 'epochcore.bytes=-1'
  has err "0.02 or 2%"
  expect 64 "$vp" compare a.json a.json --tolerance 'epochcore.byte=1%'
  has err 'did you mean "epochcore.bytes"?'
  expect 64 "$vp" compare a.json a.json --html a.json
  has err "a file to compare"
  expect 65 "$vp" compare a.json none.json
  has err "none.json: no such file"
  echo '{' >bad.json
  expect 65 "$vp" compare bad.json a.json
  has err "bad.json"
  echo '{}' >bad.json
  expect 65 "$vp" compare a.json bad.json
  has err "epochvp run --stats"
  echo '{"x": "much"}' >t.json
  expect 65 "$vp" compare a.json a.json --tolerances t.json
  has err "t.json: x"
  lines err 1
  empty out
  expect 69 "$vp" compare a.json a.json --html none/c.html
  has err "none/c.html"
}
case_log() {
  expect 0 "$vp" run smnist --stats s.json --log epochcore=debug,plic=info --log uart=info -- --digits=1
  cp out out1
  grep '^\[' err >log
  grep -Eqv '^\[ *[0-9]+\.[0-9]{3} us\] [a-z_.]+ (error|warning|info|debug): .' log && fail "a line of another form"
  has log "epochcore.commands debug: doorbell: head 0, tail"
  has log "epochcore.dma_in debug: burst read"
  has log "plic info: source 2 claimed"
  has log "uart info: sent: accuracy 1/1"
  has log "epochcore.irq info: raised"
  sort -s -k2,2n -t'[' <log | cmp -s - log || fail "not sorted by time"
  count() { grep -c "$1" log; }
  json s.json "s['epochcore.counters.commands'] == $(count ' retired$') == $(count ' fetched$')"
  json s.json "s['epochcore.dma_in.bursts'] == $(count 'dma_in debug: burst')"
  json s.json "s['plic.source_2.claims'] == $(count ' claimed$')"
  expect 0 "$vp" run smnist --stats s2.json -- --digits=1
  same out out1
  for n in "" 2; do facts s$n.json >facts$n; done
  same facts facts2
  ! grep -q '^\[' err || fail "a log that nobody asked for"
}
case_log_for_machines() {
  expect 0 "$vp" run smnist --log '*=debug' --log-format json --log-file l.json -- --digits=1
  ! grep -q '"scope"' err || fail "the log is on stderr too"
  has err "epochvp: log l.json"
  cp l.json first.json
  expect 0 "$vp" run smnist --log '*=debug' --log-format json --log-file l.json -- --digits=1
  same l.json first.json
  python3 - <<'PYTHON' || fail "not what was asked for"
import json
lines = [json.loads(line) for line in open("l.json")]
times = [line["time_ps"] for line in lines]
assert times == sorted(times) and len(lines) > 1000
assert all(set(line) == {"time_ps", "scope", "level", "text"} for line in lines)
assert {"cpu", "clint.bus", "dram.bus", "simctl", "uart"} <= {line["scope"] for line in lines}
PYTHON
}
case_log_of_failures() {
  expect 71 "$vp" run "$programs/load_fault.elf" --postmortem none --log interconnect=error
  has err "interconnect error: cpu reads unmapped"
}
case_log_refusals() {
  expect 64 "$vp" run hello --log plik=info --trace t.json
  has err 'did you mean "plic"?'
  lines err 1
  empty out
  [ ! -e t.json ] || fail "a refused run leaves a file"
  expect 64 "$vp" run hello --log plic
  has err "SCOPE=LEVEL"
  expect 64 "$vp" run hello --log plic=loud
  has err "error, warning, info, debug"
  expect 64 "$vp" run hello --log plic=info --log-format xml
  has err "text and json"
  expect 64 "$vp" run hello --log-format json
  has err "needs --log"
  expect 64 "$vp" run hello --log-file l.txt
  has err "needs --log"
  expect 64 "$vp" run hello --log plic=info --log-file x --stats x
  has err "is that file too"
}
case_native_refusals() {
  local key
  for key in cpu.timing.load_cycles=2 cpu.icache.size_kib=4 cpu.dcache.ways=4 cpu.misaligned=hardware \
    cpu.pmp_regions=4; do
    expect 64 "$vp" run hello --set cpu.kind=native --set "$key"
    has err "${key%=*}: says nothing where cpu.kind is \"native\""
    lines err 1
  done
  expect 0 "$vp" config hello --set cpu.kind=native
  cp out dump.json
  expect 0 "$vp" run dump.json
  expect 64 "$vp" run hello --set cpu.kind=native --profile p.txt
  has err "--profile watches the RISC-V hart"
}
case_calibration_cut_short() {
  printf '\0\0\x08\3 no digits' >short.idx
  expect 64 "$vp" run smnist --set network.type=int8 --set network.calibration=short.idx
  has err "network.calibration"
  has err "short.idx: an IDX file must have"
  lines err 1
}
case_help() {
  for command in run compare compile generate grid map regs config; do
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
  json out '{r["name"]: r["reset"] for r in d["registers"]}["ID"] == 0x45504F43'
  python3 -c 'import json; print(len(json.load(open("out"))["registers"]))' >count
  expect 0 "$vp" regs --format svd
  python3 - <<'PYTHON' || fail "svd is not as CMSIS-SVD.xsd 1.3 wants it"
import re, xml.etree.ElementTree as xml
# The order of elements that the schema prescribes (xs:sequence), those that we use.
order = {
    "device": "name version description addressUnitBits width size peripherals",
    "peripheral": "name description baseAddress addressBlock interrupt registers",
    "addressBlock": "offset size usage",
    "interrupt": "name value",
    "register": "dim dimIncrement name description addressOffset access resetValue "
                "modifiedWriteValues readAction fields",
    "field": "name description bitOffset bitWidth",
}
allowed = {"access": "read-only read-write", "readAction": "modifyExternal",
           "modifiedWriteValues": "oneToClear", "usage": "registers"}
number = re.compile(r"[+]?(0x|0X|#)?[0-9a-fA-F]+[kmgtKMGT]?$")
name = re.compile(r"[_A-Za-z][_A-Za-z0-9]*(\[%s\])?$")
def check(node):
    places = order.get(node.tag, "").split()
    positions = [places.index(child.tag) for child in node] if places else []
    assert positions == sorted(set(positions)), (node.tag, [c.tag for c in node])
    for child in node:
        if child.tag in ("offset", "size", "baseAddress", "addressOffset", "resetValue", "dim",
                         "dimIncrement", "bitOffset", "bitWidth", "value", "width"):
            assert number.match(child.text), (child.tag, child.text)
        if child.tag == "name":
            assert name.match(child.text), child.text
        if child.tag in allowed:
            assert child.text in allowed[child.tag].split(), (child.tag, child.text)
        check(child)
    for tag, needed in (("register", "name addressOffset"), ("field", "name bitOffset bitWidth")):
        assert node.tag != tag or all(node.find(n) is not None for n in needed.split())
root = xml.parse("out").getroot()
check(root)
assert root.get("schemaVersion") == "1.3"
assert len(root.findall(".//register")) == int(open("count").read())
PYTHON
  expect 0 "$vp" regs
  has out "0x104   RO      0x00000004  STATUS "
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
  json out '"epochcore" in d["properties"]'
}
case_two_runs_are_identical() {
  for n in 1 2; do
    expect 0 "$vp" run hello --stats s$n.json --vcd w$n.vcd
    cp out out$n
    facts s$n.json >facts$n.json
  done
  cmp -s out1 out2 || fail "output differs"
  cmp -s w1.vcd w2.vcd || fail "waveforms differ"
  cmp -s facts1.json facts2.json || fail "statistics differ"
}
case_cpu_caches() {
  expect 0 "$vp" run hello --stats plain.json
  cp out plain
  expect 0 "$vp" run hello --stats s.json --set cpu.icache.size_kib=1 --set cpu.dcache.size_kib=1
  grep -v "^tick" plain >a && grep -v "^tick" out >b && cmp -s a b || fail "output differs"
  json s.json 's["cpu.icache_misses"] > 0 and s["cpu.dcache_misses"] > 0'
  # Lines written back are the bus's; the rest of what is written goes there without caches too.
  json s.json "s['dram.write_bytes'] - 64 * s['cpu.dcache_write_backs'] == \
    $(python3 -c 'import json; print({x["name"]: x["value"] for x in
      json.load(open("plain.json"))["statistics"]}["dram.write_bytes"])')"
  expect 64 "$vp" run hello --set cpu.icache.size_kib=3
  has err "must be a power of two"
}
case_statistics() {
  expect 0 "$vp" run hello --stats s.json
  json s.json 'd["result"]["exit_status"] == 0 and d["result"]["reason"] == "exit"'
  json s.json 'd["simulation"]["simulated_ps"] > 1e8 and d["simulation"]["host"]["wall_s"] > 0'
  json s.json 'len(s) > 20 and len(s) == len(d["statistics"])' # no name twice
  json s.json 'all(x["name"] and x["unit"] and x["description"] for x in d["statistics"])'
  # One spelling a unit: singular.
  json s.json 'all(not x["unit"].endswith("s") or x["unit"] in ("ns", "access") for x in d["statistics"])'
  json s.json 'all(isinstance(x["value"], (int, float)) for x in d["statistics"])'
}
case_statistics_survive_failure() {
  expect 71 "$vp" run "$programs/trap.elf" --stats s.json --vcd w.vcd
  json s.json 'd["result"]["reason"] == "trap" and d["result"]["exit_status"] == 71'
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
  for file in stats.json waves.vcd waves.gtkw trace.json mmio.txt; do
    [ -s results/$file ] || fail "$file is missing"
  done
  [ ! -e results/postmortem ] || fail "a post-mortem of a run that is well"
  has err "results/stats.json"
}
case_trace_instructions() {
  expect 0 "$vp" run hello --stats s1.json
  cp out out1
  expect 0 "$vp" run hello --stats s2.json --trace-instructions i.txt
  cmp -s out out1 || fail "output differs"
  for n in 1 2; do facts s$n.json >facts$n.json; done
  cmp -s facts1.json facts2.json || fail "statistics differ"
  has err "epochvp: instructions i.txt"
  [ "$(head -1 i.txt)" = "# time_ps pc symbol bits mnemonic operands effects" ] || fail "no header"
  grep -qE '^[0-9]+ 0x8[0-9a-f]{7} _start [0-9a-f]{8} csrrci zero,mstatus,8$' i.txt || fail "no _start"
  grep -qE ' main(\+0x[0-9a-f]+)? [0-9a-f]{4} addi sp,sp,-[0-9]+ sp=0x8[0-9a-f]{7}$' i.txt || fail "no main"
  grep -qE ' sb [a-z0-9]+,0\([a-z0-9]+\) at=0x10000000 stored=0x00000068$' i.txt || fail "no h on the uart"
  grep -qE ' - interrupt - trap=0x8000000[7b] to=0x8[0-9a-f]{7}$' i.txt || fail "no interrupt"
  # Every instruction is there: one line each that retired.
  json s2.json 's["cpu.instructions"] == sum(1 for l in open("i.txt") if " interrupt " not in l) - 1'
  # objdump agrees about every 32-bit instruction of the program.
  riscv64-unknown-elf-objdump -d -M no-aliases "$firmware/hello.elf" >listing
  python3 - <<'PYTHON' || fail "objdump disagrees"
import re
listing = {}
for line in open("listing"):
    match = re.match(r"\s*([0-9a-f]+):\t([0-9a-f]{8}) +\t(\S+)(?:\t(\S+))?", line)
    if match: listing[int(match[1], 16)] = (match[3], match[4] or "-")
seen, last = 0, -1
for line in open("i.txt"):
    if line[0] == "#": continue
    time, pc, symbol, bits, mnemonic, operands, *effects = line.split()
    assert int(time) >= last, line
    last = int(time)
    if len(bits) < 8 or int(pc, 16) not in listing: continue
    want = listing[int(pc, 16)]
    text = re.sub(r",([0-9a-f]{8})$", r",0x\1", want[1])
    assert (mnemonic, operands) == (want[0], text) or mnemonic.startswith("fence"), (line, want)
    seen += 1
assert seen > 1000
PYTHON
}
case_trace_range() {
  expect 0 "$vp" run hello --trace-instructions i.txt --trace-range main --trace-range 0x1000-0x10ff
  [ "$(cut -d' ' -f3 i.txt | sed 's/+.*//' | sort -u | tr '\n' ' ')" = "- main pc " ] ||
    fail "other functions than main and the boot rom"
  expect 64 "$vp" run hello --trace-range main
  has err "--trace-instructions"
  expect 64 "$vp" run hello --trace-instructions i.txt --trace-range man
  has err "--trace-range man: neither"
  lines err 1
  for range in 0x1000- -0x1000 0xg-0xh 0x1000-0x1_0000_0000 0x2000-0x1000; do
    expect 64 "$vp" run hello --trace-instructions i.txt --trace-range "$range"
    has err "--trace-range $range: "
    lines err 1
  done
  expect 69 "$vp" run hello --trace-instructions none/i.txt
  has err "none/i.txt"
  empty out
}
case_trace_of_a_trap() {
  expect 71 "$vp" run "$programs/trap.elf" --trace-instructions i.txt
  grep -qE '^[0-9]+ 0x8[0-9a-f]{7} faulty\+0x2 0000 illegal - trap=0x00000002 to=0x00000000$' i.txt ||
    fail "the trap is not the last line"
}
case_profile() {
  expect 0 "$vp" run smnist --stats s1.json -- --digits=2
  cp out out1
  for n in 2 3; do
    expect 0 "$vp" run smnist --stats s$n.json --profile p$n.folded -- --digits=2
    facts s$n.json >facts$n.json
  done
  cmp -s out out1 || fail "output differs"
  facts s1.json >facts1.json
  cmp -s facts1.json facts2.json || fail "statistics differ"
  cmp -s p2.folded p3.folded || fail "two profiles differ"
  json s3.json 's["cpu.instructions"] == sum(int(l.rsplit(" ", 1)[1]) for l in open("p3.folded"))'
  grep -qE '^_start;hal_start;main;[a-z_;]*epoch_schedule[a-z_;]* [0-9]+$' p3.folded ||
    fail "no schedule below main"
  grep -qE '^\[interrupt\];hal_trap_entry;hal_[a-z_;]* [0-9]+$' p3.folded || fail "no interrupt"
  ! grep -vqE '^[^ ;]+(;[^ ;]+)* [0-9]+$' <(sed 's/\[no symbol\]/x/' p3.folded) || fail "not folded stacks"
  has err "epochvp: profile p3.folded"
  grep -qE '^ +[0-9]+ +[0-9]+ +[0-9.]+ +100\.0 +_start$' err ||
    grep -qE ' +[0-9.]+ +[0-9.]+ +epoch_' err || fail "no table"
  expect 69 "$vp" run hello --profile none/p
  empty out
}
case_profile_of_a_trap() {
  expect 71 "$vp" run "$programs/trap.elf" --profile p.folded
  grep -qE '^faulty 1$' p.folded || fail "what ran before the trap is not counted"
}
# line_of FILE MARK: the number of the line that has the mark.
line_of() { grep -n -m1 "$2" "$1" | cut -d: -f1; }
# frames EXPECTED...: the backtrace on stderr, functions and lines of calls.c without addresses.
frames() {
  sed -n 's/^  #\([0-9]*\) *0x8[0-9a-f]* \([^(]*[^ (]\)\( (.*calls\.c:\([0-9]*\))\)\{0,1\}\( (.*\)\{0,1\}$/\1 \2 \4/p' err |
    sed 's/ *$//' >frames
  printf '%s\n' "$@" >wanted
  cmp -s frames wanted || { diff wanted frames; fail "not these frames"; }
}
calls=$source/testbenches/platform/programs/calls.c
case_backtrace() {
  expect 71 "$vp" run "$programs/calls_3.elf"
  frames "0 innermost $(line_of "$calls" line_innermost)" \
    "1 inlined, inlined $(line_of "$calls" line_inlined)" \
    "2 outer $(line_of "$calls" line_outer)" \
    "3 recurse $(line_of "$calls" line_bottom)" \
    "4 recurse $(line_of "$calls" line_recurse)" "5 recurse $(line_of "$calls" line_recurse)" \
    "6 calls $(line_of "$calls" line_deep)" "7 _start"
  lacks err "stops"
  grep -qE '_start \(.*calls_start\.S:8\)$' err || fail "no line of the assembly"
  has epochvp-postmortem/summary.txt "#2  0x8"
  has epochvp-postmortem/hart.txt "backtrace"
}
case_backtrace_without_frame_information() {
  expect 71 "$vp" run "$programs/calls_0.elf"
  has err "outer ("
  grep -qE '^  #3  0x8[0-9a-f]{7} without_cfi' err || fail "the function itself is not shown"
  has err "the backtrace stops: without_cfi has no call frame information"
  lacks err "calls ("
  expect 71 "$vp" run "$programs/trap.elf"
  grep -qE '^  #0  0x8[0-9a-f]{7} faulty$' err || fail "no frame of the symbol"
  has err "the backtrace stops: faulty has no call frame information; its caller may be what ra holds, 0x00000000 in an address without a symbol"
  # Without DWARF there are symbols, without symbols addresses.
  riscv64-unknown-elf-objcopy --strip-debug "$programs/calls_3.elf" nodebug.elf
  expect 71 "$vp" run nodebug.elf
  grep -qE '^  #0  0x8[0-9a-f]{7} innermost$' err || fail "no name without DWARF"
  grep -qE 'stops: innermost has no call frame information; its caller may be .* in outer$' err || fail "no hint"
  riscv64-unknown-elf-strip "$programs/calls_3.elf" -o stripped.elf
  expect 71 "$vp" run stripped.elf
  grep -qE '^  #0  0x8[0-9a-f]{7} an address without a symbol$' err || fail "no frame when stripped"
}
case_backtrace_of_a_deep_recursion() {
  expect 71 "$vp" run "$programs/calls_1000.elf"
  has err "... and further callers"
  [ "$(grep -c '^  #' err)" = 64 ] || fail "not 64 frames"
}
case_backtrace_through_a_trap_handler() {
  expect 71 "$vp" run "$programs/calls_handler.elf"
  frames "0 innermost $(line_of "$calls" line_innermost)" \
    "1 inlined, inlined $(line_of "$calls" line_inlined)" \
    "2 outer $(line_of "$calls" line_outer)" \
    "3 hal_trap_dispatch $(line_of "$calls" line_dispatch)" "4 hal_trap_entry" \
    "5 interrupted $(line_of "$calls" line_interrupted)" \
    "6 calls $(line_of "$calls" line_calls)" "7 _start"
}
case_uart_file() {
  expect 0 "$vp" run hello
  cp out usual
  expect 0 "$vp" run hello --set uart.output=file:u.txt
  empty out
  cmp -s u.txt usual || fail "the file is not what stdout was"
  mkdir -p below
  echo '{"extends":"'"$source"'/scenarios/hello.json","uart":{"output":"file:v.txt"}}' >below/s.json
  expect 0 "$vp" run below/s.json
  cmp -s below/v.txt usual || fail "a scenario's file is relative to it"
  expect 69 "$vp" run hello --set uart.output=file:none/u.txt
  has err "none/u.txt"
  if [ -e /dev/full ]; then
    expect 69 "$vp" run hello --set uart.output=file:/dev/full
    has err "/dev/full"
    expect 69 sh -c '"$1" run hello >/dev/full' - "$vp"
    has err "standard output: could not be written to its end"
  fi
  for wrong in '' file file: tcp: tcp:65536 tcp:-1 tcp:x udp:1 stdout: STDOUT; do
    expect 64 "$vp" run hello --set "uart.output=$wrong"
    has err '"stdout", "file:PATH" or "tcp:PORT"'
  done
  expect 64 "$vp" run hello --set uart.input=tcp:80
  has err '"stdin"'
}
case_uart_input() {
  local program
  printf 'a long line of input, more than a FIFO holds, then the end q and what nobody reads' >input
  for program in echo_polled echo_interrupt; do
    expect 0 "$vp" run "$programs/$program.elf" --set uart.input=stdin <input
    [ "$(cat out | tr -d '>')" = "a long line of input, more than a FIFO holds, then the end q" ] ||
      fail "not the input"
    # A pipe that gives a byte now and then.
    expect 0 "$vp" run "$programs/$program.elf" --set uart.input=stdin < <(for c in a b q; do sleep 0.1; printf $c; done)
    [ "$(cat out | tr -d '>')" = "abq" ] || fail "not the pipe's bytes"
    # From a file even the times are the same.
    for n in 1 2; do
      expect 0 "$vp" run "$programs/$program.elf" --set uart.input=file:input --stats s$n.json
      facts s$n.json >facts$n.json
    done
    cmp -s facts1.json facts2.json || fail "two runs with one input file differ"
    json s1.json 's["uart.received_bytes"] >= 60 and s["uart.lost_bytes"] == 0'
  done
}
case_uart_input_ends() {
  expect 72 "$vp" run "$programs/echo_interrupt.elf"
  has err "the firmware waits for input on the UART, which has none (uart.input=stdin"
  printf 'ab' >input
  expect 72 "$vp" run "$programs/echo_interrupt.elf" --set uart.input=stdin <input
  [ "$(cat out)" = ">ab" ] || fail "what came before the end is lost"
  expect 75 "$vp" run "$programs/echo_interrupt.elf" --set uart.input=stdin --max-wall-time 300ms < <(sleep 2)
  expect 65 "$vp" run "$programs/echo_interrupt.elf" --set uart.input=file:nothing
  has err "nothing"
}
case_uart_tcp() {
  python3 - "$vp" "$programs" <<'PYTHON' || fail "see above"
import re, socket, subprocess, sys
vp, programs = sys.argv[1:]
def start(program, *options):
    run = subprocess.Popen([vp, "run", program, *options, "--set", "uart.output=tcp:0"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    line = run.stderr.readline().decode()
    return run, int(re.fullmatch(r"epochvp: uart: waiting for a connection to 127\.0\.0\.1 port (\d+)\n", line)[1])
def receive(client, length):
    data = b""
    while len(data) < length:
        part = client.recv(length - len(data))
        if not part: break
        data += part
    return data
def everything(client):
    return receive(client, 1 << 20)
for program, prompt in (("echo_polled", b""), ("echo_interrupt", b">")):
    run, port = start(f"{programs}/{program}.elf")
    client = socket.create_connection(("127.0.0.1", port))
    assert receive(client, len(prompt)) == prompt
    for text in (b"a", b"hello, world\n" * 20):
        client.sendall(text)
        assert receive(client, len(text)) == text
    # Who hangs up may come back.
    if prompt:
        client.close()
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"x")
        assert receive(client, 1) == b"x"
    client.sendall(b"qleft unread")
    assert everything(client) == b"q"
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0 and out == b"", (run.returncode, err)
run, port = start("hello")
for address in ("127.0.0.2",):  # no interface but the one
    try: socket.create_connection((address, port), timeout=5); raise AssertionError(address)
    except OSError: pass
client = socket.create_connection(("127.0.0.1", port))
assert everything(client).startswith(b"hello from hart 0\n")
assert run.wait(60) == 0
# Nobody comes: a limit ends the wait; a taken port is refused.
run = subprocess.run([vp, "run", "hello", "--set", "uart.output=tcp:0", "--max-wall-time", "300ms"], capture_output=True)
assert run.returncode == 75, run
taken = socket.create_server(("127.0.0.1", 0))
run = subprocess.run([vp, "run", "hello", "--set", f"uart.output=tcp:{taken.getsockname()[1]}"], capture_output=True)
assert run.returncode == 69 and b"cannot listen" in run.stderr, run
PYTHON
}
case_closed_stdout() {
  "$vp" run hello 2>err | head -c 1 >out
  has err "MIPS"
}
case_mmio_trace() {
  expect 0 "$vp" run smnist --trace-mmio m.txt -- --digits=1
  has err "register accesses m.txt"
  [ "$(head -1 m.txt)" = "# time_ps initiator pc symbol access register value fields" ] ||
    fail "no header"
  # Registers by name, with fields, by the instruction and its symbol.
  grep -qE '^[0-9]+ cpu 0x8[0-9a-f]{7} [a-z_]+\+0x[0-9a-f]+ write epochcore\.CTRL 0x00000001 ENABLE=1 ABORT=0 RESET=0$' m.txt ||
    fail "no write to CTRL"
  grep -qE ' read clint\.MTIME\[1\] 0x00000000$' m.txt || fail "no read of mtime"
  grep -qE ' write plic\.PRIORITY(\[[01]\])? 0x0000000[1-7] PRIORITY=[1-7]$' m.txt || fail "no plic"
  grep -qE ' write uart\+0x0 0x64$' m.txt || fail "no character on the uart"
  # Every command comes and goes once; times never run backwards.
  python3 - <<'PYTHON' || fail "the commands are not in order"
import re
lines = [l.split() for l in open("m.txt") if not l.startswith("#")]
times = [int(l[0]) for l in lines]
assert times == sorted(times)
steps = {}
for l in lines:
    if l[1] == "command":
        steps.setdefault(l[5], []).append((l[2], l[3], l[4], int(l[0])))
assert len(steps) > 50, len(steps)
for sequence, s in steps.items():
    assert [x[0] for x in s] == ["fetched", "retired"], (sequence, s)
    assert s[0][1:3] == s[1][1:3] and s[0][3] <= s[1][3], (sequence, s)
numbers = sorted(int(s.split("=")[1]) for s in steps)
assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
PYTHON
}
case_mmio_trace_is_the_same_each_time() {
  for n in 1 2; do
    expect 0 "$vp" run smnist --trace-mmio m$n.txt --stats s$n.json -- --digits=2
    facts s$n.json >facts$n.json
  done
  cmp -s m1.txt m2.txt || fail "traces differ"
  expect 0 "$vp" run smnist --stats s3.json -- --digits=2
  facts s3.json >facts3.json
  cmp -s facts1.json facts3.json || fail "tracing changes the statistics"
}
case_mmio_trace_of_a_refused_access() {
  expect 71 "$vp" run "$programs/load_fault.elf" --trace-mmio m.txt
  has m.txt " cpu 0x80000004 _start+0x4 read unmapped+0x70000000 - refused"
}
case_trap_is_disassembled() {
  expect 71 "$vp" run "$programs/load_fault.elf"
  has err "instruction 0002a303  lw t1,0(t0)"
  # Without a toolchain the bytes remain.
  mkdir empty
  PATH=$PWD/empty expect 71 "$vp" run "$programs/trap.elf"
  has err "instruction 0000  no disassembly: no riscv64-unknown-elf-objdump on PATH"
}
case_post_mortem() {
  expect 71 "$vp" run "$programs/trap.elf"
  has err "post-mortem epochvp-postmortem/summary.txt"
  tail -1 err | grep -q MIPS || fail "the last line is not the summary"
  has epochvp-postmortem/summary.txt "ended: trap, exit status 71"
  has epochvp-postmortem/summary.txt "unhandled trap: illegal instruction"
  has epochvp-postmortem/hart.txt "pc 0x8000000a <faulty+0x2>"
  has epochvp-postmortem/hart.txt "s3   12345678"
  has epochvp-postmortem/epochcore.txt "0x000  0x45504f43  ID"
  expect 72 "$vp" run "$programs/waits_for_ever.elf" --postmortem why
  has why/commands.txt "0 queued epochcore.dma_in LOAD fetched="
  has why/commands.txt " started=- ended=- context=0x0007 waits=3 signals=5"
  has why/registers.txt "write epochcore.RING_TAIL 0x00000002"
  has why/memory.txt "epochcore.commands - - read dram+0x40 128_bytes"
  has why/epochcore.txt "ENGINE_STATE[0] STATE=1 QUEUED=1 BLOCKED_ON=4"
  expect 75 "$vp" run "$programs/prompt.elf" --max-sim-time 1ms --out all
  [ "$(cat all/postmortem/uart.txt)" = ">" ] || fail "the uart's last words are lost"
  # The same failure leaves the same bytes.
  expect 72 "$vp" run "$programs/waits_for_ever.elf" --postmortem again
  diff -r why again >/dev/null || fail "two post-mortems differ"
}
case_post_mortem_only_of_failures() {
  expect 0 "$vp" run "$programs/exit0.elf"
  expect 42 "$vp" run "$programs/exit42.elf" # the firmware's own verdict
  expect 71 "$vp" run "$programs/trap.elf" --postmortem none
  lacks err "post-mortem"
  expect 0 "$vp" run "$programs/exit0.elf" --postmortem asked
  [ ! -e epochvp-postmortem ] && [ ! -e asked ] || fail "a post-mortem of a run that is well"
  expect 42 "$vp" run "$programs/exit42.elf" --postmortem asked
  has asked/summary.txt "exit status 42"
  touch file
  expect 71 "$vp" run "$programs/trap.elf" --postmortem file
  has err "no post-mortem: file: cannot be made a folder"
}
case_deadlock_names_the_signal() {
  expect 72 "$vp" run "$programs/waits_for_firmware.elf"
  has err "while EpochCore waits for firmware"
  has err "waiting for firmware: the ring is empty, and nothing in flight signals semaphore 3"
  has err "dma_in: command 0 (LOAD) waits for semaphore 3; no command in flight or in the ring"
  expect 72 "$vp" run "$programs/waits_for_ever.elf"
  has err "deadlock: its commands wait for each other"
  has err "waits for semaphore 3; command 1 (STORE) on dma_out would signal it, and waits itself"
  has err "waits for semaphore 5; command 0 (LOAD) on dma_in would signal it, and waits itself"
  # A hart that spins never runs out of things to do; the limit tells the same.
  expect 75 "$vp" run "$programs/waits_spinning.elf" --max-sim-time 1ms
  has err "the hart is at pc 0x800000"
  has err "<waiting>"
  has err "waiting for firmware: the ring is empty, and nothing in flight signals semaphore 3"
}
case_two_epochcores() {
  expect 0 "$vp" run "$programs/two_cores.elf" --set epochcore.instances=2 --stats s.json \
    --trace-mmio m.txt --vcd w.vcd
  json s.json 's["epochcore.counters.commands"] == 2 and s["epochcore1.counters.commands"] == 1'
  json s.json 's["interconnect.initiator.epochcore1.commands.read_bytes"] == 64'
  has m.txt "write epochcore1.RING_TAIL 0x00000001"
  has m.txt "command retired epochcore1.control NOP sequence=0"
  has m.txt "command retired epochcore.control NOP sequence=1"
  has w.vcd '$scope module epochcore1 $end'
  expect 0 "$vp" map --set epochcore.instances=2
  has out "0x22000000  0x22000fff       4 KiB  epochcore1"
  has out "0x23000000"
  # One is the default, and the second window is nobody's then.
  expect 71 "$vp" run "$programs/two_cores.elf"
  has err "unmapped read of 0x22000000..0x22000003"
  # The digits do not care for a neighbour.
  expect 0 "$vp" run smnist -- --digits=1
  cp out one
  expect 0 "$vp" run smnist --set epochcore.instances=4 -- --digits=1
  cmp -s out one || fail "a second EpochCore changes what the first computes"
  expect 64 "$vp" map --set epochcore.instances=3 --set memory_map.sram=0x24000000
  has err "memory_map.sram"
  has err "overlaps epochcore2"
  expect 64 "$vp" map --set epochcore.instances=0
  has err "1 to 4"
}
case_progress_on_a_terminal_only() {
  expect 75 "$vp" run "$programs/spin.elf" --max-wall-time 700ms
  ! grep -q $'\r' err || fail "progress in a file"
  on_terminal 75 "$vp" run "$programs/spin.elf" --max-wall-time 700ms
  has err "million instructions"
  has err " simulated,"
  erased "million instructions"
  [ "$(grep -ao "million instructions" err | wc -l)" -le 4 ] || fail "more than four times a second"
}
case_schema_is_committed() {
  expect 0 "$vp" config --schema
  cmp -s out "$source/scenarios/scenario.schema.json" ||
    fail "epochvp config --schema > scenarios/scenario.schema.json was forgotten"
}
case_shipped_scenarios_are_valid() {
  local count=0
  for file in "$source"/scenarios/*.json; do
    case $file in *.schema.json) continue ;; esac
    expect 0 "$vp" config "$file"
    expect 0 "$vp" config "$file" --origin
    has out "$(basename "$file")"
    count=$((count + 1))
  done
  [ $count -ge 2 ] || fail "hardly any scenario"
}
case_generate() {
  expect 0 "$vp" generate s4 --task tiny --out made/s4
  empty out
  lines err 1
  has err "epochvp: made/s4, random s4"
  for file in config.json model.safetensors input.bin expected.safetensors scenario.json; do
    [ -s made/s4/$file ] || fail "made/s4/$file is missing"
  done
  json made/s4/scenario.json 'd["firmware"]["args"] == ["--steps=32"]'
  json made/s4/config.json '(d["model_type"], d["n_layers"]) == ("s4", 2)'
  expect 0 "$vp" config made/s4/scenario.json
  has out '"network.elf"'
  # The same words, the same bytes; other words, others.
  expect 0 "$vp" generate s4 --task tiny --seed 1 --out again
  diff -r made/s4 again >/dev/null || fail "two runs differ"
  expect 0 "$vp" generate mamba --task tiny --seed 18446744073709551615 --layers 1 --steps 3 \
    --decode 2 --out mamba
  json mamba/scenario.json 'd["firmware"]["args"] == ["--steps=3", "--decode=2"]'
  json mamba/config.json 'd["num_hidden_layers"] == 1'
  [ "$(wc -c <mamba/input.bin)" = 12 ] || fail "not three tokens"
  expect 0 "$vp" generate s4d --task scifar --variant minimal --init legs --layers 1 --steps 4 --out m
  json m/config.json 'd["bidirectional"] is False and d["d_model"] == 128'
}
case_generate_progress_is_for_terminals() {
  on_terminal 0 "$vp" generate s5 --task tiny --out p
  has err $'\r\e[Kreference: layer 1'
  erased "reference: layer"
  has err "epochvp: p, random s5"
}
case_generate_refusals() {
  expect 64 "$vp" generate
  has err "needs a family; there are: s4d, s4"
  expect 64 "$vp" generate s6 --task tiny --out x
  has err 'unknown family "s6"; there are: s4d, s4, s5, liquid-s4, mamba, mamba2, mlp, lstm, cnn'
  expect 64 "$vp" generate s4 --out x
  has err "needs a task; there are: listops"
  expect 64 "$vp" generate s4 --task path-y --out x
  has err 'unknown task "path-y" of s4; there are: listops, text,'
  expect 64 "$vp" generate s4 --task tiny
  has err "needs --out"
  expect 64 "$vp" generate s4 --task tiny --out ''
  for number in "--seed -1" "--seed 18446744073709551616" "--layers 0" "--layers 4097" \
      "--steps 1.5" "--steps 1048577" "--decode many"; do
    expect 64 "$vp" generate mamba --task tiny --out x $number
    has err "write an integer in"
    lines err 1
  done
  expect 64 "$vp" generate s4 --task tiny --out x --variant huge
  expect 64 "$vp" generate s4 --task tiny --out x --nonsense
  [ ! -e x ] || fail "a refused command wrote something"
  mkdir used && : >used/file
  expect 69 "$vp" generate s4 --task tiny --out used
  has err "used: is there already and is no empty folder"
  expect 69 "$vp" generate s4 --task tiny --out used/file/below
  has err "cannot be made"
  lines err 1
}
case_missing_data_gives_its_hint() {
  echo '{"firmware":{"elf":"hello.elf"},"data":[{"name":"d","file":"none.bin","hint":"make it"}]}' >h.json
  expect 65 "$vp" run h.json
  has err "h.json: data.0.file"
  has err "; make it"
  lines err 1
}

# ---- grid: one array command from a file ----
small='"rows":4,"cols":4,"segment_rows":2,"channels":2,"modes":2,"steps":3'
case_grid_by_hand() {
  # x = 1, 0.5 + 2; y = 2 x. II 1, two cycles deep, one row.
  cat >c.json <<'JSON'
{ /* comments are allowed */ "mode": "real", "rows": 1, "cols": 1, "channels": 1, "modes": 1,
  "steps": 2, "coefficients": {"a": [["3f000000"]], "c": [["40000000"]]},
  "inputs": {"u": [["3f800000"], ["40000000"]]}, "state": {"x": [["00000000"]]} }
JSON
  expect 0 "$vp" grid c.json
  empty err
  lines out 1
  json out 'd["fast"] == d["cycle"] and set(d) == {"fast", "cycle"}'
  json out 'd["fast"] == {"outputs": [["40000000"], ["40a00000"]], "state": {"x": [["40200000"]]},
    "cycles": 3, "coeff_cycles": 0, "state_cycles": 0}'
  expect 0 "$vp" grid --help
  has out "usage: epochvp grid CASE.json [--vectors DIR]"
}
# Every mode and type: both fidelities agree, a seed gives the same bytes again, and what it echoes,
# given instead of it, the same results.
case_grid_seed_echoes_operands() {
  python3 - "$vp" <<'PYTHON' || fail "see above"
import json, subprocess, sys
def grid(case):
    json.dump(case, open("c.json", "w"))
    run = subprocess.run([sys.argv[1], "grid", "c.json"], capture_output=True, text=True)
    assert run.returncode == 0 and run.stderr == "", run.stderr
    return json.loads(run.stdout)
modes = ("real", "complex", "liquid_real", "liquid_complex", "dplr", "selective", "ssd", "edge", "mac")
runs = 0
for mode in modes:
    for kind in ("fp32", "bf16", "bf16d"):
        if kind == "bf16d" and mode in ("selective", "ssd"): continue
        case = {"mode": mode, "type": kind, "rows": 4, "cols": 5, "segment_rows": 2, "channels": 2,
                "modes": 1 if mode == "edge" else 3, "steps": 5, "ports": {"state": 8}}
        if mode != "edge": case.update(d=[], reverse=True, shift=1 if mode != "mac" else 0)
        first, again, other = (grid({**case, "seed": seed}) for seed in (5, 5, 6))
        assert first == again != other, case
        assert first["fast"] == first["cycle"], case
        assert "saturated" in first["fast"] or "liquid" not in mode
        explicit = grid({**case, **first.pop("operands")})
        assert explicit == first, case
        runs += 1
assert runs == 25, runs
PYTHON
}
# Files of words, enough of them to make the case again and to find its results.
case_grid_vectors() {
  echo "{\"mode\":\"complex\",\"type\":\"bf16\",$small,\"seed\":9,\"d\":[],\"ports\":{\"coefficient\":8}}" >c.json
  expect 0 "$vp" grid c.json --vectors new/vectors
  cp out result.json
  lines err 1
  has err "epochvp: vectors new/vectors/manifest.json"
  python3 - <<'PYTHON' || fail "see above"
import json, os
manifest = json.load(open("new/vectors/manifest.json"))
result = json.load(open("result.json"))
assert {f["file"] for f in manifest["files"]} == set(os.listdir("new/vectors")) - {"manifest.json"}
case = {key: value for key, value in json.load(open("c.json")).items() if key != "seed"}
outputs, state = None, {}
for f in manifest["files"]:
    words = open("new/vectors/" + f["file"]).read().split()
    assert len(words) == f["rows"] * f["columns"] and all(4 * len(w) == f["bits"] for w in words), f
    table = [words[r * f["columns"]:(r + 1) * f["columns"]] for r in range(f["rows"])]
    if f["role"] == "operand" and f["name"] == "d": case["d"] = table[0]
    elif f["role"] == "operand": case.setdefault(f["section"], {})[f["name"]] = table
    elif f["role"] == "expected": outputs = table
    else: state[f["name"]] = table
assert outputs == result["cycle"]["outputs"] and state == result["cycle"]["state"]
for key in ("cycles", "coeff_cycles", "state_cycles"): assert manifest[key] == result["cycle"][key]
assert manifest["coeff_cycles"] == 2 * 2 * 12 // 8
json.dump(case, open("again.json", "w"))
PYTHON
  expect 0 "$vp" grid again.json
  python3 - <<'PYTHON' || fail "the files do not make the case again"
import json, sys
first, again = (json.load(open(name)) for name in ("result.json", "out"))
first.pop("operands")
sys.exit(first != again)
PYTHON
  expect 0 "$vp" grid c.json --vectors new/vectors # over what is there
}
case_grid_refusals() {
  local text
  # One line that names file, key and what is wrong with the value.
  refused() {
    echo "$1" >c.json
    expect 65 "$vp" grid c.json
    has err "epochvp: c.json: $2"
    lines err 1
    empty out
  }
  refused "{\"mode\":\"real\",$small" "parse error"
  refused '[]' "is not an object"
  refused "{$small,\"seed\":1}" "mode: is missing"
  refused "{\"mode\":\"s5\",$small,\"seed\":1}" 'mode: "s5" is none of real, complex, liquid_real'
  refused "{\"mode\":\"real\",\"type\":\"int8\",$small,\"seed\":1}" 'type: "int8" is none of fp32, bf16, bf16d'
  refused "{\"mode\":\"ssd\",\"type\":\"bf16d\",$small,\"seed\":1}" 'type: "bf16d": the type is not defined'
  refused "{\"mode\":\"real\",$small,\"seed\":1,\"seeds\":2}" "seeds: is not a key of a grid case"
  refused "{\"mode\":\"real\",$small,\"seed\":1,\"mode\":\"real\"}" 'the key "mode" is written twice'
  refused "{\"mode\":\"real\",$small,\"seed\":-1}" "seed: is not a whole number"
  refused "{\"mode\":\"real\",$small,\"seed\":1,\"state\":{}}" "state: is given beside a seed"
  refused "{\"mode\":\"real\",$small,\"seed\":1,\"state_slots\":256}" "state_slots: 256 is not a whole number from 1 to 255"
  refused "{\"mode\":\"real\",$small,\"seed\":1,\"hop\":1.5}" "hop: 1.5 is not a whole number from 1 to 64"
  refused "{\"mode\":\"real\",$small,\"seed\":1,\"slots_kind\":\"states\"}" 'slots_kind: "states" is none of mode, channel, batch'
  refused "{\"mode\":\"real\",$small,\"seed\":1,\"ports\":{\"reed\":4}}" "ports: reed: is not a key"
  refused "{\"mode\":\"real\",$small,\"seed\":1,\"reverse\":2}" "reverse: 2 is not a whole number from 0 to 1"
  refused "{\"mode\":\"real\",$small,\"seed\":1,\"tiles\":[1,1]}" 'tiles: have 2 steps in all, `steps` says 3'
  refused "{\"mode\":\"real\",$small,\"seed\":1,\"tiles\":[3,0]}" "tiles: 0 is not a number of steps"
  for text in '"segment_rows":3|segment_rows: 3 does not divide rows, 4' '"channels":9|channels: 9: more channels' \
    '"modes":5|modes: 5: more modes' '"rows":65535,"segment_rows":1,"cols":65535|rows: 65535 rows x 65535 cols' \
    '"steps":16777216,"channels":2|inputs.u: more than 16777216 words'; do
    python3 - "$small" "${text%|*}" >c.json <<'PYTHON'
import json, sys
print(json.dumps({**json.loads("{" + sys.argv[1] + "}"), **json.loads("{" + sys.argv[2] + "}"),
                  "mode": "real", "seed": 1}))
PYTHON
    refused "$(cat c.json)" "${text#*|}"
  done
  refused "{\"mode\":\"dplr\",\"multipliers\":7,$small,\"seed\":1}" 'mode: "dplr": dplr takes at most 6'
  refused "{\"mode\":\"ssd\",\"state_slots\":2,\"slots_kind\":\"batch\",$small,\"seed\":1}" 'mode: "ssd": batch slots'
  refused "{\"mode\":\"real\",$small,\"seed\":1,\"shift\":1}" "shift: 1: needs reverse"
  refused "{\"mode\":\"dplr\",$small,\"seed\":1,\"partial\":true}" "partial: true: is not for edge and dplr"
  refused "{\"mode\":\"real\",$small,\"seed\":1,\"partial\":true,\"d\":[]}" "d: needs a drain"
  refused "{\"mode\":\"edge\",\"rows\":4,\"cols\":4,\"channels\":2,\"steps\":1,\"seed\":1,\"output_type\":\"bf16\"}" \
    'output_type: "bf16": edge emits words of 4 bytes'
  local one='"mode":"real","rows":1,"cols":1,"channels":1,"modes":1,"steps":1'
  refused "{$one}" "coefficients.a: is missing"
  refused "{$one,\"coefficients\":{\"a\":[[\"3f80000\"]]}}" 'coefficients.a[0]: "3f80000" is not a word of 8 hex digits'
  refused "{$one,\"coefficients\":{\"a\":[[\"3f800000\",\"0\"]]}}" "coefficients.a[0]: is not a list of 1"
  refused "{$one,\"coefficients\":{\"a\":[[\"3f800000\"]],\"c\":[[\"3f800000\"]]},\"inputs\":{\"u\":[]}}" "inputs.u: is not a list of 1"
  refused "{$one,\"coefficients\":{\"a\":[[\"3f800000\"]],\"c\":[[\"3f800000\"]],\"b\":[[\"3f800000\"]]},\"inputs\":{\"u\":[[\"00000000\"]]}}" \
    "coefficients.b: is no operand of this command"
  expect 65 "$vp" grid none.json
  has err "none.json: is no file"
}
case_grid_usage() {
  echo "{\"mode\":\"real\",$small,\"seed\":1}" >c.json
  expect 64 "$vp" grid
  has err "grid needs a case"
  expect 64 "$vp" grid c.json d.json
  expect 64 "$vp" grid c.json --vector x
  touch file
  expect 69 "$vp" grid c.json --vectors file
  has err "file: cannot be made a folder"
  expect 69 "$vp" grid c.json --vectors file/below
  mkdir -p taken/expected_y.hex
  expect 69 "$vp" grid c.json --vectors taken
  has err "expected_y.hex: cannot be written"
}

# slip N COHERENT STATUS [STATISTIC]: program dma_rules with slip N under both checks.
slip() {
  expect "$3" "$vp" run "$programs/dma_rules$1.elf" --set "cpu.dma_coherent=$2" --check dma \
    --check races --stats stats.json
  json stats.json "sum(v for k, v in s.items() if k.startswith('check.')) == $([ "$3" = 0 ]; echo $?)"
  [ "$3" = 0 ] || json stats.json "s['check.$4'] == 1"
}
case_check_dma() {
  local coherent
  for coherent in true false; do
    slip 0 $coherent 0
    lines err 2
    slip 1 $coherent 76 dma.unfenced_doorbell
    has err "check dma: hart rings the doorbell at 0x80000"
    has err "<doorbell> for command 0 LOAD of epochcore"
    slip 2 $coherent 76 dma.owned_write
    has err "that command 0 LOAD of epochcore (memory 0x80000"
    slip 3 $coherent 76 dma.early_read
    has err "may still write; fix: wait until COMPLETED has passed 1"
    slip 4 $coherent 76 dma.unfenced_completion
    has err "<look>, that command 1 STORE of epochcore"
    slip 8 $coherent 76 dma.unfenced_doorbell
    slip 9 $coherent 76 dma.owned_write
    has err "lies in; fix: wait until RING_HEAD has passed 0"
  done
  has err "1 finding of --check"
  json stats.json 'd["result"]["exit_status"] == 76 and d["result"]["firmware_code"] == 0'
  slip 6 true 0
  slip 7 true 0
  slip 6 false 76 dma.missing_clean
  has err "fix: clean it"
  slip 7 false 76 dma.missing_invalidate
  has err "<look>"
}
case_check_races() {
  slip 5 true 76 races.unordered
  has err "check races: epochcore: command 0 LOAD on dma_in writes activations 0x00000000..0x0000003f"
  has err "fix: 1 waits for a semaphore that 0 signals"
  expect 76 "$vp" run "$programs/dma_rules5.elf" --check races
  expect 0 "$vp" run "$programs/dma_rules5.elf" --check dma
  expect 0 "$vp" run "$programs/dma_rules5.elf" --stats stats.json
  json stats.json "not any(k.startswith('check.') for k in s)"
  expect 0 "$vp" run "$programs/dma_rules1.elf" --check races
  expect 64 "$vp" run "$programs/dma_rules0.elf" --check everything
}

"case_$name"
