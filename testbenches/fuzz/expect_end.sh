#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command in a folder of its own and checks how it ends:
# expect_end.sh EXIT_STATUS TEXT_ON_STDERR COMMAND...
set -uo pipefail
wanted=$1 text=$2
shift 2
. "$(dirname "$0")/../common/expect.sh"
expect "$wanted" "$@"
has err "$text"
