#!/usr/bin/env python3
"""./run bench: Spate and its peers side by side in one run, interleaved, warm and cold.

    ./run bench [WORKLOAD...] [--no-spark] [--no-duckdb] [--quick] [--passes N] [--lines N] [--seconds S]

WORKLOAD: w1 word count, w2 Yahoo benchmark, w7 latency, w8 tiny batches, w9 start-up; all when none is named.
--quick is for trying things out: inputs so small that its figures say nothing. --lines: the input of W1 and W2,
--seconds: how long W7 and Spark's W8 run. Peers: Spark (classic, local[2], 2 shuffle partitions, 4 GB heap), DuckDB
(a batch of the same query). Inputs: bench/generate.c, seed 1. Prints a table; figures go to build/bench/<time>.json.

A pass is from start() to the query's end (availableNow, checkpoint on, noop sink). Cold is the first pass, warm the
median of the third and later. A last pass goes into the memory sink, and all peers' answers are compared.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

import peers
import startup
from peers import OUT, ROOT, Failed, Peer

DATA = os.path.join(OUT, "data")
SEED = 1
LINES = {"w1": 12_000_000, "w2": 13_000_000}       # Spark's warm pass lasts 20 s or more


class Report:
    """Rows of the table: what, the peers' figures, the ratio and the target."""

    def __init__(self):
        self.rows, self.problems, self.detail = [], [], {}

    def add(self, what, unit, spate, spark=None, cold=None, duckdb=None, target=None, reached=None):
        self.rows.append({"what": what, "unit": unit, "spate": spate, "spark_warm": spark, "spark_cold": cold,
                          "duckdb": duckdb, "target": target, "reached": reached})

    def problem(self, text):
        print("  ! " + text, flush=True)
        self.problems.append(text)

    def print(self):
        head = ("", "Spate", "Spark warm", "Spark cold", "DuckDB", "x Spark", "target", "")
        table = [head]
        for r in self.rows:
            ratio = r["spate"] / r["spark_warm"] if r["spate"] and r["spark_warm"] else None
            if ratio and r["unit"] in ("ms", "MB"):
                ratio = 1 / ratio
            table.append(("%s, %s" % (r["what"], r["unit"]), *(figure(r[k]) for k in (
                "spate", "spark_warm", "spark_cold", "duckdb")), figure(ratio), r["target"] or "",
                "" if r["reached"] is None else "reached" if r["reached"] else "NOT reached"))
        widths = [max(len(row[i]) for row in table) for i in range(len(head))]
        print()
        for row in table:
            print("  ".join(cell.ljust(w) if i in (0, 6, 7) else cell.rjust(w)
                            for i, (cell, w) in enumerate(zip(row, widths))).rstrip())
        for text in self.problems:
            print("! " + text)


def figure(x):
    if x is None:
        return ""
    return "%.0f" % x if x >= 1000 else "%.3g" % x


def say(text):
    print(text, flush=True)


def tool(name, *libraries):
    """bench/NAME.c, compiled."""
    source, binary = os.path.join(ROOT, "bench", name + ".c"), os.path.join(OUT, name)
    if not os.path.exists(binary) or os.path.getmtime(binary) < os.path.getmtime(source):
        subprocess.run(["cc", "-std=gnu17", "-O2", "-o", binary, source, *libraries], check=True)
    return binary


def fresh(*parts):
    folder = os.path.join(OUT, *parts)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def make_input(workload, lines):
    """The folder of the input, in the page cache."""
    kind = {"w1": "words", "w2": "events"}[workload]
    folder = os.path.join(DATA, "%s-%d" % (kind, lines), kind)
    if not os.path.exists(folder + ".done"):
        say("  generating %d lines, seed %d" % (lines, SEED))
        shutil.rmtree(os.path.dirname(folder), ignore_errors=True)
        os.makedirs(folder)
        subprocess.run([tool("generate", "-lm"), kind, str(SEED), str(lines), "16", folder], check=True)
        open(folder + ".done", "w").close()
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb", buffering=0) as f:
            while f.read(1 << 24):
                pass
    return folder


# ---- W1, W2: throughput ----

def one_pass(peer, workload, folder, sink):
    request = {"workload": workload, "input": folder, "sink": sink, "checkpoint": fresh("ck", peer.name),
               "ads": os.path.join(os.path.dirname(folder), "ads.csv")}
    reply = peer.ask(run="throughput", **request)
    shutil.rmtree(request["checkpoint"], ignore_errors=True)
    return reply


