#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does the arithmetic of a run's statistics again, from the file alone.

usage: accounting.py EPOCHVP PROGRAM TRANSPORT DEVICE

Runs PROGRAM twice, in TRANSPORT lt or at and with `dram.device` DEVICE. Exit 0 if every cycle of the
array has one cause, bytes agree at every hop (initiator, interconnect, target, memory, buffer), series
hold what the statistics say, and both runs wrote the same; else each difference is a line.
"""
import json
import math
import subprocess
import sys
import tempfile

CAUSES = ("useful fill_drain port_limited coefficients input_starved output_blocked dependency "
          "command_wait idle").split()
BUFFERS = ("activations", "coefficients", "accumulators")
MEMORIES = ("dram", "sram", "boot_rom")
WINDOWS = 256

problems = []


def equal(what, *figures):
    """All `figures`, exactly."""
    if any(figure != figures[0] for figure in figures):
        problems.append(f"{what}: {' / '.join(map(str, figures))}")


class Run:
    """One run's file: statistics by name, series by name."""

    def __init__(self, report):
        self.simulated_ps = report["simulation"]["simulated_ps"]
        self.value = {one["name"]: one["value"] for one in report["statistics"]}
        self.series = {one["name"]: one for one in report["series"]}
        equal("names of series are names of one", len(self.series), len(report["series"]))

    def names(self, prefix):
        """What stands behind `prefix` and before the last dot, in names that begin with it."""
        return sorted({name[len(prefix):].rpartition(".")[0] for name in self.value
                       if name.startswith(prefix)})

    def total(self, prefix, names, suffix):
        return sum(self.value[prefix + name + suffix] for name in names)

    def integral_ps(self, name):
        """Sum of values times picoseconds. Exact: widths are powers of two, sums below 2^53."""
        series = self.series[name]
        return sum(value * series["window_ps"] for value in series["values"])


def read(text):
    report = json.loads(text)
    report["simulation"].pop("host")  # what depends on the machine
    return report


def check_causes(run, clock_mhz):
    counter = "epochcore.counters."
    causes = [name for name in run.value if name.startswith(counter + "cause_")]
    equal("causes", sorted(causes), sorted(counter + "cause_" + name for name in CAUSES))
    cycles = run.value[counter + "cycles"]
    equal("causes' cycles, cycles", sum(run.value[cause] for cause in causes), cycles)
    equal("cycles of simulated time", cycles, int(run.simulated_ps // (1e6 / clock_mhz)))


def check_hops(run, transport):
    core, initiator, target = "epochcore.", "interconnect.initiator.", "interconnect.target."
    value = run.value
    for engine, direction, counter, moved in (("dma_in", "read", "dma_read_bytes", "written"),
                                              ("dma_out", "write", "dma_write_bytes", "read")):
        equal(f"{direction}s of DMA: engine, counter, interconnect, buffers",
              value[f"{core}{engine}.bytes"], value[f"{core}counters.{counter}"],
              value[f"{initiator}epochcore.dma.{direction}_bytes"],
              run.total(core, BUFFERS, f".{engine}.{moved}_bytes"))
    equal("command fetch: counter, interconnect", value[core + "counters.fetch_bytes"],
          value[initiator + "epochcore.commands.read_bytes"])
    for memory in MEMORIES:
        for direction in ("read_bytes", "write_bytes"):
            equal(f"{memory}.{direction}: interconnect, memory",
                  value[f"{target}{memory}.{direction}"], value[f"{memory}.{direction}"])
    # In at the store that ends the run, to simctl, has reached it and is never answered.
    ending = {"read_bytes": 0, "write_bytes": 4 if transport == "at" else 0}
    equal("store that ends the run", value[target + "simctl.write_bytes"], 4)
    for direction in ("read_bytes", "write_bytes"):
        equal(f"{direction}: all initiators, all targets",
              run.total(initiator, run.names(initiator), "." + direction),
              run.total(target, run.names(target), "." + direction) - ending[direction])


def check_windows(run):
    widths = {series["window_ps"] for series in run.series.values()}
    counts = {len(series["values"]) for series in run.series.values()}
    equal("widths, numbers of windows", len(widths), len(counts), 1)
    width, count = widths.pop(), counts.pop()
    equal("a width that is a power of two, from 1024 ps on", width,
          max(1024, 2 ** round(math.log2(width))))
    if not WINDOWS // 2 < count <= WINDOWS or count * width < run.simulated_ps:
        problems.append(f"{count} windows of {width} ps for {run.simulated_ps} ps")


def check_series(run, program, clock_mhz, outstanding):
    value = run.value
    for name, series in run.series.items():
        if not any(way in name for way in ("read", "write", "array")):
            problems.append(f"{name} has no direction")
        if name.startswith("interconnect."):  # named as the statistic that it adds up to
            equal(f"{name}: series, statistic", sum(series["values"]), value[name])
    for direction in ("read", "write"):
        # GB/s times ps is thousandths of a byte.
        equal(f"dram.{direction}_gb_s: integral, statistic",
              run.integral_ps(f"dram.{direction}_gb_s") / 1000, value[f"dram.{direction}_bytes"])
    # Little: the integral of the number under way is the sum of the times under way.
    waited = run.integral_ps("dram.read_queue_depth") + run.integral_ps("dram.write_queue_depth")
    latencies = value["dram.requests"] * value["dram.mean_latency"] * 1000
    if not math.isclose(waited, latencies, rel_tol=1e-12):
        problems.append(f"dram queue's integral {waited} ps, its latencies {latencies} ps")
    equal("array_utilisation: integral, statistic",
          run.integral_ps("epochcore.array_utilisation") * clock_mhz / 1e6,
          value["epochcore.counters.cause_useful"])
    for name, most in (("epochcore.array_utilisation", 1),
                       ("epochcore.dma_in.read_bursts_outstanding", outstanding),
                       ("epochcore.dma_out.write_bursts_outstanding", outstanding)):
        highest = max(run.series[name]["values"])
        unused = name.endswith("utilisation") and program == "ring"  # moves data, computes nothing
        if not (0 <= highest if unused else 0 < highest) or highest > most:
            problems.append(f"{name} reaches {highest} of {most}")


def main():
    epochvp, program, transport, device = sys.argv[1:]
    keys = ["--set", f"transport={transport}", "--set", f"dram.device={device}"]
    config = subprocess.run([epochvp, "config", program, *keys], check=True, capture_output=True)
    core = json.loads(config.stdout)["epochcore"]
    arguments = ["--", "--digits=2"] if program == "smnist" else []
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("first", "second"):
            file = f"{folder}/{name}.json"
            subprocess.run([epochvp, "run", program, *keys, "--stats", file, *arguments], check=True,
                           stdout=subprocess.DEVNULL)
            with open(file, encoding="utf-8") as text:
                reports.append(read(text.read()))
    equal("two runs", *(json.dumps(report) for report in reports))
    run = Run(reports[0])
    check_causes(run, core["clock_mhz"])
    check_hops(run, transport)
    check_windows(run)
    check_series(run, program, core["clock_mhz"], core["dma"]["outstanding"])
    for problem in problems:
        print(f"{program} in {transport} with {device}: {problem}")
    sys.exit(1 if problems else 0)


main()
