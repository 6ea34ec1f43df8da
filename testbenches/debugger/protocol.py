#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A peer that speaks the protocol by itself, well and badly: protocol.py EPOCHVP PROGRAMS CASE

`protocol.py --list` names the cases. Each fails naming what was expected.
"""
import pathlib
import random
import re
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import time

from run_scenario import Simulator, facts, program

SEED = 20
EPOCHVP, PROGRAMS = None, None


def check(holds, what):
    if not holds:
        sys.exit(f"FAILED: {what}")


class Peer:
    """One connection, in all-stop and with acknowledgements off."""

    def __init__(self, port, quiet=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bytes = b""
        if quiet:
            check(self.ask("QStartNoAckMode") == "OK", "no acknowledgements")

    def send(self, data):
        self.socket.sendall(data)

    def packet(self, text):
        self.send(b"$" + text.encode() + b"#%02x" % (sum(text.encode()) & 255))

    def reply(self):
        """The next packet's payload; None where the connection ends."""
        while True:
            found = re.search(rb"\$([^#]*)#..", self.bytes, re.S)
            if found:
                self.bytes = self.bytes[found.end():]
                return found.group(1).decode("latin-1")
            try:
                more = self.socket.recv(4096)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.bytes += more

    def ask(self, text):
        self.packet(text)
        return self.reply()

    def register(self, number):
        return struct.unpack("<I", bytes.fromhex(self.ask(f"p{number:x}")))[0]

    def pc(self):
        return self.register(32)

    def vanish(self):
        """Without a goodbye: the connection is reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Run(Simulator):
    def __init__(self, *words, cwd="/"):
        super().__init__(EPOCHVP, [program(word, EPOCHVP, PROGRAMS) for word in words], cwd)

    def expect(self, status, *errors):
        ended = self.end()
        check(ended == status, f"exit {status}, not {ended}: {self.errors}")
        for text in errors:
            check(any(text in line for line in self.errors), f"{text!r} on stderr: {self.errors}")


def refused(status, text, *options):
    run = subprocess.run([EPOCHVP, "run", "hello", *options], capture_output=True, text=True,
                         timeout=60, check=False)
    check(run.returncode == status, f"exit {status} for {options}: {run.returncode} {run.stderr}")
    check(text in run.stderr and run.stderr.count("\n") == 1, f"one line with {text!r}: {run.stderr}")


# ---- who may come, and when ---------------------------------------------------------------------


def case_port_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(69, f"port {port} of 127.0.0.1 cannot be had", "--gdb", str(port))


def case_bad_options():
    refused(64, "a port is a number", "--gdb", "x")
    refused(64, "a port is a number", "--gdb", "65536")
    refused(64, "a port is a number", "--gdb", "-1")
    refused(64, "a port is a number", "--gdb", "")
    refused(64, "--gdb-wait needs --gdb", "--gdb-wait")


def case_loopback_only():
    run = Run("hello", "--gdb-wait")
    listening = [line.split()[1] for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()
                 if line.split()[1].endswith(":%04X" % run.port) and line.split()[3] == "0A"]
    check(listening == ["0100007F:%04X" % run.port], f"127.0.0.1 alone: {listening}")
    everywhere = pathlib.Path("/proc/net/tcp6")
    check(not everywhere.exists() or ":%04X 0" % run.port not in everywhere.read_text(), "no IPv6")
    Peer(run.port).packet("k")
    run.expect(130, "killed by the debugger")


def case_attach_to_a_run():
    """Without --gdb-wait the run goes on until somebody comes; and again when they have gone."""
    run = Run("spin.elf")
    for _ in range(3):
        time.sleep(0.2)
        peer = Peer(run.port)
        check(peer.ask("?").startswith("T05"), "it stands")
        check(peer.pc() == 0x80000000, "at the loop")
        check(peer.ask("D") == "OK", "detached")
        check(peer.reply() is None, "and closed")
    peer = Peer(run.port)
    check(peer.ask("vKill;1") == "OK", "killed")
    run.expect(130, "connected", "detached; the run goes on", "killed by the debugger")


def case_nobody_comes():
    Run("hello").expect(0)
    Run("hello", "--gdb-wait", "--max-wall-time", "300ms").expect(75, "limit on wall time")


def case_limit_waits_for_an_attended_run():
    """The limit on wall time does not count while a debugger looks at a machine that stands."""
    run = Run("hello", "--gdb-wait", "--max-wall-time", "2s")
    peer = Peer(run.port)
    check(peer.pc() == 0x1000, "at reset")
    time.sleep(3)
    peer.packet("c")
    run.expect(0)


def case_two_clients():
    run = Run("hello", "--gdb-wait")
    first = Peer(run.port)
    second = Peer(run.port, quiet=False)
    check(second.reply() == "E.another debugger is connected", "turned away in words")
    check(second.reply() is None, "and closed")
    check(first.pc() == 0x1000, "the first is served")
    first.packet("c")
    check(first.reply() == "W00", "to the end")
    run.expect(0, "a second debugger was turned away")


# ---- who goes -----------------------------------------------------------------------------------


def case_vanishes_while_halted():
    run = Run("hello", "--gdb-wait")
    peer = Peer(run.port)
    check(peer.ask("Z0,80000000,2") == "OK", "a breakpoint")
    peer.vanish()
    run.expect(0, "the debugger is gone; the run goes on without it")
    check("hello from hart 0" in run.output, "undisturbed")


def case_vanishes_while_running():
    run = Run("spin.elf", "--gdb-wait")
    peer = Peer(run.port)
    peer.packet("c")
    time.sleep(0.2)
    peer.vanish()
    time.sleep(0.2)
    second = Peer(run.port)
    check(second.pc() == 0x80000000, "the next is served")
    second.packet("k")
    run.expect(130, "the debugger is gone; the run goes on without it")


def case_vanishes_inside_a_packet():
    run = Run("hello", "--gdb-wait")
    peer = Peer(run.port)
    peer.send(b"$m80000000,")
    peer.socket.close()
    run.expect(0, "the debugger is gone")


def case_vanishes_before_its_answer():
    run = Run("hello", "--gdb-wait")
    peer = Peer(run.port)
    for _ in range(100):
        peer.packet("m80000000,1000")
    peer.vanish()
    run.expect(0, "the debugger is gone")


def case_interrupted_simulator():
    """Ctrl-C in the simulator's terminal ends a run that stands."""
    run = Run("hello", "--gdb-wait")
    peer = Peer(run.port)
    check(peer.pc() == 0x1000, "it stands")
    run.process.send_signal(2)
    check(peer.reply() is None, "closed")
    run.expect(130, "interrupted")


