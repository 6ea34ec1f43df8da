#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The firmware's programs on the built platform: whole_runs.sh EPOCHVP CASE
set -uo pipefail
vp=$1 name=$2
readme=$(cd "$(dirname "$0")/../../models/interconnect" && pwd)/README.md
. "$(dirname "$0")/../common/expect.sh"

quanta="0 100 10000" # ns; 0 is exact, 10000 the default

# clocks_add_up NAME: on every EpochCore each clock spends each array cycle in one phase, and they
# sleep together.
clocks_add_up() {
  jq -e '[.statistics[] | {key: .name, value}] | from_entries as $s
    | [$s | keys[] | select(endswith(".counters.cycles")) | rtrimstr(".counters.cycles")] as $cores
    | ($cores | length) > 0 and all($cores[] as $c
        | ("preload", "compute", "vector_unit", "dma_in", "dma_out")
        | "\($c).clock.\(.)" as $clock
        | $s["\($clock).sleep"] == $s["\($c).clock.preload.sleep"] and
          ([$s["\($clock).\("active", "clock_idle", "gated", "sleep")"]] | add)
            == $s["\($c).counters.cycles"]; .)' "stats.$1" >/dev/null ||
    fail "clock phases of $1 are not its array cycles: $(grep -F '.clock.' "stats.$1")"
}
# run NAME arguments...: must exit with 0; leaves out.NAME, err.NAME and stats.NAME.
run() {
  local to=$1 status=0
  shift
  "$vp" run "$1" --stats "stats.$to" "${@:2}" >"out.$to" 2>"err.$to" || status=$?
  [ $status = 0 ] || fail "exit $status: run $*"
  [ -s "out.$to" ] || fail "no output: run $*"
  clocks_add_up "$to"
}
simulated_ps() { jq .simulation.simulated_ps "stats.$1"; }

# same_at_quanta PROGRAM [options --] [arguments]: bytes on the UART and exit status are equal, the
# simulated time of the whole run to within one quantum.
same_at_quanta() {
  local program=$1 q apart
  shift
  for q in $quanta; do
    run "$q" "$program" --set "cpu.quantum_ns=$q" "$@"
    same "out.$q" out.0
    apart=$(($(simulated_ps "$q") - $(simulated_ps 0)))
    [ "${apart#-}" -le $((q * 1000)) ] || fail "at a quantum of $q ns time differs by $apart ps"
  done
}

case_hello_at_quanta() { same_at_quanta hello; }
case_ring_at_quanta() {
  same_at_quanta ring
  has out.0 "recovery keeps what retired: ok"
}
case_ring_polled() { run poll ring -- --poll; }

case_selftest_at_quanta() {
  same_at_quanta selftest
  has out.0 "every error: ok"
  has out.0 "10000 waits, 0 lost, completions before and after the check"
  has out.0 ", 0 failed"
}
case_selftest_at_quanta_cycle() {
  same_at_quanta selftest --set epochcore.pe_grid.fidelity=cycle -- --waits=1000
  run fast selftest -- --waits=1000
  same out.fast out.0
}
case_selftest_polled() { run poll selftest -- --poll --waits=100; }
# Other delays between doorbell and sleep, other speeds of hart and device.
case_selftest_seeds() {
  local seed
  for seed in 2 3 4 5; do
    run $seed selftest --set cpu.clock_mhz=$((seed * 150)) --set cpu.quantum_ns=$((seed * 777)) -- \
      --seed=$seed --waits=5000
    has out.$seed "5000 waits, 0 lost, completions before and after the check"
  done
}
# It asks CAPS, it does not assume.
case_selftest_shapes() {
  local grid=epochcore.pe_grid buffers=epochcore.buffers
  run usual selftest -- --waits=100
  run small selftest --set $grid.rows=8 --set $grid.cols=4 -- --waits=100
  run mac selftest --set $grid.pe=mac -- --waits=100
  has out.mac "SSM complex: absent"
  has out.mac "STREAMS and SSM selective: absent"
  run slots selftest --set $grid.state_slots=3 -- --waits=100
  same out.slots out.usual
  run channels selftest --set $grid.state_slots=3 --set $grid.slots_kind=channel \
    --set $grid.segment_io=chained -- --waits=100
  same out.channels out.usual
  run batch selftest --set $grid.state_slots=3 --set $grid.slots_kind=batch -- --waits=100
  has out.batch "STREAMS and SSM selective: absent"
  has out.batch "STREAMS            SSM alone               absent"
  run multipliers selftest --set $grid.multipliers=7 -- --waits=100
  has out.multipliers "SSM dplr: absent"
  run latencies selftest --set $grid.mul_latency=4 --set $grid.add_latency=3 --set $grid.hop=2 \
    --set $grid.reduce=systolic --set $grid.pe_exp=dedicated --set $grid.state_shadow=true \
    --set $grid.fidelity=cycle -- --waits=100
  same out.latencies out.usual
  run fifo1 selftest --set epochcore.fifo_depth=1 -- --waits=100
  run fifo127 selftest --set epochcore.fifo_depth=127 -- --waits=100
  run buffers selftest --set $buffers.activations.size_kib=16 \
    --set $buffers.accumulators.size_kib=8 --set $buffers.coefficients.size_kib=16 -- --waits=100
  run slow_memory selftest --set dram.ideal.latency_ns=900 -- --waits=100
}

