#!/usr/bin/env python3
"""./run demo: two PySpark programs on Spate, fed while one looks on. About 15 seconds.

    python/demo.py [--seconds N]        N: how long each program runs (6)

The programs are examples/python/*.py, run by `spate submit` as a user would run them; the tables are their console sink.
Each is ended with Ctrl-C's signal. The exit code is 0 when both printed tables and ended well.
"""
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SPATE = os.environ.get("SPATE") or os.path.join(ROOT, "build", "spate")
SENTENCES = ("the stream never ends", "a stream of words is counted as it flows", "spate means a river in flood",
             "the river flows and the words flow", "every batch takes a millisecond or two", "the words never end")
PAGES = ("home", "search", "cart")


class Words(threading.Thread):
    """A text server: one sentence every interval to whoever is connected."""

    def __init__(self, interval):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.interval, self.over = interval, threading.Event()

    def run(self):
        client, _ = self.listener.accept()
        with client:
            i = 0
            while not self.over.wait(self.interval if i else 0):
                try:
                    client.sendall((SENTENCES[i % len(SENTENCES)] + "\n").encode())
                except OSError:
                    return
                i += 1


class Files(threading.Thread):
    """Writes a JSON file of page views into a folder every interval, each with the next 10 seconds of event time."""

    def __init__(self, folder, interval):
        super().__init__(daemon=True)
        self.folder, self.interval, self.over = folder, interval, threading.Event()
        self.random = random.Random(7)

    def run(self):
        i, start = 0, 1714564800
        while not self.over.wait(self.interval if i else 0):
            rows = [{"ts": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start + 10 * i + self.random.randrange(10))),
                     "page": self.random.choice(PAGES)} for _ in range(self.random.randint(4, 9))]
            hidden = os.path.join(self.folder, ".views-%03d.json" % i)
            with open(hidden, "w") as f:
                f.writelines(json.dumps(row) + "\n" for row in rows)
            os.rename(hidden, os.path.join(self.folder, "views-%03d.json" % i))
            i += 1


def show(title, arguments, feeder, seconds):
    """Runs one program for so long after its first table; how many tables it printed, and whether it ended well."""
    print("\n== %s\n$ build/spate submit %s\n" % (title, " ".join(arguments)), flush=True)
    environment = dict(os.environ, PYSPARK_PYTHON=os.environ.get("PYSPARK_PYTHON") or sys.executable)
    process = subprocess.Popen([SPATE, "submit", *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    tables, started = 0, time.monotonic()
    alarm = threading.Timer(seconds + 10, process.send_signal, (signal.SIGINT,))
    alarm.daemon = True
    alarm.start()
    feeder.start()
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        if line.startswith("Batch: "):
            tables += 1
            if tables == 1:
                first = time.monotonic() - started
                stop = threading.Timer(seconds, process.send_signal, (signal.SIGINT,))
                stop.daemon = True
                stop.start()
    feeder.over.set()
    code = process.wait()
    alarm.cancel()
    if tables == 0 or code != 130:
        print("demo: %d tables, exit code %d" % (tables, code), file=sys.stderr)
        return False
    print("-- %d tables; the first %.2f s after the command, PySpark's own import included" % (tables, first), flush=True)
    return True


def main():
    seconds = float(sys.argv[sys.argv.index("--seconds") + 1]) if "--seconds" in sys.argv else 6.0
    words = Words(seconds / 5)
    ok = show("Words from a socket, counted as they come",
              ["examples/python/socket_word_count.py", "localhost", str(words.port)], words, seconds)
    with tempfile.TemporaryDirectory(prefix="spate-demo-") as folder:
        ok = show("Page views per 10 seconds of event time, from JSON files as they arrive",
                  ["--conf", "spark.sql.streaming.noDataMicroBatches.enabled=false",
                   "examples/python/json_windows.py", folder], Files(folder, seconds / 5), seconds) and ok
    if not ok:
        sys.exit("demo: something went wrong")
    print("\nNext, a program of your own:\n    . build/venv/bin/activate && build/spate submit APP.py", flush=True)


if __name__ == "__main__":
    main()
