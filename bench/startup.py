"""W9: how long until things are there. The server's first accepted connection, the first batch on a cold server, the
first table of `spate submit` over importing PySpark's client alone; memory when idle."""
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time

import peers
from peers import OUT, ROOT, SPATE, Failed, Job, Peer, end, start_server

TEN_LINES = ["to be or not to be that is the question", "whether it is nobler in the mind to suffer",
             "the slings and arrows of outrageous fortune", "or to take arms against a sea of troubles",
             "and by opposing end them to die to sleep", "no more and by a sleep to say we end",
             "the heartache and the thousand natural shocks", "that flesh is heir to it is a consummation",
             "devoutly to be wished to die to sleep", "to sleep perchance to dream ay there is the rub"]
CLIENT_ALONE = """
from pyspark.sql import SparkSession
from pyspark.sql.functions import explode, split
import pyspark.sql.connect.session
print("imported", flush=True)
"""
FIRST_TABLE = """
import sys
from pyspark.sql import SparkSession
from pyspark.sql.functions import explode, split
spark = SparkSession.builder.appName("first").master("local[2]").getOrCreate()
lines = spark.readStream.text(sys.argv[1])
counts = lines.select(explode(split("value", " ")).alias("word")).groupBy("word").count()
query = counts.writeStream.outputMode("complete").format("console").trigger(availableNow=True).start()
query.awaitTermination()
spark.stop()
"""


class Watch(threading.Thread):
    """Reads a pipe and notes when a line that starts with a word came, on the monotonic clock."""

    def __init__(self, word):
        super().__init__(daemon=True)
        read, self.write = os.pipe()
        self.pipe, self.word, self.seen_ns, self.seen = os.fdopen(read, "rb"), word, None, threading.Event()
        self.start()

    def run(self):
        with self.pipe:
            for line in self.pipe:
                if not self.seen.is_set() and line.startswith(self.word):
                    self.seen_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
                    self.seen.set()


def median_ms(seconds):
    return statistics.median(seconds) * 1000


def ten_lines():
    folder = os.path.join(OUT, "ten")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with open(os.path.join(folder, "lines.txt"), "w") as f:
        f.write("\n".join(TEN_LINES) + "\n")
    return folder


def accept_times(count):
    seconds, idle = [], []
    for _ in range(count):
        server, _, took = start_server()
        seconds.append(took)
        time.sleep(0.3)
        idle.append(peers.memory_mb([server.pid], "VmRSS"))
        end(server)
    return seconds, idle


def first_batches(folder, count):
    """From asking start() of a server that has done nothing yet, until the table's first row is read."""
    seconds = []
    for i in range(count):
        watch = Watch(b"|")
        server, address, _ = start_server(stdout=watch.write)
        os.close(watch.write)
        job = None
        try:
            job = Job(sys.executable, "stream_job.py", address, name="spate")
            checkpoint = os.path.join(OUT, "ck-first")
            shutil.rmtree(checkpoint, ignore_errors=True)
            asked = job.ask(run="first_rows", input=folder, checkpoint=checkpoint)["asked_ns"]
            if not watch.seen.wait(20):
                raise Failed("w9: no first batch in 20 s")
            seconds.append((watch.seen_ns - asked) / 1e9)
            job.ask(run="stop")
        finally:
            if job:
                job.close()
            end(server)
    return seconds


def run_until(command, word):
    """Seconds from the start of a command until it prints a line that starts with a word; it must end well."""
    watch = Watch(word)
    with open(os.path.join(OUT, "startup.log"), "ab") as log:
        start = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        process = subprocess.Popen(command, stdout=watch.write, stderr=log, stdin=subprocess.DEVNULL, cwd=OUT,
                                   env=dict(os.environ, PYSPARK_PYTHON=sys.executable))
    os.close(watch.write)
    try:
        code = process.wait(60)
    except subprocess.TimeoutExpired:
        end(process)
        code = "out of time"
    watch.join(5)
    if code != 0 or not watch.seen.is_set():
        raise Failed("w9: %s: exit code %s (build/bench/startup.log)" % (" ".join(command[:2]), code))
    return (watch.seen_ns - start) / 1e9


def scripts():
    for name, text in (("client_alone.py", CLIENT_ALONE), ("first_table.py", FIRST_TABLE)):
        with open(os.path.join(OUT, name), "w") as f:
            f.write(text)
    return os.path.join(OUT, "client_alone.py"), os.path.join(OUT, "first_table.py")


def measure(report, options):
    count = 3 if options.quick else 11
    print("w9: start-up", flush=True)
    folder = ten_lines()
    accept, idle = accept_times(count)
    report.add("W9 server accepts after exec", "ms", median_ms(accept), target="within 20 ms",
               reached=median_ms(accept) <= 20)
    report.add("W9 server idle", "MB", statistics.median(idle), target="under 30 MB", reached=statistics.median(idle) < 30)
    first = first_batches(folder, 3 if options.quick else 7)
    report.add("W9 first batch of a cold server", "ms", median_ms(first), target="within 50 ms", reached=median_ms(first) <= 50)
    alone_py, table_py = scripts()
    alone, table, spark, spark_idle = [], [], None, None
    run_until([sys.executable, alone_py], b"imported")               # files into the page cache
    for _ in range(count):
        alone.append(run_until([sys.executable, alone_py], b"imported"))
        table.append(run_until([SPATE, "submit", table_py, folder], b"|"))
    if options.spark:
        spark = run_until([os.environ["BENCH_PYTHON"], table_py, folder], b"|") * 1000
        peer = Peer("spark")
        time.sleep(1)
        spark_idle = peers.memory_mb(peer.engine, "VmRSS")
        peer.close()
        report.rows[-2]["spark_warm"] = spark_idle
    over = [t - a for t, a in zip(table, alone)]
    report.add("W9 importing the client alone", "ms", median_ms(alone))
    report.add("W9 submit to its first table", "ms", median_ms(table), spark)
    report.add("W9 first table over the import", "ms", median_ms(over), target="within 150 ms", reached=median_ms(over) <= 150)
    report.detail["w9"] = {"accept_s": accept, "idle_mb": idle, "first_batch_s": first, "import_s": alone, "submit_s": table,
                           "spark_first_table_ms": spark, "spark_idle_mb": spark_idle,
                           "lines": os.path.relpath(folder, ROOT)}