# ---- what is sent -------------------------------------------------------------------------------


def case_garbage():
    run = Run("hello", "--gdb-wait")
    peer = Peer(run.port, quiet=False)
    generator = random.Random(SEED)
    for _ in range(200):
        peer.send(bytes(generator.choice(b"$#+-}*\x03\x00\xffmgGcZX0189,;:") for _ in range(50))
                  .replace(b"c", b"q").replace(b"$k", b"$q"))
    peer.send(b"$" + b"m" * 100000 + b"#00" + b"+" * 10000)
    peer.send(b"$#00$g#00$g#zz$}#7d")
    peer.packet("p20")
    while True:
        answer = peer.reply()
        check(answer is not None, "the connection stays")
        if answer == "00100000":
            break
    peer.packet("D")
    run.expect(0, "; ignored", "detached")
    check(sum("; ignored" in line for line in run.errors) == 3, "three messages, not hundreds")


def case_malformed_packets():
    run = Run("hello", "--gdb-wait")
    peer = Peer(run.port)
    for text in ("m", "m,", "m80000000", "mx,4", "m80000000,11111111111111111", "M80000000,4:00",
                 "M80000000,1:0", "M80000000,1:zz", "X80000000,2:a", "p", "pzz", "P5", "P5=0", "P5=zzzzzzzz",
                 "G", "G00", "Z0", "Z0,", "Z0,zz,2", "Z2,80000000", "vCont;x", "vCont;r1", "vCont;", "s!",
                 "Tzz", "qRcmd,0", "qXfer:features:read:target.xml:zz"):
        answer = peer.ask(text)
        check(answer.startswith("E"), f"an error for {text}: {answer}")
    for text in ("", "!", "R00", "Z5,0,0", "vFile:open", "qNobody", "QNobody", "i", "B0,0"):
        check(peer.ask(text) == "", f"not supported: {text}")
    for text, answer in (("m70000000,4", "E0e"), ("m80000000,0", ""), ("p1040", "E02"),
                         ("Z0,100000000,2", "E.outside of the address space"),
                         ("Z2,ffffffff,2", "E.outside of the address space"),
                         ("Z2,80000000,0", "E.nothing to watch"), ("z0,80000000,2", "OK"),
                         ("M20000104,4:00000000",
                          "E.only memory can be written, registers of devices cannot")):
        check(peer.ask(text) == answer, f"{text} gives {answer}: {peer}")
    check(len(peer.ask("m80000000,ffffffff")) > 8000, "as much as fits")
    for number in range(2000):
        last = peer.ask(f"Z0,{0x80000000 + 2 * number:x},2")
    check(last == "E.too many breakpoints and watchpoints", "an end of breakpoints")
    peer.packet("D")
    run.expect(0)


