#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scripts/sweep: Snakemake on this machine, and on a Slurm cluster made here: cluster.sh EPOCHVP SOURCE CASE
set -uo pipefail
vp=$1 source=$2 name=$3
. "$(dirname "$0")/../../common/expect.sh"
. "$(dirname "$0")/slurm_node.sh"
skip() {
  echo "SKIPPED: $*"
  exit 77
}
command -v snakemake >/dev/null || skip "snakemake is missing (scripts/setup cluster installs it)"
export XDG_CACHE_HOME=$PWD/cache

snake() {
  snakemake --snakefile "$source/scripts/sweep/Snakefile" --nocolor "$@" \
    --config sweep=s.json out=cluster "epochvp=$vp" >snake.log 2>&1 || fail "snakemake: $(tail -n 20 snake.log)"
}
# A point that fails among them: the table says so, and the sweep goes on.
make_sweep() {
  echo '{ "scenario": "smnist", "points": [ { "firmware.args": ["--digits=1"] }, { "firmware.args": ["--nonsense"] } ],
    "grid": { "dram.ideal.gb_per_s": [6.4, 25.6] } }' >s.json
  expect 1 "$vp" sweep s.json --out here
}
compare_tables() {
  for file in sweep.csv sweep.json; do same here/$file cluster/$file; done
}

case_snakemake_on_this_machine() {
  make_sweep
  snake --cores 2
  compare_tables
  snake --cores 2
  has snake.log "Nothing to be done"
  # A changed sweep runs what is new.
  sed -i 's/25.6\]/25.6, 12.8]/' s.json
  expect 1 "$vp" sweep s.json --out here
  snake --cores 2
  [ "$(grep -c '^rule point:' snake.log)" = 2 ] || fail "not two points ran"
  compare_tables
}
case_snakemake_on_slurm() {
  for program in munged slurmctld slurmd sbatch scontrol; do
    command -v $program >/dev/null || skip "$program is missing (scripts/setup cluster installs it)"
  done
  [ "$(id -u)" = 0 ] || skip "slurmd and munged want root"
  trap 'stop_slurm; rm -rf "$folder"' EXIT
  make_sweep
  start_slurm
  local status=$source/scripts/sweep/slurm_status job
  job=$(sbatch --parsable --wrap "sleep 600")
  expect 0 "$status" "$job"
  has out running
  scancel "$job"
  await 20 says failed "$job" || fail "a cancelled job: $("$status" "$job")"
  job=$(sbatch --parsable --wrap "exit 3")
  await 20 says failed "$job" || fail "a failed job: $("$status" "$job")"
  job=$(sbatch --parsable --wrap "exit 0")
  await 20 says success "$job" || fail "a job that ended well: $("$status" "$job")"
  expect 0 "$status" 4242
  has out failed
  snake --jobs 4 --cluster "sbatch --parsable" --cluster-status "$status" \
    --max-status-checks-per-second 10 --latency-wait 30
  [ "$(grep -c 'Submitted job' snake.log)" = 4 ] || fail "not four jobs"
  compare_tables
}
says() { [ "$("$source/scripts/sweep/slurm_status" "$2")" = "$1" ]; }
"case_$name"
