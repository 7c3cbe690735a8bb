#!/usr/bin/env python3
"""./run soak -- long runs: every crash point, hundreds of kills, hours of load if asked, thousands of starts and stops.

    ./run soak [--quick] [--seed N] [--kills N] [--minutes M] [--queries N] [--sessions N] [--only PART,PART...]

Parts: sim (every crash point and 200,000 pairs of them in the simulated world, tests/sim), kill (a real server under load,
`kill -9`, exactly once; half of the kills with each durability), steady (memory, threads and descriptors under load),
queries and sessions (what starts and stops leave behind), clients (many at once). --quick takes about a minute.
Figures, then `N passed, N failed`; exit code 0 when nothing failed.
"""
import argparse
import glob
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "lib")]
import kills        # noqa: E402
import live         # noqa: E402
import load         # noqa: E402

PARTS = ["sim", "kill", "steady", "queries", "sessions", "clients"]


def simulated(tally, seed, quick):
    """tests/sim/sim_*: with that many samples every single crash point, and pairs of them for minutes."""
    sources = sorted(glob.glob(os.path.join(live.ROOT, "tests", "sim", "sim_*.c")))
    tally.check(sources, "the crash sweeps are there", "no tests/sim/sim_*.c")
    if not sources:
        return
    build = subprocess.run([os.path.join(live.ROOT, "run"), "build", "release", "sim_tests"], capture_output=True, text=True)
    tally.check(build.returncode == 0, "the crash sweeps build", build.stdout[-500:])
    for path in sources:
        name = os.path.basename(path)[:-2]
        binary = os.path.join(live.ROOT, "build", "release", "tests", name)
        if not tally.check(os.path.exists(binary), name, "not built"):
            continue
        began = time.monotonic()
        done = subprocess.run([binary, "--seed", str(seed), "--samples", "2000" if quick else "400000"], capture_output=True, text=True)
        lines = (done.stdout + done.stderr).strip().split("\n")
        found = re.search(r"^(\d+) passed, (\d+) failed", done.stdout, re.M)
        if found:
            tally.passed += int(found.group(1))
            tally.failed += int(found.group(2))
            if int(found.group(2)):
                print("FAIL %s --seed %d: %s" % (name, seed, " | ".join(lines[-6:])))
        if not found or (done.returncode and not int(found.group(2))):
            tally.check(False, name, "exit code %d: %s" % (done.returncode, " | ".join(lines[-3:])))
        print("  %s: %s in %.1f s" % (name, lines[-1][:150], time.monotonic() - began), flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="about a minute")
    options.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    options.add_argument("--kills", type=int, help="kills in all (200; quick 20)")
    options.add_argument("--minutes", type=float, help="of steady load (5; quick 0.25)")
    options.add_argument("--queries", type=int, help="starts and stops (500; quick 100)")
    options.add_argument("--sessions", type=int, help="clients, one after the other (200; quick 50)")
    options.add_argument("--only", default=",".join(PARTS), help="parts, with commas between")
    a = options.parse_args()
    only = a.only.split(",")
    if set(only) - set(PARTS):
        options.error("parts are " + ", ".join(PARTS))

    def choose(value, long, quick):
        return value if value is not None else quick if a.quick else long

    print("soak: seed %d" % a.seed, flush=True)
    tally = live.Tally()
    folder = tempfile.mkdtemp(prefix="spate-soak-")
    began = time.monotonic()
    number = choose(a.kills, 200, 20)
    if "sim" in only:
        tally.run("sim", simulated, tally, a.seed, a.quick)
    if "kill" in only:
        tally.run("kill", kills.run, tally, folder, (number + 1) // 2, a.seed, "rename")
        tally.run("kill", kills.run, tally, folder, number // 2, a.seed, "power")
    if "steady" in only:
        tally.run("steady", load.steady, tally, folder, choose(a.minutes, 5.0, 0.25), a.seed)
    if "queries" in only:
        tally.run("queries", load.repeated, tally, folder, "queries", choose(a.queries, 500, 100), load.one_query)
    if "sessions" in only:
        tally.run("sessions", load.repeated, tally, folder, "client sessions", choose(a.sessions, 200, 50), load.one_session)
    if "clients" in only:
        tally.run("clients", load.many_threads, tally, folder, 8)
    if tally.failed:
        print("files are left in " + folder)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    print("soak: seed %d, %.0f s" % (a.seed, time.monotonic() - began))
    tally.end()


if __name__ == "__main__":
    main()
