#!/usr/bin/env python3
"""The tests, as ./run test calls them: part after part, each with a time limit, the time it took and what it counted.

    ./run test [--full] [PART...]       all parts, or those named; --list names them

A part counts its tests; one that could not run, ran out of time or counted none is one failed test. The last line is
`N passed, N failed`; the exit code is 0 when nothing failed. Output of the parts: build/test/<part>.log. SPATE_SEED
repeats a run's seed (crash points, fuzzing).
"""
import glob
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = os.path.join(ROOT, "build", "test")
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed", re.M)
JOBS = os.cpu_count() or 2


class CouldNotRun(Exception):
    pass


class Part:
    """What a part may use: commands with the part's log and deadline, and its counts."""

    def __init__(self, name, deadline, full, seed):
        self.name, self.deadline, self.full, self.seed = name, deadline, full, seed
        self.passed = self.failed = 0
        self.problems = []
        self.log = open(os.path.join(LOGS, name + ".log"), "w+", encoding="utf-8", errors="replace")

    def left(self):
        return max(1.0, self.deadline - time.monotonic())

    def run(self, command, limit=None, env=None):
        """(exit code, output). The command's whole process group ends with it, or at the limit (exit code 124)."""
        seconds = min(self.left(), limit or 1e9)
        self.log.write("$ %s\n" % " ".join(command))
        self.log.flush()
        start = self.log.tell()
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                   env=dict(os.environ, TZ="UTC", **(env or {})), start_new_session=True)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = 124
        end_group(process)
        self.log.seek(0, os.SEEK_END)
        if code == 124:
            self.log.write("(ended after %.0f s)\n" % seconds)
        self.log.flush()
        with open(self.log.name, encoding="utf-8", errors="replace") as f:
            f.seek(start)
            return code, f.read()

    def count(self, name, passed, failed=0, why=""):
        self.passed += passed
        self.failed += failed
        if failed:
            self.problems.append(name + (" (%s)" % why if why else ""))

    def one(self, name, code, output):
        """Counts a program's result: its own last summary when it ended by itself, else one test."""
        summaries = SUMMARY.findall(output)
        why = {124: "out of time"}.get(code, "exit code %d" % code if code else "")
        if summaries and code in (0, 1):
            passed, failed = map(int, summaries[-1])
            self.count(name, passed, max(failed, 1 if code else 0), why)
        else:
            self.count(name, 0 if code else 1, 1 if code else 0, why)


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def build(part, tree, *targets, keep_going=False):
    code, output = part.run(["./run", "build", tree] + (["-k", "0"] if keep_going else []) + list(targets))
    if code and not keep_going:
        raise CouldNotRun("the build of %s failed" % tree if code != 124 else "the build of %s ran out of time" % tree)
    return code


def part_build(part):
    build(part, "release")
    if not os.path.exists(os.path.join(ROOT, "build", "spate")):
        raise CouldNotRun("no build/spate")
    part.count("build", 1)


def unit(part, tree):
    if build(part, tree, "unit_tests", keep_going=True):
        part.problems.append("some tests do not build")
    env = {"ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1", "UBSAN_OPTIONS": "print_stacktrace=1",
           "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1"}
    code, output = part.run(["ctest", "--test-dir", "build/" + tree, "-j", str(JOBS), "--output-on-failure"], env=env)
    total = re.search(r"(\d+) tests? failed out of (\d+)", output)
    if not total:
        raise CouldNotRun("ctest found no tests" if code == 0 else "ctest did not finish")
    failed, all_tests = int(total.group(1)), int(total.group(2))
    part.count("", all_tests - failed)
    for name in re.findall(r"^\s+\d+ - (\S+) \(", output, re.M):
        part.count(name, 0, 1)
    if part.failed < failed:
        part.count("unit", 0, failed - part.failed)


def part_unit(part):
    unit(part, "release")


def part_asan_unit(part):
    unit(part, "asan")


def part_tsan_unit(part):
    unit(part, "tsan")


def script(part, *names):
    for name in names:
        code, output = part.run([sys.executable, "tools/" + name])
        part.count(name + ": " + (output.strip().split("\n") or [""])[-1], 1 - bool(code), int(bool(code)))


def part_layers(part):
    script(part, "layers.py")


def part_style(part):
    script(part, "tidy.py")


