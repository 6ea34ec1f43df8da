#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of a README.md's examples and compares what they print.

usage: run_readme.py README EPOCHVP

In a fenced block, a line that starts with `$ ` is a command (indented lines continue it) and the lines
after it, up to the next command or the end of the block, are what its stdout must hold, in order; `...`
stands for any lines. `scripts/run` runs as `epochvp run smnist`; commands of scripts/test and GTKWave
are left out: one would run this test, the other opens a window.
`--report FILE` is left out where the charts (scripts/fetch_echarts) are not there. Fails naming command and line.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHARTS = ROOT / "build/share/epochcore/echarts/echarts.min.js"


def examples(text):
    """Yields (command, [expected lines]) of every `$ ` command in fenced blocks."""
    for block in re.findall(r"^```\n(.*?)^```", text, re.M | re.S):
        command, expected = None, []
        for line in block.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, expected
                command, expected = line[2:], []
            elif command and not expected and line.startswith(" "):
                command += "\n" + line
            elif command and (line or expected):
                expected.append(line)
        if command:
            yield command, expected


def runnable(command, epochvp):
    command = re.sub(r"\s+#.*", "", command)
    command = re.sub(r"\s*&& gtkwave .*", "", command)
    command = re.sub(r"^scripts/run$", "build/release/epochvp run smnist", command)
    if not CHARTS.exists():
        command = re.sub(r" --report \S+", "", command)
    return command.replace("build/release/epochvp", epochvp)


def compare(command, expected, printed):
    """Every expected line in order; without `...` between them, directly one after the other."""
    at, anywhere = 0, False
    for line in expected:
        if line.strip() == "...":
            anywhere = True
            continue
        if not line.strip():
            continue
        if anywhere and line in printed[at:]:
            at = printed.index(line, at)
        elif at >= len(printed) or printed[at] != line:
            found = printed[at] if at < len(printed) else "(end of output)"
            return f"{command}\n  README: {line}\n  prints: {found}"
        at, anywhere = at + 1, False
    return None


def main(readme, epochvp):
    failures, count = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for name in ("scenarios", "firmware"):
            # Folders of their own, so that ../../build of a sweep is this run's.
            shutil.copytree(ROOT / name, pathlib.Path(folder) / name, copy_function=os.symlink)
        for command, expected in examples(pathlib.Path(readme).read_text()):
            if command.startswith(("scripts/test", "gtkwave")):
                continue
            count += 1
            run = subprocess.run(["bash", "-c", runnable(command, epochvp)], cwd=folder, text=True,
                                 capture_output=True)
            problem = f"{command}\n  exit status {run.returncode}: {run.stderr}" if run.returncode \
                else compare(command, expected, run.stdout.splitlines())
            if problem:
                failures.append(problem)
    if count == 0:
        failures.append(f"no command found in {readme}")
    print(f"{count} commands, {len(failures)} failed")
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
