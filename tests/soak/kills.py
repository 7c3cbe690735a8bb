"""kills.py -- exactly-once through `kill -9` of a real server, again and again under load.

Goal: whatever the moment of death, the files that _spark_metadata lists hold every expected row once, and no other.
Method: a generator drops JSON files all the time (under a hidden name, then renamed). Two queries read them into JSON
file sinks, each with a checkpoint: a plain map, and counts by window and key in append mode. A killer ends the server
5..500 ms (by seed) after it accepts, which hits the start of the client, of the query, or any step of a batch; then a
new server starts both queries on the same checkpoints. At the end a row far in the future closes every window, the
sinks are read by their own logs, and once more through Spate, and compared with what the generator wrote.
"""
import collections
import datetime
import os
import random
import threading
import time

import live

BASE = 1704067200       # 2024-01-01T00:00:00Z: the first row's event time
KEYS = ["a", "b", "c", "d", "e"]
WINDOW_S = 5
SCHEMA = "id BIGINT, k STRING, n BIGINT, t TIMESTAMP"


def stamp(second):
    return datetime.datetime.fromtimestamp(second, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Generator(threading.Thread):
    """About 100 files a second of 1 to 40 rows; one second of event time a file, so that no row is ever late."""

    def __init__(self, folder, seed, mean_pause=0.01, keep=None):
        super().__init__(daemon=True)
        self.folder, self.random = folder, random.Random(seed)
        self.mean_pause, self.keep = mean_pause, keep      # keep: only so many files stay, the oldest are removed
        self.ended = threading.Event()
        self.rows = []
        self.files = 0

    def drop(self, rows):
        live.put(self.folder, "f%06d.json" % self.files, rows)
        self.files += 1
        if self.keep and self.files > self.keep:
            os.remove(os.path.join(self.folder, "f%06d.json" % (self.files - self.keep - 1)))

    def run(self):
        while not self.ended.wait(self.random.uniform(0.2, 1.8) * self.mean_pause):
            at = BASE + self.files
            rows = [{"id": len(self.rows) + i, "k": self.random.choice(KEYS), "n": self.random.randrange(10**6), "t": stamp(at)}
                    for i in range(self.random.randint(1, 40))]
            self.rows += [(r["id"], r["k"], r["n"], at) for r in rows]
            self.drop(rows)

    def close_windows(self):
        self.ended.set()
        self.join()
        self.drop([{"id": -1, "k": "end", "n": 0, "t": stamp(BASE + self.files + 10**6)}])


class Job:
    """The two queries and where they live."""

    def __init__(self, folder):
        self.source = os.path.join(folder, "in")
        self.outs = {name: os.path.join(folder, name + ".out") for name in ("map", "count")}
        self.checkpoints = {name: os.path.join(folder, name + ".checkpoint") for name in ("map", "count")}
        os.makedirs(self.source)

    def frames(self, spark):
        from pyspark.sql import functions as F
        rows = spark.readStream.schema(SCHEMA).option("maxFilesPerTrigger", 2).json(self.source)
        counts = rows.withWatermark("t", "2 seconds").groupBy(F.window("t", "%d seconds" % WINDOW_S), "k").agg(
            F.count("*").alias("c"), F.sum("n").alias("s"))
        return {"map": rows.selectExpr("id", "upper(k) AS k", "n * 2 AS n"),
                "count": counts.selectExpr("window.start AS w", "k", "c", "s")}

    def start(self, spark, **trigger):
        queries = []
        for name, frame in self.frames(spark).items():
            writer = frame.writeStream.format("json").option("checkpointLocation", self.checkpoints[name])
            writer = writer.trigger(**trigger) if trigger else writer
            queries.append(writer.start(self.outs[name]))
        return queries

    def open_batch(self, name):
        """Whether the checkpoint says that a batch has begun and is not over."""
        offsets = live.log_names(os.path.join(self.checkpoints[name], "offsets"))
        commits = live.log_names(os.path.join(self.checkpoints[name], "commits"))
        return bool(offsets) and offsets[-1] not in commits


def conf(durability):
    return {"spate__checkpoint__durability": durability, "spate__streaming__minBatchGapMs": "0",
            "spark__sql__shuffle__partitions": "2"}


def one_life(folder, job, durability, delay):
    """Starts a server and the queries, and kills it `delay` seconds after it accepts. What went wrong by itself, or None."""
    server = live.Server(folder)
    killer = threading.Timer(delay, server.process.kill)
    killer.start()
    spark, wrong = None, None
    try:
        spark = live.session(server.remote, **conf(durability))
        for q in job.start(spark):
            q.awaitTermination()        # ends with the server, by an error of the connection
        wrong = "a query ended by itself"
    except Exception as e:      # noqa
        if not killer.finished.is_set() and server.alive():
            wrong = "%s: %s" % (type(e).__name__, str(e)[:300])
    killer.cancel()
    code = server.process.poll()
    server.kill()
    if spark is not None:
        live.abandon(spark)
    if code not in (None, -9):
        wrong = "the server ended with %s: %s" % (code, server.text()[-400:])
    os.remove(server.log)
    return wrong


def expected(generator):
    """(the map's rows, the counts' rows)."""
    maps = collections.Counter((i, k.upper(), n * 2) for i, k, n, _ in generator.rows)
    maps[(-1, "END", 0)] += 1
    groups = collections.defaultdict(lambda: [0, 0])
    for _, k, n, at in generator.rows:
        group = groups[(stamp(at - at % WINDOW_S), k)]
        group[0] += 1
        group[1] += n
    return maps, collections.Counter((w, k, c, s) for (w, k), (c, s) in groups.items())


def difference(want, got):
    lost, extra = want - got, got - want
    return "%d lost (%s), %d too many (%s)" % (sum(lost.values()), list(lost)[:3], sum(extra.values()), list(extra)[:3])


def compare(tally, job, generator, spark, durability):
    want_map, want_count = expected(generator)
    got = collections.Counter((r["id"], r["k"], r["n"]) for r in live.sink_rows(job.outs["map"]))
    tally.check(got == want_map, "map, %s: exactly once" % durability, difference(want_map, got))
    got = collections.Counter((r["w"], r["k"], r["c"], r["s"]) for r in live.sink_rows(job.outs["count"]))
    tally.check(got == want_count, "windowed count, %s: exactly once" % durability, difference(want_count, got))
    read = spark.read.schema("id BIGINT, k STRING, n BIGINT").json(job.outs["map"])
    tally.equal((read.count(), read.distinct().count()), (sum(want_map.values()),) * 2,
                "map, %s: what Spate itself reads from the sink" % durability)


def finish(tally, folder, job, generator, durability):
    server = live.Server(folder)
    spark = live.session(server.remote, **conf(durability))
    for q in job.start(spark, availableNow=True):
        ended = q.awaitTermination(120)
        tally.check(ended and q.exception() is None, "%s: the rest is read in the end" % durability, q.exception())
    compare(tally, job, generator, spark, durability)
    spark.stop()
    tally.equal(server.stop(), 0, "%s: the last server drains" % durability)


def run(tally, folder, count, seed, durability):
    """`count` kills with one durability; prints a line of figures."""
    folder = os.path.join(folder, durability)
    os.makedirs(folder)
    job = Job(folder)
    chance = random.Random("%d %s" % (seed, durability))
    generator = Generator(job.source, chance.random())
    generator.start()
    began, middle, bad = time.monotonic(), collections.Counter(), 0
    for n in range(count):
        delay = chance.uniform(0.005, 0.5)
        wrong = one_life(folder, job, durability, delay)
        if wrong:
            bad += 1
            tally.check(False, "life %d (killed after %.0f ms)" % (n, delay * 1000), wrong)
        else:
            tally.check(True, "life")
        for name in job.outs:
            middle[name] += job.open_batch(name)
        if bad >= 5:
            break
    generator.close_windows()
    finish(tally, folder, job, generator, durability)
    batches = {name: (live.log_names(os.path.join(c, "commits")) or [-1])[-1] + 1 for name, c in job.checkpoints.items()}
    print("  kill -9, durability %s: %d kills in %.0f s; within a batch: map %d, count %d; %d files, %d rows; batches: map %d, "
          "count %d" % (durability, n + 1, time.monotonic() - began, middle["map"], middle["count"], generator.files,
                        len(generator.rows), batches["map"], batches["count"]), flush=True)
