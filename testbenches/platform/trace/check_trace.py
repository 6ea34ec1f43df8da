# SPDX-License-Identifier: Apache-2.0
"""Reads traces of `epochvp run --trace` back and holds them against the same run's other outputs.

    check_trace.py schema TRACE            the Trace Event Format's document, as a JSON Schema
    check_trace.py run TRACE STATS MMIO    slices, arrows and counters against statistics and the
                                           register trace
    check_trace.py cut TRACE FULL LIMIT    a bounded trace is the end of the whole one

Times are read as decimals and counted in whole picoseconds. Exits with 1 and a line at the first
thing that does not hold.
"""
import json
import os
import sys
from collections import Counter, defaultdict
from decimal import Decimal

PS = 1_000_000  # a microsecond
WINDOW_PS = PS


def require(holds, *what):
    if not holds:
        print("check_trace:", *what)
        sys.exit(1)


def picoseconds(us):
    ps = Decimal(us) * PS
    require(ps == int(ps), "no whole number of picoseconds:", us)
    return int(ps)


class Trace:
    def __init__(self, file):
        with open(file) as stream:
            document = json.load(stream, parse_float=Decimal)
        self.about = document["otherData"]
        events = document["traceEvents"]
        self.slices = defaultdict(list)    # (group, track): (start, end, event)
        self.counters = defaultdict(list)  # (group, counter): (time, values)
        self.flows = defaultdict(list)     # id: (phase, time, (group, track))
        groups, threads = {}, {}
        for event in events:
            if event["ph"] == "M" and event["name"] == "process_name":
                require(event["pid"] not in groups, "a group named twice", event)
                groups[event["pid"]] = event["args"]["name"]
            if event["ph"] == "M" and event["name"] == "thread_name":
                key = event["pid"], event["tid"]
                require(key not in threads, "a track named twice", event)
                threads[key] = event["args"]["name"]
        require(len(set(groups.values())) == len(groups), "two groups of one name")
        open_slices, latest = defaultdict(list), defaultdict(int)
        for event in events:
            if event["ph"] == "M":
                continue
            group, time = groups[event["pid"]], picoseconds(event["ts"])
            if event["ph"] == "C":
                self.counters[group, event["name"]].append((time, event["args"]))
                continue
            track = group, threads[event["pid"], event["tid"]]
            if event["ph"] == "B":
                require(time >= latest[track], "a track goes back in time", event)
                open_slices[track].append((time, event))
            elif event["ph"] == "E":
                require(open_slices[track] and time >= latest[track], "ends nothing", event)
                start, begun = open_slices[track].pop()
                require(begun["name"] == event["name"], "ends something else", event)
                begun.setdefault("args", {})
                self.slices[track].append((start, time, begun))
            else:
                self.flows[event["id"]].append((event["ph"], time, track))
                continue
            latest[track] = time
        require(not any(open_slices.values()), "slices without an end")

    def on(self, group, track):
        """Slices of a track and its lanes: "dma", "dma (2)"."""
        found = []
        for (of, name), slices in self.slices.items():
            if of == group and (name == track or name.startswith(track + " (")):
                found += slices
        return found

    def nothing_overlaps(self):
        """Slices of a track follow or lie within each other."""
        for track, slices in self.slices.items():
            open_ends = []
            for start, end, event in sorted(slices, key=lambda s: (s[0], -s[1])):
                while open_ends and open_ends[-1] <= start:
                    open_ends.pop()
                require(not open_ends or end <= open_ends[-1], "slices overlap on", track, event)
                open_ends.append(end)
                if track != ("hart", "functions"):
                    require(len(open_ends) == 1 or start == end, "slices nest on", track, event)

    def counters_advance(self):
        for counter, values in self.counters.items():
            times = [time for time, _ in values]
            require(times == sorted(set(times)), "a counter has two values at a time:", counter)

    def arrows_meet(self):
        for number, points in self.flows.items():
            phases = "".join(phase for phase, _, _ in points)
            require(len(points) >= 2 and phases == "s" + "t" * (len(points) - 2) + "f",
                    "arrow", number, "has phases", phases)
            times = [time for _, time, _ in points]
            require(times == sorted(times), "arrow", number, "goes back in time")
            for _, time, track in points:
                require(any(start <= time <= end for start, end, _ in self.starts_by(track, time)),
                        "arrow", number, "meets nothing on", track, "at", time)

    def starts_by(self, track, time):
        """The slices that could hold this time: those of the latest starts up to it."""
        if not hasattr(self, "sorted_starts"):
            self.sorted_starts = {}
        if track not in self.sorted_starts:
            ordered = sorted(self.slices[track], key=lambda s: (s[0], -s[1]))
            self.sorted_starts[track] = [s[0] for s in ordered], ordered
        from bisect import bisect_right
        starts, ordered = self.sorted_starts[track]
        at = bisect_right(starts, time)
        return ordered[max(0, at - 4):at]

    def amount(self, counter, series):
        """The sum over windows; between two values a counter keeps the first."""
        total, values = 0, self.counters[counter]
        for (time, now), (until, _) in zip(values, values[1:]):
            require((until - time) % WINDOW_PS == 0, counter, "changes within a window at", until)
            total += now[series] * ((until - time) // WINDOW_PS)
        require(not values or values[-1][1][series] == 0, counter, "does not end at 0")
        return total

    def well_formed(self):
        self.nothing_overlaps()
        self.counters_advance()
        self.arrows_meet()


def shape(value, key=""):
    """What the schema can tell apart: keys, types, signs, emptiness; phases and names' kinds."""
    if isinstance(value, dict):
        kind = value["name"] if value.get("ph") == "M" else ""
        return (kind,) + tuple((k, shape(v, k)) for k, v in value.items())
    if isinstance(value, list):
        return tuple(shape(v) for v in value)
    if isinstance(value, str):
        return value if key in ("ph", "bp") else ("text", bool(value))
    return type(value).__name__, value is not None and value < 0


def check_schema(file):
    import jsonschema
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "trace_event.schema.json")) as stream:
        schema = json.load(stream)
    validator = jsonschema.Draft7Validator(schema)
    jsonschema.Draft7Validator.check_schema(schema)
    document = json.load(open(file))
    # A validator in Python takes 0.1 ms an event: one of each shape.
    events = {shape(event): event for event in document["traceEvents"]}
    document["traceEvents"] = list(events.values())
    for error in validator.iter_errors(document):
        require(False, list(error.absolute_path), error.message[:300])
    spoiled = document["traceEvents"][-1]  # it would notice
    for key in ("ph", "pid", "ts"):
        kept = spoiled.pop(key)
        require(not validator.is_valid({"traceEvents": [spoiled]}), "the schema misses", key)
        spoiled[key] = kept


