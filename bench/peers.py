"""The processes of a benchmark: Spate's server with a client, Spark, DuckDB; and what they use, from /proc."""
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SPATE = os.environ.get("SPATE") or os.path.join(ROOT, "build", "spate")
OUT = os.path.join(ROOT, "build", "bench")
TICK = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    pass


def children(pid):
    found = [pid]
    for p in found:
        try:
            for task in os.listdir("/proc/%d/task" % p):
                with open("/proc/%d/task/%s/children" % (p, task)) as f:
                    found.extend(int(c) for c in f.read().split())
        except OSError:
            pass
    return list(dict.fromkeys(found))


def cpu_seconds(pids):
    """User and system time of the processes, of their living descendants and of the dead ones that were waited for."""
    total = 0
    for pid in {c for p in pids for c in children(p)}:
        try:
            with open("/proc/%d/stat" % pid) as f:
                fields = f.read().rsplit(")", 1)[1].split()
            total += sum(int(x) for x in fields[11:15])
        except OSError:
            pass
    return total / TICK


def memory_mb(pids, key):
    """VmHWM (the most so far) or VmRSS, over the processes and their descendants."""
    total = 0
    for pid in {c for p in pids for c in children(p)}:
        try:
            with open("/proc/%d/status" % pid) as f:
                total += sum(int(m) for m in re.findall(r"^%s:\s+(\d+) kB" % key, f.read(), re.M))
        except OSError:
            pass
    return total / 1024


def end(process, seconds=20):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Job:
    """A worker process that speaks the protocol of stream_job.py."""

    def __init__(self, python, script, *arguments, stdout=None, name=""):
        self.name = name
        ours, theirs = socket.socketpair()
        log = open(os.path.join(OUT, name + ".log"), "ab")
        self.process = subprocess.Popen([python, os.path.join(ROOT, "bench", script), str(theirs.fileno()), *arguments],
                                        pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, stdout=stdout or log,
                                        stderr=log, cwd=OUT)
        theirs.close()
        log.close()
        self.socket, self.stream = ours, ours.makefile("rw")
        self.version = self.read(120)["version"]

    def read(self, seconds):
        if not select.select([self.socket], [], [], seconds)[0]:
            raise Failed("%s did not answer in %d s" % (self.name, seconds))
        line = self.stream.readline()
        if not line:
            raise Failed("%s ended (build/bench/%s.log)" % (self.name, self.name))
        reply = json.loads(line)
        if "error" in reply:
            raise Failed("%s: %s" % (self.name, reply["error"]))
        return reply

    def ask(self, **request):
        self.stream.write(json.dumps(request) + "\n")
        self.stream.flush()
        return self.read(900)

    def close(self):
        self.stream.close()
        self.socket.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            end(self.process)


def start_server(*options, stdout=None):
    """(process, address, seconds from exec to the first connection that is accepted)"""
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    with open(os.path.join(OUT, "server.log"), "ab") as log:
        start = time.perf_counter()
        process = subprocess.Popen([SPATE, "server", "--port", str(port), *options], stdin=subprocess.DEVNULL,
                                   stdout=stdout or log, stderr=log, cwd=OUT, env=dict(os.environ, TZ="UTC"))
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process, "sc://localhost:%d" % port, time.perf_counter() - start
        except ConnectionRefusedError:
            if process.poll() is not None or time.perf_counter() - start > 20:
                end(process)
                raise Failed("spate server does not start (build/bench/server.log)") from None
            time.sleep(0.0002)


class Peer:
    """An engine that is ready for requests. pids: whose time and memory count, the client's included."""

    def __init__(self, name, stdout=None):
        self.name, self.server = name, None
        if name == "spate":
            self.server, address, _ = start_server(stdout=stdout)
            try:
                self.job = Job(sys.executable, "stream_job.py", address, name=name)
            except Failed:
                end(self.server)
                raise
        elif name == "spark":
            self.job = Job(os.environ["BENCH_PYTHON"], "stream_job.py", "spark", stdout=stdout, name=name)
        else:
            self.job = Job(os.environ["BENCH_PYTHON"], "duck_job.py", name=name)
        self.version = self.job.version
        self.pids = [self.job.process.pid] + ([self.server.pid] if self.server else [])
        self.engine = [self.server.pid] if self.server else [self.job.process.pid]

    def ask(self, **request):
        """The reply with the processor seconds it took."""
        before = cpu_seconds(self.pids)
        reply = self.job.ask(**request)
        reply["cpu"] = cpu_seconds(self.pids) - before
        return reply

    def close(self):
        self.job.close()
        if self.server:
            end(self.server)
