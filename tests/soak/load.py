"""load.py -- what a server holds on to: memory, threads and descriptors under steady load, and after many queries and clients.

Steady load: JSON files into a windowed count, the rate source into a map, and a client that asks batch questions, for
some minutes, with the resident size sampled each second. After a warm-up (a third) a straight line is fitted; what it
says the rest of the run added must be below a limit. Queries and clients: the first tenth warms up; then the same again
must leave threads and descriptors as they were, and memory within a limit.
"""
import os
import threading
import time

import kills
import live

MEMORY_LIMIT_KB = 6144      # what malloc's own unevenness may show; a leak of 1 kB a batch or 8 kB a query shows more
FILE_BYTES = 500            # a file source remembers each name and its log lists it, as Spark's does: that much a file and query is no leak


def slope(samples):
    """kB a second by least squares over (seconds, kB)."""
    n = len(samples)
    mean_x, mean_y = sum(x for x, _ in samples) / n, sum(y for _, y in samples) / n
    over = sum((x - mean_x) * (y - mean_y) for x, y in samples)
    under = sum((x - mean_x) ** 2 for x, _ in samples)
    return over / under if under else 0.0


def settle(server, seconds=3.0):
    """The sample after things that end in the background have ended: the smallest of what is seen."""
    end, best = time.monotonic() + seconds, None
    while time.monotonic() < end:
        time.sleep(0.1)
        now = server.sample()
        best = now if best is None else tuple(map(min, best, now))
    return best


def steady(tally, folder, minutes, seed):
    folder = os.path.join(folder, "steady")
    os.makedirs(folder)
    job = kills.Job(folder)
    server = live.Server(folder)
    spark = live.session(server.remote, **kills.conf("rename"))
    queries = job.start(spark)
    rate = spark.readStream.format("rate").option("rowsPerSecond", 5000).load().selectExpr("value % 7 AS v", "timestamp")
    queries.append(rate.groupBy("v").count().writeStream.format("memory").queryName("steady").outputMode("complete").start())
    generator = kills.Generator(job.source, seed, mean_pause=0.04, keep=500)
    generator.start()
    began, samples, asked = time.monotonic(), [], 0
    while time.monotonic() - began < minutes * 60:
        for _ in range(5):
            spark.sql("SELECT v, count FROM steady ORDER BY v").collect()
            spark.range(1000).selectExpr("sum(id)").collect()
            asked += 2
        [q.lastProgress for q in queries]
        samples.append((time.monotonic() - began, server.sample(), generator.files))
        time.sleep(0.5)
    generator.ended.set()
    for q in queries:
        tally.check(q.isActive and q.exception() is None, "steady load: a query is still running", q.exception())
        q.stop()
    warm = [s for s in samples if s[0] > minutes * 20]
    rise = slope([(t, s[0]) for t, s, _ in warm]) * (warm[-1][0] - warm[0][0])
    threads, fds = [s[1] for _, s, _ in warm], [s[2] for _, s, _ in warm]
    names = 2 * (warm[-1][2] - warm[0][2]) * FILE_BYTES / 1024
    print("  steady load: %.0f s, %d files, %d batch questions; resident %.1f MB at the start, %.1f MB warm, %.1f MB at the end, rise %.0f kB "
          "in %.0f s; threads %d..%d, descriptors %d..%d" % (
              samples[-1][0], generator.files, asked, samples[0][1][0] / 1024, warm[0][1][0] / 1024, warm[-1][1][0] / 1024, rise,
              warm[-1][0] - warm[0][0], min(threads), max(threads), min(fds), max(fds)), flush=True)
    tally.check(rise < MEMORY_LIMIT_KB + names, "steady load: memory",
                "%.0f kB more in %.0f s, %.0f of them for file names" % (rise, warm[-1][0] - warm[0][0], names))
    third = len(warm) // 3 + 1
    tally.check(max(threads[-third:]) <= max(threads[:third]) + 2, "steady load: threads", threads)
    tally.check(max(fds[-third:]) <= max(fds[:third]) + 4, "steady load: descriptors", fds)
    spark.stop()
    tally.equal(server.stop(), 0, "steady load: the server drains")


def repeated(tally, folder, name, count, act):
    """act(server, i) `count` times; the last nine tenths must leave the process as the first tenth left it."""
    folder = os.path.join(folder, name.replace(" ", "_"))
    os.makedirs(folder)
    server = live.Server(folder)
    context = act(server, folder, None)
    warm_up = max(count // 10, 10)
    began = time.monotonic()
    for i in range(warm_up):
        act(server, folder, context)
    before = settle(server)
    for i in range(count - warm_up):
        act(server, folder, context)
    seconds = time.monotonic() - began
    after = settle(server)
    print("  %d %s in %.1f s: resident %.1f -> %.1f MB, threads %d -> %d, descriptors %d -> %d" % (
        count, name, seconds, before[0] / 1024, after[0] / 1024, before[1], after[1], before[2], after[2]), flush=True)
    tally.check(after[0] - before[0] < MEMORY_LIMIT_KB, name + ": memory", "%d kB more" % (after[0] - before[0]))
    # A thread or two that serve calls may wait for the next one.
    tally.check(after[1] <= before[1] + 2, name + ": threads", "%d before, %d after" % (before[1], after[1]))
    tally.check(after[2] <= before[2], name + ": descriptors", "%d before, %d after" % (before[2], after[2]))
    if context is not None:
        context.stop()
    tally.equal(server.stop(), 0, name + ": the server drains")


def one_query(server, folder, spark):
    """A stateful query over one file, started, run and stopped; the first call makes the session and the file."""
    source = os.path.join(folder, "in")
    if spark is None:
        os.makedirs(source)
        live.put(source, "a.json", [{"k": "x"}, {"k": "y"}])
        return live.session(server.remote, spark__sql__shuffle__partitions="2")
    counts = spark.readStream.schema("k STRING").json(source).groupBy("k").count()
    q = counts.writeStream.format("memory").queryName("q").outputMode("complete").start()
    q.processAllAvailable()
    q.stop()
    return spark


def one_session(server, folder, unused):
    """A client with a view, a question, an error and a query that it leaves running when it goes."""
    spark = live.session(server.remote)
    spark.range(10).createOrReplaceTempView("numbers")
    spark.sql("SELECT sum(id) FROM numbers").collect()
    live.error_of(lambda: spark.sql("SELECT nothing FROM numbers").collect())
    rate = spark.readStream.format("rate").option("rowsPerSecond", 100).load()
    rate.writeStream.format("noop").start()
    spark.stop()


def many_threads(tally, folder, count):
    """Clients at once: each in a thread of its own."""
    server = live.Server(folder)
    one_session(server, folder, None)
    before = settle(server, 1.0)
    problems = []

    def client():
        try:
            for _ in range(3):
                one_session(server, folder, None)
        except Exception as e:      # noqa
            problems.append("%s: %s" % (type(e).__name__, str(e)[:200]))
    threads = [threading.Thread(target=client) for _ in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    after = settle(server)
    print("  %d clients at once: threads %d -> %d, descriptors %d -> %d" % (count, before[1], after[1], before[2], after[2]), flush=True)
    tally.check(not problems, "clients at once", problems[:3])
    # Threads that served calls may wait for the next one; descriptors have to be given back.
    tally.check(after[2] <= before[2] + 2, "clients at once: descriptors", "%d before, %d after" % (before[2], after[2]))
    tally.equal(server.stop(), 0, "clients at once: the server drains")
