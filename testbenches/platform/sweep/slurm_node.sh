# SPDX-License-Identifier: Apache-2.0
# A Slurm cluster of this machine alone: munged, slurmctld and slurmd as root, with every file and
# socket in a folder. Sourced behind expect.sh; `start_slurm` returns when the node is idle.

slurm_pids=()
stop_slurm() {
  local pid
  for pid in "${slurm_pids[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${slurm_pids[@]}"; do wait "$pid" 2>/dev/null; done
}

start_slurm() {
  local dir=$PWD/slurm name port
  name=$(hostname -s)
  port=$((20000 + $$ % 20000)) # of slurmctld; slurmd has the next
  mkdir -p "$dir"/{munge,state,spool,log}
  chmod 711 "$PWD" "$dir" "$dir/munge" # munged wants its socket to be within everybody's reach
  head -c 128 /dev/urandom >"$dir/munge/key"
  chmod 600 "$dir/munge/key"
  cat >"$dir/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$name(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/log/slurmctld
SlurmdLogFile=$dir/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_min_interval=100000
AccountingStorageType=accounting_storage/none
ReturnToService=2
NodeName=$name NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  export SLURM_CONF=$dir/slurm.conf
  munged --foreground --key-file="$dir/munge/key" --socket="$dir/munge/socket" \
    --pid-file="$dir/munge/pid" --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" &
  slurm_pids+=($!)
  await 10 test -S "$dir/munge/socket" || fail "munged: $(tail -n 3 "$dir/munge/log")"
  slurmctld -D >/dev/null 2>&1 &
  slurm_pids+=($!)
  slurmd -D >/dev/null 2>&1 &
  slurm_pids+=($!)
  await 30 node_is_idle || fail "no idle node: $(tail -n 5 "$dir"/log/*)"
}

node_is_idle() { sinfo --noheader --format=%t 2>/dev/null | grep -qx idle; }
# await SECONDS command...: until it succeeds.
await() {
  local tries=$(($1 * 10))
  shift
  while ! "$@"; do
    [ $((tries -= 1)) -gt 0 ] || return 1
    sleep 0.1
  done
}
