#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command in a folder of its own and checks how it ends:
# expect_end.sh EXIT_STATUS TEXT_ON_STDERR COMMAND...
set -uo pipefail
wanted=$1 text=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
status=0
"$@" >/dev/null 2>err || status=$?
head -c 4000 err
if [ "$status" != "$wanted" ]; then
  echo "FAILED: exit status $status, wanted $wanted"
  exit 1
fi
if ! grep -qF -- "$text" err; then
  echo "FAILED: stderr lacks: $text"
  exit 1
fi