ENGINES = ("dma_in", "dma_out", "pe_grid", "vector_unit")


def check_commands(trace, statistics, mmio):
    retired = []
    for engine in ENGINES + ("control",):
        slices = trace.on("epochcore", engine)
        of_engine = [s for s in slices if s[2]["args"]["state"] == "retired"]
        retired += [(end, f"epochcore.{engine}", s["name"], s["args"]["sequence"],
                     s["args"]["context"], tuple(s["args"]["waits"]), tuple(s["args"]["signals"]))
                    for _, end, s in of_engine if engine != "control"]
        if engine != "control":
            wanted = statistics[f"epochcore.{engine}.commands"]
            require(len(slices) == wanted, engine, "has", len(slices), "slices for", wanted, "commands")
    count = len(retired) + len(trace.on("epochcore", "control"))
    require(count == statistics["epochcore.counters.commands"], count, "commands in all")
    require(len(trace.on("epochcore", "fetch")) == count, "fetches")
    require(sum(s["args"]["commands"] for _, _, s in trace.on("epochcore", "doorbells")) == count,
            "the doorbells' commands")
    require(len(trace.flows) == count, "arrows")
    require(Counter(retired) == Counter(retired_by(mmio)), "the register trace retires others")
    for engine, statistic in (("dma_in", "dma_read_bytes"), ("dma_out", "dma_write_bytes")):
        moved = sum(s["args"]["bytes"] for _, _, s in trace.on("epochcore", engine))
        require(moved == statistics["epochcore.counters." + statistic], engine, "moved", moved)


def retired_by(mmio):
    """Commands of the register trace, but for control's."""
    numbers = lambda text: tuple(int(n) for n in text.split("=")[1].split(","))
    for line in open(mmio):
        words = line.split()
        if words[1:3] != ["command", "retired"] or words[3].endswith(".control"):
            continue
        facts = {w.split("=")[0]: w for w in words[5:]}
        yield (int(words[0]), words[3], words[4], int(facts["sequence"].split("=")[1]),
               int(facts["context"].split("=")[1], 16),
               numbers(facts["waits"]) if "waits" in facts else (),
               numbers(facts["signals"]) if "signals" in facts else ())


