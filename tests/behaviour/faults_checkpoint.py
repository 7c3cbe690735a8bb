"""Checkpoints that cannot be read: one clear error that names the file, a server that lives on, and no harm done.

Goal: whatever file of a checkpoint is empty, cut off, garbage, of a newer version, missing or no file at all, the client
sees one error that names it; the server answers the next question; with the file restored the query goes on as if
nothing had been. Method: a good checkpoint of a windowed count over JSON files is copied, one file is spoilt, the query
is started, the error is read, the file is restored, the query is started again.
"""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import live     # noqa: E402

BATCHES = 3     # runs, each of one file: a batch, and one without data that moves the watermark
SCHEMA = "k STRING, t TIMESTAMP"
# Spark reads it to compare the operators, and goes on with a warning when it cannot (IncrementalExecution).
TOLERATED = ("checkpoint/state/0/_metadata/metadata",)
EMPTY, CUT, GARBAGE, NEWER, GONE, FOLDER, BITS = "empty", "cut off", "garbage", "newer version", "missing", "a folder", "a flipped bit"


class Job:
    def __init__(self, spark, folder):
        self.spark, self.folder = spark, folder
        self.source = os.path.join(folder, "in")
        os.makedirs(self.source)
        self.files = 0

    def drop(self):
        n = self.files
        live.put(self.source, "f%02d.json" % n, [{"k": k, "t": "2024-01-01T00:%02d:00Z" % n} for k in "abcdefgh"], 1704067200 + n)
        self.files += 1

    def run(self, checkpoint, out):
        """Everything there is, a file a batch; raises what the client raises."""
        from pyspark.sql import functions as F
        rows = self.spark.readStream.schema(SCHEMA).option("maxFilesPerTrigger", 1).json(self.source)
        counts = rows.withWatermark("t", "0 seconds").groupBy(F.window("t", "10 minutes"), "k").count()
        q = (counts.selectExpr("window.start AS w", "k", "count AS c").writeStream.format("json").trigger(availableNow=True)
             .option("checkpointLocation", checkpoint).start(out))
        try:
            if not q.awaitTermination(30):
                raise RuntimeError("the query did not end")
        finally:
            q.stop()


def spoil(path, how):
    with open(path, "rb") as f:
        data = f.read()
    os.remove(path)
    if how == FOLDER:
        os.makedirs(path)
    elif how != GONE:
        flipped = data[:-30] + bytes([data[-30] ^ 8]) + data[-29:] if len(data) > 40 else data[:-1] + b"\xff"
        spoilt = {EMPTY: b"", CUT: data[:len(data) // 2], GARBAGE: b"\x00\xffno such thing\n\n{]", NEWER: b"v99" + data[2:], BITS: flipped}
        with open(path, "wb") as f:
            f.write(spoilt[how])


def restore(path, data):
    if os.path.isdir(path):
        os.rmdir(path)
    with open(path, "wb") as f:
        f.write(data)


def one_fault(tally, job, server, good, name, how):
    """Spoils the file `name` of a copy of the good job, and restores it. name is checkpoint/... or out/..."""
    what = "%s: %s" % (name, how)
    copy = os.path.join(job.folder, "copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(good, copy)
    checkpoint, out, path = os.path.join(copy, "checkpoint"), os.path.join(copy, "out"), os.path.join(copy, name)
    with open(path, "rb") as f:
        data = f.read()
    spoil(path, how)
    problem = None
    try:
        job.run(checkpoint, out)
    except Exception as e:      # noqa
        problem = e
    if name in TOLERATED:
        tally.check(problem is None, what + ": does no harm", problem)
    elif tally.check(problem is not None, what, "no error"):
        text = str(problem)
        tally.check(path in text, what + ": names the file", text[:500])
        where = "getCondition" if type(problem).__name__ == "StreamingQueryException" else None
        if where:
            tally.equal(problem.getCondition(), "STREAM_FAILED", what + ": condition")
        else:
            tally.check("Exception" in type(problem).__name__ and "RuntimeError" not in type(problem).__name__, what + ": class", repr(problem)[:300])
    tally.check(server.alive() and job.spark.range(3).count() == 3, what + ": the server lives on")
    restore(path, data)
    job.run(checkpoint, out)
    tally.equal(len(live.log_names(checkpoint + "/commits")), 2 * BATCHES + 2, what + ": goes on when restored")


def faults(good):
    """(file, ways to spoil it): the newest of each kind, and the one before where a restart reads it."""
    last = live.log_names(good + "/checkpoint/offsets")[-1]
    text = [EMPTY, CUT, GARBAGE, NEWER, FOLDER]
    store = "checkpoint/state/0/"
    part = max(("0", "1"), key=lambda p: os.path.getsize("%s/%s%s/1.delta" % (good, store, p)))
    deltas = sorted(int(n.split(".")[0]) for n in os.listdir(good + "/" + store + part) if n.endswith(".delta"))
    return [("checkpoint/metadata", [EMPTY, CUT, GARBAGE, FOLDER]),
            ("checkpoint/offsets/%d" % last, text),
            ("checkpoint/offsets/%d" % (last - 1), [EMPTY, GARBAGE]),
            ("checkpoint/commits/%d" % last, [EMPTY, GARBAGE, NEWER, FOLDER]),
            ("checkpoint/sources/0/0", [EMPTY, CUT, GARBAGE, NEWER, FOLDER, GONE]),
            (store + part + "/%d.delta" % deltas[-1], [EMPTY, CUT, GARBAGE, FOLDER, GONE]),
            (store + part + "/1.delta", [EMPTY, CUT, GARBAGE, BITS, GONE]),
            (store + "_metadata/metadata", [EMPTY, CUT, GARBAGE, NEWER]),
            (store + "0/_metadata/schema", [EMPTY, CUT, GARBAGE])]


def newest_commit_deleted(tally, job, good):
    """As users do by hand: the batch runs again, and the sink keeps it once."""
    copy = os.path.join(job.folder, "copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(good, copy)
    commits = copy + "/checkpoint/commits"
    os.remove("%s/%d" % (commits, live.log_names(commits)[-1]))
    before = live.log_files(copy + "/out")
    job.run(copy + "/checkpoint", copy + "/out")
    after = live.log_files(copy + "/out")
    tally.equal(after[:len(before)], before, "newest commit deleted: what the sink had is as it was")
    rows = live.log_names(commits)
    tally.equal(rows[-1], 2 * BATCHES + 1, "newest commit deleted: the batch is committed again, and the new file's after it")


def main():
    tally = live.Tally()
    with tempfile.TemporaryDirectory(prefix="spate-faults-") as folder:
        server = live.Server(folder)
        spark = live.session(server.remote, spark__sql__shuffle__partitions="2")
        job = Job(spark, folder)
        good = os.path.join(folder, "good")
        for _ in range(BATCHES):
            job.drop()
            job.run(good + "/checkpoint", good + "/out")
        job.drop()
        for name, ways in faults(good):
            for how in ways:
                tally.run("%s: %s" % (name, how), one_fault, tally, job, server, good, name, how)
        tally.run("newest commit deleted", newest_commit_deleted, tally, job, good)
        spark.stop()
        tally.equal(server.stop(), 0, "the server drains")
    tally.end()


if __name__ == "__main__":
    main()