def throughput(report, options, workload, title):
    lines = options.lines or (100_000 if options.quick else LINES[workload])
    say("%s: %s, %d lines" % (workload, title, lines))
    folder = make_input(workload, lines)
    names = ["spate"] + ["spark"] * options.spark + ["duckdb"] * options.duckdb
    running, passes, digests, peak = {}, {n: [] for n in names}, {}, {}
    try:
        for n in names:
            running[n] = Peer(n)
        for i in range(options.passes + 1):
            sink = "noop" if i < options.passes else "memory"
            for n, peer in list(running.items()):
                try:
                    reply = one_pass(peer, workload, folder, sink)
                except Failed as e:
                    report.problem("%s: %s" % (workload, e))
                    running.pop(n).close()
                    continue
                if sink == "memory":
                    digests[n] = reply["digest"]
                    continue
                passes[n].append(reply)
                peak[n] = peers.memory_mb(peer.engine, "VmHWM")
                say("  pass %d %-6s %7.2f s  %9.0f rows/s  %6.2f CPU s" % (i + 1, n, reply["seconds"],
                                                                           lines / reply["seconds"], reply["cpu"]))
    finally:
        for peer in running.values():
            peer.close()
    counted = {p["rows"] for n in passes for p in passes[n] if "rows" in p}      # W2: what its pushed filter lets through
    if len(counted) > 1 or (workload == "w1" and counted - {lines}):
        report.problem("%s: not all rows were read: %s of %d" % (workload, sorted(counted), lines))
    if len(set(digests.values())) > 1:
        report.problem("%s: the answers differ: %s" % (workload, digests))
    report.detail[workload] = {"lines": lines, "passes": passes, "peak_mb": peak, "digests": digests}
    summarize(report, workload, title, lines, passes, peak, len(set(digests.values())) == 1)


def summarize(report, workload, title, lines, passes, peak, same):
    def warm(n, f):
        values = [f(p) for p in passes.get(n, [])[2:]] or [f(p) for p in passes.get(n, [])[-1:]]
        return statistics.median(values) if values else None

    def cold(n, f):
        return f(passes[n][0]) if passes.get(n) else None

    def rate(p):
        return lines / p["seconds"]

    def a_cpu_second(p):
        return lines / p["cpu"] if p["cpu"] else 0.0

    spate, spark, duck = (warm(n, rate) for n in ("spate", "spark", "duckdb"))
    times, level = {"w1": (5, 1.0), "w2": (10, 0.95)}[workload]
    reached = None
    if spate and (spark or duck):
        reached = same and (not spark or spate >= times * spark) and (not duck or spate >= level * duck)
    name = "%s %s" % (workload.upper(), title)
    report.add(name, "rows/s", spate, spark, cold("spark", rate), duck,
               "%d x Spark, %s DuckDB" % (times, "ahead of" if level == 1 else "level with"), reached)
    report.add(name, "rows a CPU s", *(warm(n, a_cpu_second) for n in ("spate", "spark")), cold("spark", a_cpu_second),
               warm("duckdb", a_cpu_second))
    report.add(name + ", first pass", "rows/s", cold("spate", rate), cold("spark", rate), None, cold("duckdb", rate))
    report.add(name, "MB", peak.get("spate"), peak.get("spark"), None, peak.get("duckdb"))
    slow = warm("spark", lambda p: p["seconds"])
    if slow and slow < 20 and not sys.argv.count("--quick"):
        report.problem("%s: Spark's warm pass lasted %.0f s, less than 20; try --lines %d" % (
            workload, slow, lines * 22 / slow))


# ---- W7: latency ----