class Server:
    """A real `spate server` on a port of its own choice."""

    def __init__(self, part, binary, env=None):
        self.part = part
        if not os.path.exists(os.path.join(ROOT, binary)):
            raise CouldNotRun("no " + binary)
        self.err = open(os.path.join(LOGS, part.name + ".server.log"), "w+", encoding="utf-8", errors="replace")
        self.folder = os.path.join(LOGS, part.name + ".cwd")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.process = subprocess.Popen([os.path.join(ROOT, binary), "server", "--port", "0"], cwd=self.folder,
                                        stdin=subprocess.DEVNULL, stdout=self.err, stderr=subprocess.STDOUT,
                                        env=dict(os.environ, TZ="UTC", **(env or {})), start_new_session=True)
        end = time.monotonic() + 20
        self.remote = None
        while self.remote is None and time.monotonic() < end and self.process.poll() is None:
            time.sleep(0.01)
            found = re.search(r"^spate: listening on (sc://\S+)$", self.text(), re.M)
            self.remote = found.group(1) if found else None
        if self.remote is None:
            code = self.process.poll()
            end_group(self.process)
            raise CouldNotRun("the server did not start%s %s" % (
                " in 20 s" if code is None else " (exit code %d)" % code, self.text().strip()[-200:]))

    def text(self):
        with open(self.err.name, encoding="utf-8", errors="replace") as f:
            return f.read()

    def stop(self):
        """Ends it by SIGTERM; that it drains, with exit code 0 and no sanitizer report, is a test too."""
        died = self.process.poll()
        if died is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                pass
        code = self.process.poll()
        end_group(self.process)
        bad = re.search(r"(ERROR: \w+Sanitizer.*|runtime error: .*|WARNING: ThreadSanitizer.*)", self.text())
        if died is not None:
            self.part.count("the server died while tests ran", 0, 1, "exit code %d" % died)
        elif code != 0:
            self.part.count("the server did not end well after SIGTERM", 0, 1, "exit code %s" % code)
        elif bad:
            self.part.count("the server: " + bad.group(1)[:150], 0, 1)
        else:
            self.part.count("drain", 1)


def cases():
    with open(os.path.join(ROOT, "tests", "oracle", "cases.txt"), encoding="utf-8") as f:
        lines = [line.split("#")[0].strip() for line in f]
    return [line + "*" for line in lines if line]


def conformance(part, binary, timeout, env=None):
    wanted = cases()
    server = Server(part, binary, env)
    try:
        code, output = part.run([sys.executable, "tests/oracle/runner.py", "--remote", server.remote, "--check",
                                 "--times", "--timeout", str(timeout), "--only", ",".join(wanted)])
        seen = re.findall(r"^(PASS|FAIL) (\S+)(.*)$", output, re.M)
        for result, name, rest in seen:
            part.count(name + rest[:160], result == "PASS", result == "FAIL")
        if len(seen) < len(wanted):
            part.count("%d cases did not run" % (len(wanted) - len(seen)), 0, len(wanted) - len(seen))
    finally:
        server.stop()


def part_conformance(part):
    conformance(part, "build/spate", 60)


