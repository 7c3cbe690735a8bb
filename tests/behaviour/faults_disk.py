"""A disk that is full or closed: one clear error, no crash, and exactly once when there is room again.

Goal: whichever write of a batch finds no room (source log, offsets, part file, sink log, state, commit), the query ends
with one error that says so and names the file; the server and its other queries live on; once there is room, the query
restarts on its checkpoint and the sink holds every row once. Method: two disks. A small tmpfs, when mounting is allowed,
that is filled but for n pages, n from 0 up; and a limit on the size of files of the running server (RLIMIT_FSIZE), which
needs no rights. Then folders that cannot be made: below a file, below /proc, and of another user when that can be tried.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import live     # noqa: E402

PAGE = 4096
SCHEMA = "id BIGINT, k STRING"


class Job:
    """A stateful query into a file sink: the first row of each key; all its files are below `root`."""

    def __init__(self, source, root):
        self.source, self.root, self.out = source, root, os.path.join(root, "out")
        self.ids = []

    def drop(self, n=200):
        rows = [{"id": len(self.ids) + i, "k": "key %d" % (len(self.ids) + i)} for i in range(n)]
        live.put(self.source, "f%06d.json" % len(self.ids), rows)
        self.ids += [r["id"] for r in rows]

    def start(self, spark):
        rows = spark.readStream.schema(SCHEMA).option("maxFilesPerTrigger", 1).json(self.source).dropDuplicates(["k"])
        return rows.writeStream.format("json").option("checkpointLocation", self.root + "/checkpoint").start(self.out)

    def exactly_once(self):
        return sorted(r["id"] for r in live.sink_rows(self.out)) == self.ids

    def leftovers(self):
        return [n for d, _, names in os.walk(self.root) for n in names if n.endswith(".tmp")]


def full(tally, server, spark, job, name, fill, empty, says):
    """One round: run, fill, fail, empty, restart, compare."""
    other = spark.readStream.format("rate").load().writeStream.format("noop").start()
    q = job.start(spark)
    job.drop()
    q.processAllAvailable()
    fill()
    job.drop()
    problem = live.error_of(q.processAllAvailable)
    if problem is None:      # there was room enough for one batch: take what is left
        for _ in range(20):
            job.drop(2000)
            problem = problem or live.error_of(q.processAllAvailable)
    tally.check(problem and problem[:2] == ("StreamingQueryException", "STREAM_FAILED"), name + ": one error", problem)
    text = str(q.exception())
    tally.check(says in text and job.root in text, name + ": says what and where", text[:400])
    tally.check(not q.isActive, name + ": the query has ended")
    tally.check(other.isActive and spark.range(5).count() == 5, name + ": the server and its other query go on")
    empty()
    q = job.start(spark)
    job.drop()
    q.processAllAvailable()
    q.stop()
    other.stop()
    tally.check(job.exactly_once(), name + ": exactly once after the restart", "%d rows, %d wanted" % (len(live.sink_rows(job.out)), len(job.ids)))
    tally.equal(job.leftovers(), [], name + ": no temporary files are left")


def tmpfs(tally, server, spark, folder):
    """True when a disk of our own could be mounted."""
    disk = os.path.join(folder, "disk")
    os.makedirs(disk)
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "spate-faults", disk]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        print("(no tmpfs could be mounted: the limit on file sizes alone is the full disk)")
        return
    ballast = os.path.join(disk, "ballast")

    def fill(pages):
        with open(ballast, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * PAGE)
            except OSError:
                pass
            f.truncate(max(0, f.seek(0, os.SEEK_END) // PAGE - pages) * PAGE)
    try:
        for pages in range(0, 9):
            source = os.path.join(folder, "in%d" % pages)
            os.makedirs(source)
            job = Job(source, os.path.join(disk, "job%d" % pages))
            full(tally, server, spark, job, "full disk but for %d pages" % pages, lambda: fill(pages), lambda: os.remove(ballast),
                 "No space left on device")
            subprocess.run(["rm", "-rf", job.root], check=True)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def file_limit(tally, server, spark, folder):
    for size in (0, 20, 60, 300, 1000):
        source = os.path.join(folder, "limited%d" % size)
        os.makedirs(source)
        job = Job(source, os.path.join(folder, "limit%d" % size))
        full(tally, server, spark, job, "files of %d bytes at most" % size, lambda: server.limit_files(size), lambda: server.limit_files(None),
             "File too large")


def refused(tally, server, spark, root, name, says):
    source = tempfile.mkdtemp()
    os.chmod(source, 0o755)
    job = Job(source, root)
    problem = None
    try:
        q = job.start(spark)
        q.processAllAvailable()
    except Exception as e:      # noqa
        problem = str(e)
    os.rmdir(source)
    tally.check(problem and says in problem and os.path.dirname(root) in problem, name, problem and problem[:300])
    tally.check(server.alive() and spark.range(2).count() == 2, name + ": the server lives on")


def other_user(tally, folder):
    """A checkpoint folder that belongs to somebody else; needs to be root to become nobody, or not to be root."""
    closed = os.path.join(folder, "closed")
    os.makedirs(closed)
    if os.geteuid() != 0:
        os.chmod(closed, 0o500)
        server = live.Server(folder)
    else:
        os.chmod(folder, 0o755)
        own = os.path.join(folder, "nobody")
        os.makedirs(own)
        os.chmod(own, 0o777)
        try:
            server = live.Server(own, user=65534)
        except Exception as e:      # noqa
            print("(a server of another user could not be started: %s)" % e)
            return
    spark = live.session(server.remote)
    refused(tally, server, spark, closed + "/job", "a folder of another user", "Permission denied")
    spark.stop()
    tally.equal(server.stop(), 0, "the other user's server drains")
    os.chmod(closed, 0o700)


def main():
    tally = live.Tally()
    with tempfile.TemporaryDirectory(prefix="spate-faults-") as folder:
        server = live.Server(folder)
        spark = live.session(server.remote, spark__sql__shuffle__partitions="1", spate__streaming__minBatchGapMs="0")
        tally.run("tmpfs", tmpfs, tally, server, spark, folder)
        tally.run("file limit", file_limit, tally, server, spark, folder)
        live.put(folder, "file", "")
        tally.run("below a file", refused, tally, server, spark, folder + "/file/job", "a checkpoint below a file", "Not a directory")
        tally.run("/proc", refused, tally, server, spark, "/proc/spate/job", "a checkpoint below /proc", "No such file or directory")
        spark.stop()
        tally.equal(server.stop(), 0, "the server drains")
        tally.run("other user", other_user, tally, folder)
    tally.end()


if __name__ == "__main__":
    main()
