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

# on_terminal STATUS command...: as expect, with a terminal for stderr.
on_terminal() {
  local wanted=$1 status=0
  shift
  python3 - "$@" >out 2>err <<'PYTHON' || status=$?
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
run = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stderr=theirs)
os.close(theirs)
try:
    while part := os.read(ours, 4096):
        os.write(2, part)
except OSError:  # how a terminal without a writer ends
    pass
sys.exit(run.wait())
PYTHON
  [ "$status" = "$wanted" ] || fail "exit $status, wanted $wanted: $*"
}
# erased TEXT: a terminal's line that said TEXT last was erased (ECMA-48: EL) before anything else came.
erased() {
  python3 -c 'import sys
text, said = open("err", "rb").read(), sys.argv[1].encode()
sys.exit(b"\r\x1b[K" not in text[text.rindex(said):].split(b"\n")[0])' "$1" || fail "left: $1"
}