def case_impatient_peer():
    """Packets while the machine runs are answered when it stands; an interrupt stops it."""
    run = Run("spin.elf", "--gdb-wait")
    peer = Peer(run.port)
    peer.packet("c")
    peer.packet("p20")
    peer.packet("c")
    time.sleep(0.2)
    peer.send(b"\x03")
    check(peer.reply().startswith("T02"), "interrupted")
    check(peer.reply() == "00000080", "then the answer")
    peer.send(b"\x03")
    check(peer.reply().startswith("T02"), "the second order, interrupted")
    peer.packet("k")
    run.expect(130)


def case_many_interrupts():
    """None is lost, whether it finds the hart asleep, awake or on its way."""
    for name in ("naps.elf", "spin.elf"):
        run = Run(name, "--gdb-wait")
        peer = Peer(run.port)
        generator = random.Random(SEED)
        for _ in range(300):
            peer.packet("c")
            time.sleep(generator.random() * 0.002)
            peer.send(b"\x03")
            check(peer.reply().startswith("T02"), "interrupted")
            if generator.random() < 0.3:
                check(peer.ask("s").startswith("T05"), "a step, asleep or not")
        peer.packet("k")
        run.expect(130)


def case_kill_in_a_deadlock():
    run = Run("deadlock.elf", "--gdb-wait")
    peer = Peer(run.port)
    peer.packet("c")
    check(peer.reply().startswith("O"), "why")
    check(peer.reply().startswith("T11"), "SIGSTOP")
    check(peer.ask("P20=00000080") == "OK", "another pc")
    peer.packet("c")
    check(peer.reply().startswith("O") and peer.reply().startswith("T11"), "and again")
    check(peer.pc() == 0x80000004, "after one more round")
    check(peer.ask("vKill;1") == "OK", "killed")
    run.expect(130, "killed by the debugger")
    check(not any("sc_" in line or "E5" in line for line in run.errors), f"quietly: {run.errors}")


def case_flood():
    """A peer that sends without end while the machine runs costs neither memory nor the run."""
    run = Run("smnist", "--gdb-wait")
    peer = Peer(run.port)
    peer.packet("c")
    try:
        for _ in range(2000):
            peer.send(b"$m80000000,4#%02x" % (sum(b"m80000000,4") & 255) * 500)
    except (ConnectionError, socket.timeout):
        pass  # the run is over
    peer.socket.close()
    run.expect(0)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    check(peak < 2_000_000, f"bounded memory: {peak} KiB")


# ---- the machine --------------------------------------------------------------------------------


