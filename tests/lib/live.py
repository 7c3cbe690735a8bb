"""live.py -- a real `spate server` and real PySpark clients, for the soak and the behaviour tests in Python.

Server starts and ends the program named by $SPATE (else build/spate); sample() reads its memory, threads and descriptors
from /proc. session() is a plain Connect client that gives up at once when its server dies. Tally counts results and ends
with `N passed, N failed`. log_files() reads a file sink's _spark_metadata by itself, without Spate, as Spark's readers do.
"""
import atexit
import json
import logging
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import warnings

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SPATE = os.environ.get("SPATE") or os.path.join(ROOT, "build", "spate")
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
os.environ["TZ"] = "UTC"
time.tzset()


class Server:
    """A server on a port of its own choice, with a folder of its own for its output."""

    def __init__(self, folder, *args, port=0, wait=True, user=None):
        fd, self.log = tempfile.mkstemp(suffix=".server.log", dir=folder)
        self.process = subprocess.Popen([SPATE, "server", "--port", str(port), *args], cwd=folder, stdin=subprocess.DEVNULL,
                                        stdout=fd, stderr=fd, start_new_session=True, user=user)
        os.close(fd)
        self.pid = self.process.pid
        atexit.register(self.process.kill)      # without effect on a process that has been waited for
        self.remote = None
        end = time.monotonic() + 20
        while wait and self.remote is None:
            found = re.search(r"^spate: listening on (sc://\S+)$", self.text(), re.M)
            self.remote = found.group(1) if found else None
            if self.remote is None and (self.process.poll() is not None or time.monotonic() > end):
                self.kill()
                raise RuntimeError("the server did not start: " + self.text()[-300:])
            time.sleep(0.001)

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        """kill -9."""
        self.process.kill()
        return self.process.wait()

    def stop(self, seconds=15):
        """SIGTERM; the exit code, or None when it had to be killed."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def sample(self):
        """(resident kB, threads, descriptors)."""
        with open("/proc/%d/status" % self.pid) as f:
            status = dict(line.split(":", 1) for line in f)
        return (int(status["VmRSS"].split()[0]), int(status["Threads"]), len(os.listdir("/proc/%d/fd" % self.pid)))

    def limit_files(self, size):
        """Files may not grow beyond size bytes from now on (None: as far as they like): a full disk for everybody."""
        hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


def session(remote, **conf):
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.client.retries import RetryPolicy
    from pyspark.sql.connect.session import SparkSession as Connect
    Connect._default_session = Connect._active_session.session = None       # the newest is the active one, not the first
    spark = SparkSession.builder.remote(remote).create()
    spark.client.set_retry_policies([RetryPolicy()])        # the base class retries nothing
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    for key, value in conf.items():
        spark.conf.set(key.replace("__", "."), value)
    return spark


def abandon(spark):
    """Ends the client of a server that has died, without a word to it."""
    try:
        spark.client._channel.close()
    except Exception:           # noqa
        pass


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, name, why=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print("FAIL %s%s" % (name, ": %s" % (why,) if why != "" else ""), flush=True)
        return bool(good)

    def equal(self, got, want, name):
        return self.check(got == want, name, "want %s got %s" % (str(want)[:400], str(got)[:400]))

    def run(self, name, function, *args):
        """A test that may raise; whatever it raises is one failure."""
        try:
            function(*args)
        except Exception as e:      # noqa
            self.check(False, name, "%s: %s" % (type(e).__name__, str(e).strip().split("JVM stacktrace")[0][:600]))

    def end(self):
        print("%d passed, %d failed" % (self.passed, self.failed), flush=True)
        sys.exit(1 if self.failed else 0)


def error_of(function):
    """(class, condition, sqlState, first line) of what function raises, or None."""
    try:
        function()
    except Exception as e:      # noqa
        def ask(name):
            try:
                return getattr(e, name)() if hasattr(e, name) else None
            except Exception:   # noqa
                return None
        return type(e).__name__, ask("getCondition"), ask("getSqlState"), (str(e).strip().split("\n") or [""])[0]
    return None


def put(folder, name, rows, mtime=None):
    """A file of JSON lines (or of the text rows) that appears at once."""
    text = rows if isinstance(rows, str) else "".join(json.dumps(r) + "\n" for r in rows)
    hidden = os.path.join(folder, "." + name)
    with open(hidden, "w") as f:
        f.write(text)
    if mtime is not None:
        os.utime(hidden, (mtime, mtime))
    os.rename(hidden, os.path.join(folder, name))


def log_names(folder):
    """The numbers of a log folder, compactions included."""
    if not os.path.isdir(folder):
        return []
    return sorted({int(n.split(".")[0]) for n in os.listdir(folder) if re.fullmatch(r"\d+(\.compact)?", n)})


def log_files(out):
    """Paths of the files that OUT/_spark_metadata makes visible."""
    log = os.path.join(out, "_spark_metadata")
    numbers = log_names(log)
    compact = [n for n in numbers if os.path.exists(os.path.join(log, "%d.compact" % n))]
    start = compact[-1] if compact else -1
    names = ["%d.compact" % start] if compact else []
    names += ["%d" % n for n in numbers if n > start]
    files = []
    for name in names:
        with open(os.path.join(log, name)) as f:
            lines = f.read().split("\n")
        if lines[0] != "v1":
            raise ValueError("%s/%s begins with %r" % (log, name, lines[0]))
        for line in lines[1:]:
            entry = json.loads(line)
            if entry["action"] == "add":
                files.append(urllib.parse.unquote(urllib.parse.urlparse(entry["path"]).path))
    return files


def sink_rows(out):
    """The rows of a JSON file sink, by its own log."""
    rows = []
    for path in log_files(out):
        with open(path) as f:
            rows += [json.loads(line) for line in f if line.strip()]
    return rows


def wait(condition, seconds=20, every=0.01):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(every)
    return bool(condition())