def part_asan_conformance(part):
    build(part, "asan", "spate")
    env = {"ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
    conformance(part, "build/asan/spate", 120, env)


def part_behaviour(part):
    """tests/behaviour/*.sh and *.py: programs that use build/spate from outside; exit code 0 is a pass."""
    files = sorted(glob.glob(os.path.join(ROOT, "tests", "behaviour", "*.sh")) +
                   glob.glob(os.path.join(ROOT, "tests", "behaviour", "[!_]*.py")))
    env = {"SPATE": os.path.join(ROOT, "build", "spate"), "PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"}
    for path in files:
        name = os.path.basename(path)
        command = ["sh" if name.endswith(".sh") else sys.executable, path]
        part.one(name, *part.run(command, limit=180, env=env))


def part_fuzz(part):
    files = sorted(glob.glob(os.path.join(ROOT, "tests", "fuzz", "fuzz_*.c")))
    if not files:
        raise CouldNotRun("no tests/fuzz/fuzz_*.c")
    build(part, "fuzz", "fuzz_targets", keep_going=True)
    seconds = max(5, (200 if part.full else 90) // len(files))
    for path in files:
        target = os.path.basename(path)[:-2]
        name = target[len("fuzz_"):]
        corpus = os.path.join("build", "fuzz", "corpus", name)
        artifacts = os.path.join("build", "fuzz", "artifacts", name, "")
        for folder in (corpus, artifacts):
            os.makedirs(os.path.join(ROOT, folder), exist_ok=True)
        binary = os.path.join("build", "fuzz", "tests", target)
        if not os.path.exists(os.path.join(ROOT, binary)):
            part.count(target, 0, 1, "does not build")
            continue
        command = [binary, "-max_total_time=%d" % seconds, "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
                   "-seed=%d" % (part.seed % 2**31), "-artifact_prefix=" + artifacts, corpus]
        committed = os.path.join("tests", "fuzz", "corpus", name)
        if os.path.isdir(os.path.join(ROOT, committed)):
            command.append(committed)
        code, output = part.run(command, limit=seconds + 60)
        part.count(target, 1 - bool(code), int(bool(code)), "seed %d, input in %s" % (part.seed % 2**31, artifacts))


def part_crash(part):
    """tests/sim/sim_*: stops a run in the simulated world at sampled calls, restarts and compares."""
    build(part, "release", "sim_tests", keep_going=True)
    files = sorted(glob.glob(os.path.join(ROOT, "tests", "sim", "sim_*.c")))
    for path in files:
        name = os.path.basename(path)[:-2]
        binary = os.path.join("build", "release", "tests", name)
        if not os.path.exists(os.path.join(ROOT, binary)):
            part.count(name, 0, 1, "does not build")
            continue
        samples = "5000" if part.full else "500"
        code, output = part.run([binary, "--seed", str(part.seed), "--samples", samples], limit=600)
        part.one("%s --seed %d --samples %s" % (name, part.seed, samples), code, output)


def c_files():
    return sorted(glob.glob(os.path.join(ROOT, "src", "*", "*.c")))


def part_clang_tidy(part):
    files = c_files()
    if not files:
        raise CouldNotRun("no sources")
    build(part, "debug", "embed/spate_submit.inc", "sp_base")       # compile_commands.json, and what a source includes
    running, waiting = {}, list(reversed(files))
    while waiting or running:
        while waiting and len(running) < JOBS:
            path = waiting.pop()
            out = open(os.path.join(LOGS, "clang_tidy." + os.path.basename(path) + ".out"), "w+")
            running[path] = (out, subprocess.Popen(["clang-tidy-14", "--quiet", "-p", "build/debug", path], cwd=ROOT,
                                                   stdout=out, stderr=subprocess.DEVNULL))
        time.sleep(0.05)
        late = time.monotonic() > part.deadline
        for path, (out, process) in list(running.items()):
            if process.poll() is None and not late:
                continue
            process.kill()
            code = process.wait()
            out.seek(0)
            part.log.write(out.read())
            out.close()
            os.remove(out.name)
            del running[path]
            part.count(os.path.relpath(path, ROOT), 1 - bool(code), int(bool(code)), "out of time" if late else "")
        if late:
            part.count("%d files" % len(waiting), 0, len(waiting), "out of time")
            return


def part_format(part):
    script(part, "format.py")


# name, limit in seconds (test, --full), only in --full
PARTS = [
    ("build", part_build, 700, 700, False),
    ("layers", part_layers, 20, 20, False),
    ("style", part_style, 30, 30, False),
    ("unit", part_unit, 500, 500, False),
    ("conformance", part_conformance, 400, 400, False),
    ("behaviour", part_behaviour, 400, 500, False),
    ("crash", part_crash, 120, 400, False),
    ("fuzz", part_fuzz, 300, 900, False),
    ("format", part_format, 60, 60, True),
    ("clang_tidy", part_clang_tidy, 0, 900, True),
    ("asan_unit", part_asan_unit, 0, 900, True),
    ("asan_conformance", part_asan_conformance, 0, 600, True),
    ("tsan_unit", part_tsan_unit, 0, 900, True),
]


def run_part(name, function, limit, full, seed):
    start = time.monotonic()
    part = Part(name, start + limit, full, seed)
    try:
        function(part)
    except CouldNotRun as e:
        part.count(name, 0, 1, str(e))
    except Exception as e:      # noqa: a bug in here is a failed part, never a passed one
        part.count(name, 0, 1, "%s: %s" % (type(e).__name__, e))
    if part.passed + part.failed == 0:
        part.count(name, 0, 1, "no tests found")
    part.log.close()
    seconds = time.monotonic() - start
    print("%-18s %4d passed %4d failed %7.1f s" % (name, part.passed, part.failed, seconds), flush=True)
    for problem in part.problems[:40]:
        print("    FAIL " + problem)
    if part.problems:
        print("    see " + os.path.relpath(part.log.name, ROOT), flush=True)
    return part.passed, part.failed


def main():
    words = sys.argv[1:]
    full = "--full" in words
    named = [w for w in words if not w.startswith("-")]
    if "--list" in words:
        return print(*(p[0] for p in PARTS), sep="\n")
    unknown = set(named) - {p[0] for p in PARTS}
    if unknown or any(w.startswith("-") and w != "--full" for w in words):
        sys.exit(__doc__)
    os.makedirs(LOGS, exist_ok=True)
    seed = int(os.environ.get("SPATE_SEED") or secrets.randbelow(10**9))
    print("seed %d (SPATE_SEED=%d repeats it)" % (seed, seed), flush=True)
    end = time.monotonic() + (3540 if full else 1180)
    passed = failed = 0
    for name, function, limit, full_limit, only_full in PARTS:
        if (name not in named) if named else (only_full and not full):
            continue
        limit = full_limit if full or only_full else limit
        p, f = run_part(name, function, min(limit, max(1.0, end - time.monotonic())), full, seed)
        passed, failed = passed + p, failed + f
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