def stepped(peer, generator, steps):
    """Orders at random until the program ends; returns how many stops there were."""
    points, stops = [], 0
    answer = ""
    while not answer.startswith("W"):
        stops += 1
        while points and (stops > steps or len(points) > 8 or generator.random() < 0.01):
            check(peer.ask("z" + points.pop()) == "OK", "removed")
        if stops > steps:
            answer = peer.ask("vCont;c")
            continue
        pc = peer.pc()
        order = generator.random()
        if order < 0.05:
            kind = generator.randrange(0, 5)
            address = (pc + 2 * generator.randrange(0, 40) if kind < 2
                       else peer.register(2) - 128 + generator.randrange(160))
            points.append(f"{kind},{address:x},{generator.choice((1, 4, 64))}")
            check(peer.ask("Z" + points[-1]) == "OK", "inserted")
        if order < 0.06 and len(points) > 3:
            answer = peer.ask("vCont;c")
        elif order < 0.3:
            answer = peer.ask(f"vCont;r{pc:x},{pc + generator.randrange(2, 30):x}:1")
        else:
            answer = peer.ask("s")
    return stops


def case_same_statistics():
    """Steps, breakpoints and watchpoints at random end in the same bytes as a run without them."""
    timed = [f"--set=cpu.{what}" for what in
             ("timing.load_cycles=3", "timing.branch_taken_cycles=4", "timing.divide_cycles=20",
              "icache.size_kib=4", "dcache.size_kib=1", "quantum_ns=1000")]
    for name, *options in (("hello",), ("ring",), ("ring", "--set", "cpu.quantum_ns=0"),
                           ("ring", "--set", "cpu.quantum_ns=1000"), ("ring", *timed)):
        with tempfile.TemporaryDirectory() as folder:
            outputs = ["--stats", "s.json", "--trace-mmio", "m.txt", "--vcd", "w.vcd"]
            subprocess.run([EPOCHVP, "run", name, *options, *outputs], cwd=folder, check=True,
                           capture_output=True)
            plain = pathlib.Path(folder)
            seen = [facts(plain / "s.json"), *((plain / f).read_bytes() for f in ("m.txt", "w.vcd"))]
            run = Run(name, "--gdb-wait", *options, *outputs, cwd=folder)
            stops = stepped(Peer(run.port), random.Random(SEED), 3000)
            run.expect(0)
            check(stops > 1000, f"thousands of stops: {stops}")
            again = [facts(plain / "s.json"), *((plain / f).read_bytes() for f in ("m.txt", "w.vcd"))]
            for what, one, two in zip(("statistics", "register trace", "waveforms"), seen, again):
                check(one == two, f"{name} {options}: the same {what}")


def case_limit_ends_the_session():
    """What ends a run tells its debugger the exit status."""
    run = Run("spin.elf", "--gdb-wait", "--max-sim-time", "1ms", "--postmortem", "none")
    peer = Peer(run.port)
    check(peer.ask("c") == "W4b", "exit 75")
    check(peer.reply() is None, "closed")
    run.expect(75, "the limit of 1 ms simulated time is reached")


def case_reset_keeps_the_session():
    """Breakpoints and the mode of the connection survive `monitor reset`; time starts at 0."""
    run = Run("hello", "--gdb-wait", "--set", "cpu.quantum_ns=1000")
    peer = Peer(run.port)
    main = None
    for _ in range(3):
        check(peer.pc() == 0x1000, "at reset")
        check(peer.ask("p1041") is not None, "registers")
        if main is None:
            for _ in range(20):
                peer.ask("s")
            main = peer.pc()
            check(peer.ask(f"Z1,{main:x},2") == "OK", "a breakpoint")
        else:
            check(peer.ask("c").startswith("T05"), "a stop")
            check(peer.pc() == main, "at the breakpoint of the run before")
        peer.packet("qRcmd," + b"reset".hex())
        check(peer.reply().startswith("O"), "in words")
        check(peer.reply() == "OK", "and done")
    check(peer.ask("D") == "OK", "detached")
    run.expect(0)
    check(run.output.count("hello from hart 0") == 1, "one run to the end")


def main(arguments):
    global EPOCHVP, PROGRAMS
    cases = {name[5:]: function for name, function in globals().items() if name.startswith("case_")}
    if arguments == ["--list"]:
        print("\n".join(cases))
        return
    EPOCHVP, PROGRAMS = pathlib.Path(arguments[0]).resolve(), arguments[1]
    cases[arguments[2]]()


if __name__ == "__main__":
    main(sys.argv[1:])
