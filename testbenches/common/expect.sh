# SPDX-License-Identifier: Apache-2.0
# For scripts that meet a program as a user does. Sourced: goes into a folder of its own, which ends
# with the script; what the last command printed lies in `out` and `err` there.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

fail() {
  echo "FAILED: $*"
  tail -n +1 out* err* 2>/dev/null | tail -c 4000
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
same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }
empty() { [ ! -s "$1" ] || fail "$1 is not empty"; }