# The same data in lt and in at: bytes on the UART, with a checker on every hop; and with buses that
# split, hold back and share unevenly.
at="--set transport=at --set interconnect.check_protocol=true"
narrow="--set interconnect.width_bytes=4 --set interconnect.max_burst_bytes=16
  --set interconnect.outstanding_per_target=2 --set interconnect.outstanding_per_initiator=1
  --set interconnect.arbitration=fixed --set interconnect.priority.dma=1
  --set interconnect.latency_cycles=7"
same_in_at() {
  local program=$1
  shift
  run lt "$program" "$@"
  run at "$program" $at "$@"
  run narrow "$program" $at $narrow "$@"
  same out.at out.lt
  same out.narrow out.lt
}
case_hello_at() { # its tick shows the bus
  run lt hello
  run at hello $at
  grep -v "^tick" out.lt >words.lt
  grep -v "^tick" out.at >words.at
  same words.at words.lt
}
case_ring_at() { same_in_at ring; }
case_selftest_at() {
  same_in_at selftest -- --waits=300
  run exact selftest $at --set cpu.quantum_ns=0 -- --waits=300
  same out.exact out.lt
  run uncached selftest $at --set cpu.icache.size_kib=0 --set cpu.dcache.size_kib=0 -- --waits=20
  has out.uncached ", 0 failed"
}
# Bytes at every hop are compared by the platform at the end of each run in at (exit 70).
case_smnist_at() {
  run lt smnist -- --digits=2 --logits
  run at smnist $at -- --digits=2 --logits
  run narrow smnist $at $narrow -- --digits=2 --logits
  answers lt >answers.lt
  answers at >answers.at
  answers narrow >answers.narrow
  same answers.at answers.lt
  same answers.narrow answers.lt
  local row
  row="| a digit of \`smnist\`, array cycles | $(cycles lt | head -1) | $(cycles at | head -1) |"
  grep -qF "$row" "$readme" || fail "models/interconnect/README.md lacks: $row"
}

# Labels and logits of what smnist printed; cycles apart from them.
answers() { grep -E '^(digit|logits|accuracy)' "out.$1" | sed 's/ cycles .*//'; }
cycles() { sed -n 's/^digit .* cycles //p' "out.$1"; }

case_smnist_at_quanta() {
  local q mhz=1000 line apart # mhz: of the array, so cycles are ns
  for q in $quanta; do
    run "$q" smnist --set "cpu.quantum_ns=$q" -- --digits=3 --logits
    answers "$q" >"answers.$q"
    [ "$(wc -l <"answers.$q")" = 7 ] || fail "wanted 3 digits, their logits and the accuracy"
    same "answers.$q" answers.0
    paste -d- <(cycles "$q") <(cycles 0) >differences
    while read -r line; do
      apart=$((line))
      [ "${apart#-}" -le $((q * mhz / 1000)) ] || fail "at a quantum of $q ns: $line cycles"
    done <differences
  done
}
case_smnist_fidelities() {
  run fast smnist --set epochcore.pe_grid.fidelity=fast -- --digits=3 --logits
  run cycle smnist --set epochcore.pe_grid.fidelity=cycle -- --digits=3 --logits
  same out.fast out.cycle
}