def one_latency(name, kind, options):
    warmup, seconds = (1, 3) if options.quick else (10, options.seconds or 60)
    checkpoint = fresh("ck", name)
    commits = os.path.join(checkpoint, "commits")
    os.mkdir(commits)
    source = subprocess.Popen([tool("latency", "-pthread"), kind, "1000", str(warmup), str(seconds), "100", commits],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    peer = None
    try:
        port = int(source.stdout.readline().split()[1])
        peer = Peer(name, stdout=source.stdin)
        peer.ask(run="latency", kind=kind, port=port, checkpoint=checkpoint)
        line = source.stdout.readline()
        errors = peer.ask(run="stop")["errors"]
        if not line or errors:
            raise Failed("%s %s: %s" % (name, kind, errors or "the source ended"))
        return json.loads(line)
    finally:
        source.kill()
        source.wait()
        if peer:
            peer.close()


def latency(report, options):
    for kind in ("map", "count"):
        say("w7: latency at 1,000 events/s from a socket, " + kind)
        found = {}
        for name in ["spate"] + ["spark"] * options.spark:
            try:
                found[name] = one_latency(name, kind, options)
                say("  %-6s %s" % (name, json.dumps(found[name])))
                if found[name]["missing"]:
                    report.problem("w7 %s: %s never showed %d events" % (kind, name, found[name]["missing"]))
            except Failed as e:
                report.problem("w7 %s: %s" % (kind, e))
        report.detail["w7 " + kind] = found
        for p in ("p50_ms", "p99_ms"):
            spate, spark = (found.get(n, {}).get(p) for n in ("spate", "spark"))
            report.add("W7 %s %s" % (kind, p[:3]), "ms", spate, spark, target="under 5 ms" if p == "p99_ms" else None,
                       reached=None if spate is None or p != "p99_ms" else 0 <= spate < 5)


# ---- W8: tiny batches ----

VARIANTS = (    # title, stateful, partitions, durability, files seen before, target over Spark's stateful rate
    ("stateless", False, 2, "rename", 0, None),
    ("count, 2 partitions", True, 2, "rename", 0, 100),
    ("count, 200 partitions", True, 200, "rename", 0, None),
    ("count, 2 partitions, power loss", True, 2, "power", 0, 50),
    ("count, 2 partitions, 100,000 seen files", True, 2, "rename", 100_000, None),
)


def tiny_files(folder, count, start=0):
    for i in range(start, start + count):
        with open(os.path.join(folder, "f%07d.txt" % i), "w") as f:
            f.write("key%d\n" % (i % 100))
    return folder


def one_rate(name, options, stateful, partitions, durability, seen):
    seconds = 2 if options.quick else options.seconds or (15 if name == "spark" else 10)
    seen = seen // 100 if options.quick else seen
    files = (20 if options.quick else 200) if name == "spark" else (100 if options.quick else 10_000)
    folder = tiny_files(fresh("tiny"), seen or files)
    then = [("g%07d.txt" % i, "key%d\n" % (i % 100)) for i in range(files)] if seen else []
    peer = Peer(name)
    try:
        reply = peer.ask(run="batches", input=folder, checkpoint=fresh("ck", name), stateful=stateful, files=files, then=then,
                         partitions=partitions, durability="spark" if name == "spark" else durability, seconds=seconds,
                         seen=seen)
    finally:
        peer.close()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(os.path.join(OUT, "ck"), ignore_errors=True)
    reply["per_s"] = reply["batches"] / reply["seconds"] if reply["seconds"] else 0.0
    return reply


def tiny(report, options):
    base = None
    for title, stateful, partitions, durability, seen, times in VARIANTS:
        say("w8: one tiny file a batch, " + title)
        found = {}
        for name in ["spate"] + ["spark"] * (options.spark and durability == "rename"):
            try:
                found[name] = one_rate(name, options, stateful, partitions, durability, seen)
                say("  %-6s %8.1f batches/s (%d in %.1f s)" % (name, found[name]["per_s"], found[name]["batches"],
                                                               found[name]["seconds"]))
            except Failed as e:
                report.problem("w8 %s: %s" % (title, e))
        report.detail["w8 " + title] = found
        spate, spark = (found.get(n, {}).get("per_s") for n in ("spate", "spark"))
        if stateful and partitions == 2 and not seen and spark:
            base = spark
        reached = spate >= times * base if times and base and spate is not None else None
        report.add("W8 " + title, "batches/s", spate, spark if spark else base if durability == "power" else None,
                   target="%d x Spark's count" % times if times else None, reached=reached)


WORKLOADS = {"w1": lambda r, o: throughput(r, o, "w1", "word count"), "w2": lambda r, o: throughput(r, o, "w2", "Yahoo"),
             "w7": latency, "w8": tiny, "w9": startup.measure}


def read_options():
    p = argparse.ArgumentParser(usage=__doc__.split("\n\n", 1)[1])
    p.add_argument("workloads", nargs="*")
    p.add_argument("--no-spark", dest="spark", action="store_false")
    p.add_argument("--no-duckdb", dest="duckdb", action="store_false")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--passes", type=int)
    p.add_argument("--lines", type=int)
    p.add_argument("--seconds", type=float)
    options = p.parse_args()
    options.passes = options.passes or (2 if options.quick else 5)
    unknown = set(options.workloads) - set(WORKLOADS)
    if unknown:
        sys.exit("bench: no workload named %s" % ", ".join(sorted(unknown)))
    if (options.spark or options.duckdb) and not os.environ.get("BENCH_PYTHON"):
        sys.exit("bench: BENCH_PYTHON names no Python with the peers; call it as ./run bench")
    return options


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), "?")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "commit": commit, "time": time.strftime("%Y-%m-%dT%H:%M:%S"),
            "load": os.getloadavg()[0]}


def main():
    options = read_options()
    os.makedirs(DATA, exist_ok=True)
    report, facts = Report(), machine()
    say("%(cpu)s, %(cores)d cores, load %(load).1f, commit %(commit)s" % facts)
    for name in options.workloads or WORKLOADS:
        try:
            WORKLOADS[name](report, options)
        except Failed as e:
            report.problem("%s: %s" % (name, e))
    report.print()
    path = os.path.join(OUT, facts["time"].replace(":", "") + ".json")
    with open(path, "w") as f:
        json.dump({"machine": facts, "options": vars(options), "rows": report.rows, "problems": report.problems,
                   "detail": report.detail}, f, indent=1)
    say("\nfigures: " + os.path.relpath(path, ROOT))
    sys.exit(1 if report.problems else 0)


if __name__ == "__main__":
    main()
