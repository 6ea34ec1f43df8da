#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays a session of gdb-multiarch on the platform and compares what it prints.

usage: run_scenario.py EPOCHVP GDB PROGRAMS FOLDER|FILE.md [--print]

FOLDER holds:
  run            arguments of `epochvp run`, without --gdb; a word that ends in .elf is searched in
                 the build's firmware folder and in PROGRAMS (folders, with a colon between them).
                 With `--stats stats.json`, the same is run without a debugger too, and has to give
                 the same statistics
  commands.gdb   what is typed, from the connection on
  expected.txt   what is seen: "(gdb) " and a command, what it prints; then the simulator's stdout
                 behind "--- stdout", its stderr behind "--- stderr", and "--- exit STATUS"

FILE.md has a fenced block with such a session below the `$ build/release/epochvp run ...` of it.

In what is expected `...` stands for any lines, or inside a line for any text. --print shows the
transcript instead of comparing it.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

LIMIT_S = 100
SETTINGS = """set pagination off
set width 0
set confirm off
set style enabled off
set prompt
set trace-commands on
"""


def program(word, epochvp, programs):
    if not word.endswith(".elf"):
        return word
    for folder in (epochvp.parent / "firmware", *map(pathlib.Path, programs.split(":"))):
        if (folder / word).exists():
            return str((folder / word).resolve())
    sys.exit(f"FAILED: no {word}")


class Simulator:
    """epochvp with its debugger's port, which it names on stderr."""

    def __init__(self, epochvp, arguments, cwd):
        self.process = subprocess.Popen([epochvp, "run", *arguments, "--gdb", "0"], cwd=cwd,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.errors, self.output = [], []
        line = self.process.stderr.readline()
        found = re.search(r"paste: gdb-multiarch (\S+) -ex 'target remote 127.0.0.1:(\d+)'", line)
        if not found:
            sys.exit(f"FAILED: no line to paste: {line}{self.process.stderr.read()}")
        self.elf, self.port = found.group(1), int(found.group(2))
        self.readers = [threading.Thread(target=self.drain, args=pair)
                        for pair in ((self.process.stderr, self.errors),
                                     (self.process.stdout, self.output))]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def drain(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def end(self):
        """Waits for the end; returns the exit status."""
        try:
            status = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "none, it never ended"
        for reader in self.readers:
            reader.join()
        return status


def matches(expected, line):
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, line) is not None


def compare(expected, printed):
    """Nothing, or what is missing. `...` stands for as few lines as possible."""
    at, anywhere = 0, False
    for number, line in enumerate(expected, 1):
        if line == "...":
            anywhere = True
            continue
        start = at
        while at < len(printed) and anywhere and not matches(line, printed[at]):
            at += 1
        if at == len(printed) or not matches(line, printed[at]):
            found = "(nothing like it)" if anywhere or at == len(printed) else printed[at]
            return f"line {number} expected: {line}\n  after printed line {start}: {found}"
        at, anywhere = at + 1, False
    return None if anywhere or at == len(printed) else f"more than expected: {printed[at]}"


def facts(file):
    """Statistics without what depends on the host."""
    report = json.loads(file.read_text())
    del report["simulation"]["host"]
    return report


def transcript(epochvp, gdb, arguments, commands):
    """What is seen, and whether the statistics are those of a run without a debugger."""
    with tempfile.TemporaryDirectory() as folder:
        simulator = Simulator(epochvp, arguments, folder)
        script = f"{SETTINGS}target remote 127.0.0.1:{simulator.port}\n{commands}"
        try:
            session = subprocess.run([gdb, "-nx", "-q", simulator.elf], cwd=folder, input=script,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                     timeout=LIMIT_S)
            lines = session.stdout.splitlines()
        except subprocess.TimeoutExpired as late:
            lines = (late.stdout or b"").decode().splitlines() + ["(gdb never ended)"]
            simulator.process.kill()
        # trace-commands shows a command as "+command".
        lines = ["(gdb) " + line[1:] if line.startswith("+") else line for line in lines]
        lines = lines[next((i for i, line in enumerate(lines) if "target remote" in line), -1) + 1:]
        status = simulator.end()
        errors = [line for line in simulator.errors
                  if "MIPS, real-time" not in line and "epochvp: statistics" not in line]
        lines += ["--- stdout", *simulator.output, "--- stderr", *errors, f"--- exit {status}"]
        same = True
        if "--stats" in arguments:
            stats = pathlib.Path(folder) / arguments[arguments.index("--stats") + 1]
            debugged = facts(stats)
            plain = [word for word in arguments if word != "--gdb-wait"]
            subprocess.run([epochvp, "run", *plain], cwd=folder, capture_output=True, check=False)
            same = facts(stats) == debugged
        return [line.rstrip() for line in lines], same


def from_markdown(text):
    """Arguments, commands and what is expected of the session that a text shows."""
    block = next(b for b in re.findall(r"^```\n(.*?)^```", text, re.M | re.S) if "(gdb) " in b)
    call = re.search(r"^\$ build/release/epochvp run (.*)$", block, re.M).group(1)
    lines = block[block.index("(gdb) "):].splitlines()
    commands = [line[6:] for line in lines if line.startswith("(gdb) ")]
    return re.sub(r"--gdb \d+", "", call), "\n".join(commands) + "\n", ["...", *lines, "..."]


def main(epochvp, gdb, programs, where, *options):
    epochvp, where = pathlib.Path(epochvp).resolve(), pathlib.Path(where).resolve()
    if where.is_dir():
        call, commands = ((where / name).read_text() for name in ("run", "commands.gdb"))
    else:
        call, commands, expected = from_markdown(where.read_text())
    arguments = [program(word, epochvp, programs) for word in call.split()]
    printed, same = transcript(epochvp, gdb, arguments, commands)
    if "--print" in options:
        print("\n".join(printed))
        return 0
    if where.is_dir():
        expected = (where / "expected.txt").read_text().splitlines()
    problem = compare(expected, printed)
    if not problem and not same:
        problem = "the statistics are not those of a run without a debugger"
    if not problem:
        return 0
    print(f"FAILED: {where.name}: {problem}\n--- transcript")
    print("\n".join(printed))
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