def check_buses(trace, statistics):
    masters = ["cpu", "epochcore.dma", "epochcore.commands"]
    for master in masters:
        scope = f"interconnect.initiator.{master}."
        slices = trace.on("bus masters", master)
        wanted = sum(statistics[scope + what] for what in ("reads", "writes", "errors"))
        require(len(slices) == wanted, master, "has", len(slices), "transactions, not", wanted)
        for series in ("read", "write"):
            amount = trace.amount(("bus masters", f"{master} (bytes a us)"), series)
            require(amount == statistics[f"{scope}{series}_bytes"], master, series, amount)
    for bytes_of, series in (("dma_read_bytes", "read"), ("dma_write_bytes", "write")):
        amount = trace.amount(("bus masters", "epochcore.dma (bytes a us)"), series)
        require(amount == statistics["epochcore.counters." + bytes_of], "DMA", series, amount)


def check_time(trace, statistics):
    period = trace.about["simulated_us"] * PS / statistics["epochcore.counters.cycles"]
    percent = trace.amount(("epochcore", "array utilisation (%)"), "useful")
    useful = percent * WINDOW_PS / 100
    require(useful == statistics["epochcore.counters.cause_useful"] * round(period),
            "useful for", useful, "ps")
    cycles = Counter()
    for start, end, event in trace.on("epochcore", "array cycles"):
        cycles[event["name"]] += end - start
    for cause, ps in cycles.items():
        wanted = statistics[f"epochcore.counters.cause_{cause}"] * round(period)
        require(ps == wanted, cause, ps, "ps, not", wanted)
    asleep = sum(end - start for start, end, _ in trace.on("hart", "asleep"))
    require(asleep == round(statistics["cpu.wfi_time"] * 1000), "asleep for", asleep, "ps")
    port = sum(end - start for start, end, _ in trace.on("memories and devices", "dram port"))
    require(port == round(statistics["interconnect.target.dram.busy"] * 1000), "the port", port)


def check_hart(trace, statistics):
    slices = trace.on("hart", "functions")
    names = {event["name"] for _, _, event in slices}
    require("main" in names, "no main()")
    handlers = [event for _, _, event in slices if "interrupt" in event["args"]]
    require(len(handlers) == statistics["cpu.interrupts"], len(handlers), "interrupt handlers")
    lines = trace.on("interrupts", "plic.source_2")
    require(len(lines) == statistics["plic.source_2.claims"], len(lines), "interrupts raised")
    arrows = [points[-1] for points in trace.flows.values() if points[-1][2][0] == "interrupts"]
    require(len(arrows) == len(lines), len(arrows), "arrows to interrupts")


def check_run(file, statistics_file, mmio):
    trace = Trace(file)
    statistics = {s["name"]: s["value"] for s in json.load(open(statistics_file))["statistics"]}
    require(trace.about["dropped_events"] == 0, "a whole trace lacks something")
    trace.well_formed()
    check_commands(trace, statistics, mmio)
    check_buses(trace, statistics)
    check_time(trace, statistics)
    check_hart(trace, statistics)


def plain(trace):
    """What happened, without the lane that it was shown on."""
    found = Counter()
    for (group, name), slices in trace.slices.items():
        for start, end, event in slices:
            arguments = json.dumps(event["args"], default=str, sort_keys=True)
            found[group, name.split(" (")[0], start, end, event["name"], arguments] += 1
    return found


def check_cut(file, full_file, limit):
    trace, full = Trace(file), Trace(full_file)
    require(os.path.getsize(file) <= int(limit), "the file has", os.path.getsize(file), "bytes")
    require(os.path.getsize(file) > int(limit) // 3, "hardly anything is left")
    cut = picoseconds(trace.about["kept_from_us"])
    require(cut > 0 and trace.about["dropped_events"] > 0 and "left_out" in trace.about,
            "the trace does not say that it was cut")
    trace.well_formed()
    kept = Counter({what: n for what, n in plain(full).items() if what[3] > cut})
    require(plain(trace) == kept, "it is not the end of the whole trace")
    events = sum(plain(full).values()) + sum(len(c) for c in full.counters.values())
    left = sum(kept.values()) + sum(len(c) for c in trace.counters.values())
    require(events - left == trace.about["dropped_events"], events - left, "are missing")
    for counter, values in full.counters.items():
        before = [value for time, value in values if time <= cut]
        wanted = ([(cut, before[-1])] if before else []) + [v for v in values if v[0] > cut]
        require(trace.counters[counter] == wanted, counter, "differs behind the cut")


if __name__ == "__main__":
    {"schema": check_schema, "run": check_run, "cut": check_cut}[sys.argv[1]](*sys.argv[2:])