# Two digits at once: the same answers, work on both, and 16 more digits take less time.
more_digits() { # the time of digits 5 to 20 on so many cores
  run "few$1" smnist --set "epochcore.instances=$1" -- --digits=4
  run "many$1" smnist --set "epochcore.instances=$1" -- --digits=20
  echo $(($(simulated_ps "many$1") - $(simulated_ps "few$1")))
}
case_smnist_on_two_cores() {
  local core one two # layer: every digit has as many commands
  run one smnist -- --digits=5 --logits --schedule=layer
  run two smnist --set epochcore.instances=2 -- --digits=5 --logits --schedule=layer
  answers one >answers.one
  answers two >answers.two
  same answers.one answers.two
  for core in epochcore:3 epochcore1:2; do
    [ "$(jq '[.statistics[] | select(.name == "'"${core%:*}"'.counters.commands").value][0]' stats.two)" = \
      $(($(jq '[.statistics[] | select(.name == "epochcore.counters.commands").value][0]' stats.one) / 5 * ${core#*:})) ] ||
      fail "${core%:*} did not do ${core#*:} digits"
  done
  one=$(more_digits 1) two=$(more_digits 2)
  [ "$two" -lt $((one * 3 / 4)) ] || fail "16 digits take $one ps on one core, $two ps on two"
}

# Two contexts on one core, with faults and cancels beside them: the logits of smnist, bit for bit,
# and the tick comes within handlers.
case_contexts_at_quanta() {
  same_at_quanta contexts -- --digits=6
  has out.0 "faults 3 cancelled 6 otherwise 0"
  has out.0 "recovered: yes, run again: yes"
  run single smnist -- --digits=6 --logits
  cmp <(grep ^logits out.0) <(grep ^logits out.single) || fail "contexts change logits"
  run native contexts --set cpu.kind=native -- --digits=6
  same out.native out.0
  run poll contexts -- --digits=6 --poll
  same out.poll out.0
}
case_contexts_calm() {
  run calm contexts -- --digits=7 --calm
  has out.calm "faults 0 cancelled 0 otherwise 0"
  has out.calm "recovered: no, run again: no"
  run single smnist -- --digits=7 --logits
  cmp <(grep ^logits out.calm) <(grep ^logits out.single) || fail "contexts change logits"
}
case_ticks_at_quanta() {
  local q
  for q in $quanta; do
    run "$q" ticks --set "cpu.quantum_ns=$q"
    same "out.$q" out.0
  done
  run native ticks --set cpu.kind=native
  same out.native out.0
}

# ---- Everything moved ----

# Park and Miller's minimal standard generator: $RANDOM starts anew in every subshell.
seed() { state=$((($1 * 7919 + 1) % 2147483647)); }
draw() { # draw LOW HIGH: into $drawn
  state=$((state * 16807 % 2147483647))
  drawn=$(($1 + state % ($2 - $1 + 1)))
}
shuffle() { # shuffle N: the numbers 0 to N - 1 in random order, into $order
  local i swap
  order=()
  for ((i = 0; i < $1; i++)); do
    draw 0 $i
    swap=${order[drawn]:-$i}
    order[drawn]=$i
    [ "$drawn" = "$i" ] || order[i]=$swap
  done
}
print_page() { # print_page KEY START: at a random page behind START
  draw 0 0x3ff
  printf '"%s": "0x%08x"' "$1" $(($2 + drawn * 0x1000))
}
print_number() { # print_number KEY LOW HIGH
  draw "$2" "$3"
  printf '"%s": %d' "$1" "$drawn"
}

# moved SEED BASE: a scenario like BASE with every base, clock and blob somewhere else. Devices get
# the 128 MiB slots below dram in random order, at random pages; blobs are shuffled behind the ELF.
moved() {
  local device i=0
  seed "$1"
  echo "{ \"extends\": \"$2.json\", \"description\": \"$2, moved by seed $1\","
  printf '  "memory_map": {'
  shuffle 13
  for device in boot_rom clint plic uart simctl epochcore scratchpad sram; do
    printf '\n    '
    print_page $device $(((order[i++] + 1) * 0x08000000))
    printf ','
  done
  printf '\n    '
  print_page dram 0x70000000
  printf ' },\n  "cpu": { '
  print_number clock_mhz 50 1500
  printf ', '
  print_number timebase_hz 1000000 50000000
  printf ' },\n  "interconnect": { '
  print_number clock_mhz 100 1000
  printf ' },\n  "epochcore": { '
  print_number clock_mhz 200 2000
  printf ' }'
  [ "$2" != smnist ] || moved_blobs
  echo ' }'
}
moved_blobs() {
  local i=0 name
  shuffle 3
  printf ',\n  "network": { "model": "%s", ' "$scenarios/smnist"
  print_page address $((0x82000000 + order[i++] * 0x02000000))
  printf ' },\n  "data": ['
  for name in digits labels; do
    printf '\n    { "name": "%s", "file": "%s", ' $name "$scenarios/smnist/$name.idx"
    print_page address $((0x82000000 + order[i++] * 0x02000000))
    [ $name = labels ] && printf ' } ]' || printf ' },'
  done
}

# The folder of the scenarios, as the platform finds them.
find_scenarios() {
  scenarios=$("$vp" config smnist | jq -r .network.model | sed 's,/smnist$,,')
  [ -f "$scenarios/smnist.json" ] || fail "no scenario smnist.json in \"$scenarios\""
  cp "$scenarios"/{smnist,selftest}.json .
}

case_smnist_moved() {
  local seed
  find_scenarios
  run usual smnist -- --digits=2 --logits
  answers usual >usual
  for seed in 1 2 3 4; do
    moved $seed smnist >moved.json
    run $seed moved.json -- --digits=2 --logits
    answers $seed >moved
    cmp moved usual || { cat moved.json; fail "seed $seed: the digits depend on where things are"; }
  done
}
# Only addresses in its table differ.
case_selftest_moved() {
  local seed
  find_scenarios
  run usual selftest -- --waits=200
  for seed in 11 12 13 14; do
    moved $seed selftest >moved.json
    run $seed moved.json -- --waits=200
    cmp <(sed 's/ 0x[0-9a-f]\{16\} / /' out.$seed) <(sed 's/ 0x[0-9a-f]\{16\} / /' out.usual) ||
      { cat moved.json; fail "seed $seed: selftest depends on where things are"; }
  done
}

# ---- Nothing that silicon would not forgive ----

# checked NAME arguments...: clean under both checks, with and without coherent DMA.
checked() {
  local to=$1 coherent
  shift
  for coherent in true false; do
    run "$to" "$1" --set cpu.dma_coherent=$coherent --check dma --check races "${@:2}"
    jq -e '[.statistics[] | select(.name | startswith("check."))] | length == 8 and all(.value == 0)' \
      "stats.$to" >/dev/null || fail "$to: $(grep 'check ' "err.$to")"
  done
}
case_checks_programs() {
  checked hello hello
  checked ring ring
  checked ring_polled ring -- --poll
  checked selftest selftest -- --waits=2000
  checked selftest_polled selftest -- --poll --waits=100
  checked selftest_fifo selftest --set epochcore.fifo_depth=127 -- --waits=100
}
case_checks_smnist() {
  local schedule
  for schedule in layer resident depth_first auto; do
    checked $schedule smnist -- --digits=2 --schedule=$schedule
  done
  checked polled smnist -- --digits=2 --poll
  checked exact smnist --set cpu.quantum_ns=0 -- --digits=2
  checked two smnist --set epochcore.instances=2 -- --digits=3
  run plain smnist -- --digits=2
  same out.auto out.plain # looking changes nothing
}
case_checks_networks() {
  local family schedule
  for family in s4d s4 s5 liquid-s4 mamba mamba2 mlp lstm cnn; do
    "$vp" generate $family --task tiny --out $family >/dev/null 2>err.$family || fail "generate $family"
    for schedule in layer resident depth_first auto; do
      case $family-$schedule in s4d-depth_first | s4-depth_first | s5-depth_first) continue ;; esac
      checked $family-$schedule $family/scenario.json \
        --set "firmware.args=$(jq -c ".firmware.args + [\"--schedule=$schedule\"]" $family/scenario.json)"
    done
  done
  checked decode mamba/scenario.json \
    --set "firmware.args=$(jq -c '.firmware.args + ["--decode=3"]' mamba/scenario.json)"
}

"case_$name"
