#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Native firmware as a user meets it: native_runs.sh EPOCHVP PROGRAMS ELF CASE
# PROGRAMS has the shared objects of programs/; ELF is any ELF, to stand beside them.
set -uo pipefail
vp=$1 programs=$2 elf=$3 name=$4
. "$(dirname "$0")/../common/expect.sh"
skip() {
  echo "SKIPPED: $*"
  exit 0
}
native=(--set cpu.kind=native)
# program NAME [arguments]: a program of programs/, with an ELF of the same name.
program() {
  cp "$elf" "$1.elf"
  cp "$programs/$1.so" .
  "$vp" run "$1.elf" "${native[@]}" --max-sim-time 1s -- "${@:2}"
}

case_hello() {
  expect 0 "$vp" run hello "${native[@]}" -- --one "two words"
  has out "hello from hart 0"
  has out "argument 0: hello.elf"
  has out "argument 2: two words"
  has out "tick after 100 us"
}
case_selftest() { # races and all
  expect 0 "$vp" run selftest "${native[@]}" -- --waits=2000
  has out "every error: ok"
  has out "2000 waits, 0 lost, completions before and after the check"
  has out ", 0 failed"
}
case_two_runs_are_the_same() {
  expect 0 "$vp" run smnist "${native[@]}" --trace-mmio one --vcd one.vcd -- --digits=2 --logits
  cp out one.out
  expect 0 "$vp" run smnist "${native[@]}" --trace-mmio two --vcd two.vcd -- --digits=2 --logits
  cmp out one.out && cmp one two && cmp one.vcd two.vcd || fail "two runs differ"
  has one.vcd "sleeping"
  has one " cpu - - write epochcore.RING_TAIL"
}
case_the_c_library() {
  expect 7 program stdio
  has out "formatted 0.333333333     1|"
  has out "as puts"
  [ "$(wc -l <out)" = 4 ] || fail "not four lines"
  expect 63 program stdio --abort
  has err "134"
}
case_a_fault() {
  expect 71 program fault
  has out "unhandled trap: cause 0x00000005"
  has err "unhandled trap: load access fault (mcause 0x5) in native code"
  has err "the bus refused a read of 0x30000000"
  has epochvp-postmortem/hart.txt "native code"
}
case_a_deadlock() {
  expect 72 program sleep
  has err "deadlock: nothing is left to happen; the hart sleeps in WFI, and no interrupt"
}
case_a_limit() {
  expect 75 program sleep --spin
  has err "limit of 1 s simulated time"
  has err "the hart is in native code"
}
case_refused() {
  expect 64 "$vp" run hello "${native[@]}" --gdb 0
  has err "the host's gdb sees the firmware"
  expect 64 "$vp" run hello "${native[@]}" --check dma
  has err "--check dma watches the RISC-V hart"
  cp "$elf" alone.elf
  expect 64 "$vp" run alone.elf "${native[@]}"
  has err "cpu.kind: \"native\" needs"
  has err "alone.so, the firmware compiled for the host"
  expect 65 program foreign
  has err "foreign.so: is no native firmware"
  expect 65 program older
  has err "older.so: was built with version 0"
  expect 0 true
  cp "$elf" text.elf
  echo "no library" >text.so
  expect 65 "$vp" run text.elf "${native[@]}"
  has err "text.so"
}
case_gdb() { # as firmware/README.md shows it
  command -v gdb >/dev/null || skip "gdb is missing (scripts/setup test installs it)"
  expect 0 env DEBUGINFOD_URLS= gdb -q -nx -batch -ex 'set breakpoint pending on' \
    -ex 'break epoch_device_submit' -ex run -ex backtrace -ex 'print device->caps.array.rows' \
    -ex 'print/x device->ring.bus' -ex 'print count' -ex delete -ex continue \
    --args "$vp" run smnist "${native[@]}" -- --digits=1
  has out "epoch_device_submit (device="
  has out "in epoch_device_measure (device="
  has out "main (argc="
  has out "= 32"
  has out "= 0x800"
  has out "digit 0: predicted 7 label 7"
}

# ---- Memory checkers ----

case_sanitizers_see_the_firmware() { # that whole runs are clean is worth what this is worth
  ! program wrong --overrun >out 2>err || fail "an overrun was not found"
  has err "AddressSanitizer: global-buffer-overflow"
  has err "wrong.c"
  ! program wrong --overflow >out 2>err || fail "an overflow was not found"
  has err "signed integer overflow"
  expect 0 program wrong
}
# Stacks of threads lie 64 KiB and more apart: a stack pointer that moves so far has changed stacks.
under_valgrind() {
  expect "$1" valgrind -q --error-exitcode=99 --max-stackframe=40000 \
    "$vp" run "${@:2}"
}
case_valgrind() {
  command -v valgrind >/dev/null || skip "valgrind is missing (scripts/setup test installs it)"
  cp "$elf" wrong.elf
  cp "$programs/wrong.so" .
  under_valgrind 99 wrong.elf "${native[@]}" -- --uninitialised
  has err "main (wrong.c:"
  under_valgrind 0 wrong.elf "${native[@]}"
  under_valgrind 0 hello "${native[@]}"
  under_valgrind 0 ring "${native[@]}"
  # valgrind knows no flush-to-zero: the gate of GLU that shuts leaves a denormal, which the
  # self-test finds (exit 1).
  under_valgrind 1 selftest "${native[@]}" -- --waits=100
  has out ", 1 failed"
  has out "GEMM, GLU: FAILED"
  under_valgrind 0 smnist "${native[@]}" -- --digits=1
  has out "digit 0: predicted 7 label 7"
  expect 0 "$vp" generate mamba --task tiny --decode 4 --out model
  under_valgrind 0 model/scenario.json "${native[@]}"
}

"case_$name"
