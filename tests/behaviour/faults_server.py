"""What goes away under a server, or is in its way: ports, sockets, folders, a second writer, clients.

Goal: a port in use and bad arguments end a server with one clear line; a vanished socket or source folder ends nothing; of
two servers on one checkpoint one is refused, and the sink holds every row once; a client that goes takes its work along.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import live     # noqa: E402


def refuses(tally, name, says, *args):
    """`spate server ARGS` ends by itself, not with 0, with one line on stderr."""
    done = subprocess.run([live.SPATE, "server", *args], capture_output=True, text=True, timeout=10)
    lines = done.stderr.strip().split("\n")
    tally.check(done.returncode in (1, 2) and len(lines) == 1 and re.search(says, lines[0]), name, (done.returncode, done.stderr[:300], done.stdout[:100]))


def ports(tally, server, folder):
    port = server.remote.split(":")[-1]
    refuses(tally, "a port in use", r"(?i)%s.*in use" % port, "--port", port)
    refuses(tally, "no such port", r"--port", "--port", "70000")
    refuses(tally, "a port that is no number", r"--port", "--port", "http")
    refuses(tally, "an address that is not ours", r"203\.0\.113\.7", "--host", "203.0.113.7", "--insecure", "--port", "0")
    refuses(tally, "an address of the network without a token", r"--insecure", "--host", "0.0.0.0", "--port", "0")
    refuses(tally, "a certificate that is not there", r"nothere\.pem", "--port", "0",
            "--tls-cert", folder + "/nothere.pem", "--tls-key", folder + "/nothere.pem")
    tally.check(server.alive() and live.session(server.remote).range(1).count() == 1, "the first server goes on")


class Lines:
    """A TCP server that says lines to whoever connects, and can go away."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.clients = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                self.clients.append(self.listener.accept()[0])
        except OSError:
            pass

    def say(self, text):
        live.wait(lambda: self.clients)
        for c in self.clients:
            c.sendall(text.encode())

    def vanish(self, reset):
        for c in self.clients:
            if reset:      # an RST instead of an orderly end
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            c.close()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def vanished_socket(tally, server, spark, reset):
    """As Spark: the stream is over, the query waits, and what was said is answered."""
    name = "a socket that is reset" if reset else "a socket that is closed"
    lines = Lines()
    rows = spark.readStream.format("socket").option("host", "127.0.0.1").option("port", lines.port).load()
    q = rows.writeStream.format("memory").queryName("lines%d" % reset).start()
    lines.say("one\ntwo\n")
    table = lambda: [r[0] for r in spark.table("lines%d" % reset).collect()]      # noqa: E731
    tally.check(live.wait(lambda: len(table()) == 2), name + ": lines arrive", table())
    if not reset:
        lines.say("last without an end")
    lines.vanish(reset)
    time.sleep(0.3)
    if not reset:
        live.wait(lambda: len(table()) == 3)
    tally.check(q.isActive and q.exception() is None, name + ": the query waits", q.exception())
    q.processAllAvailable()
    tally.equal(table()[:2], ["one", "two"], name + ": nothing is lost")
    busy = server.sample(), cpu(server.pid)
    time.sleep(0.5)
    tally.check(cpu(server.pid) - busy[1] < 0.2, name + ": waiting costs nothing", "%.2f s of CPU in half a second" % (cpu(server.pid) - busy[1]))
    q.stop()


def cpu(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def nobody_listens(tally, server, spark):
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    rows = spark.readStream.format("socket").option("host", "127.0.0.1").option("port", port).load()
    got = live.error_of(lambda: rows.writeStream.format("memory").queryName("nobody").start().processAllAvailable())
    tally.check(got and got[:3] == ("StreamingQueryException", "STREAM_FAILED", "XXKST") and "Connection refused" in got[3],
                "a socket source without a server", got)
    tally.equal(spark.range(1).count(), 1, "a socket source without a server: the server lives on")


def deleted_source(tally, server, spark, folder):
    """As Spark: a source folder that is gone has no files; when it is back, its new files are read."""
    source, out = os.path.join(folder, "gone"), os.path.join(folder, "gone.out")
    os.makedirs(source)
    live.put(source, "a.txt", "a\n")
    q = spark.readStream.text(source).writeStream.format("json").option("checkpointLocation", folder + "/gone.ck").start(out)
    q.processAllAvailable()
    shutil.rmtree(source)
    time.sleep(1.2)     # longer than a listing is put off
    tally.check(q.isActive and q.exception() is None, "a deleted source folder: the query waits", q.exception())
    os.makedirs(source)
    live.put(source, "b.txt", "b\n")
    live.put(source, "a.txt", "a again\n")
    tally.check(live.wait(lambda: len(live.sink_rows(out)) == 2, 5), "a deleted source folder: it comes back", live.sink_rows(out))
    q.processAllAvailable()
    live.put(source, "c.txt", "c\n")
    began = time.monotonic()
    live.wait(lambda: len(live.sink_rows(out)) == 3, 5)
    took = time.monotonic() - began
    tally.equal([r["value"] for r in live.sink_rows(out)], ["a", "b", "c"], "a deleted source folder: every file once")
    tally.check(took < 0.5, "a deleted source folder: its new files are noticed at once again", "%.2f s" % took)
    q.stop()


def start_copy(spark, source, folder):
    return (spark.readStream.option("maxFilesPerTrigger", 1).text(source).writeStream.format("json")
            .option("checkpointLocation", folder + "/shared.ck").start(folder + "/shared.out"))


def two_writers(tally, server, spark, folder):
    """Two servers run one query on one checkpoint: one of them is refused; no row is lost or doubled."""
    source = os.path.join(folder, "shared")
    os.makedirs(source)
    second = live.Server(folder)
    spark2 = live.session(second.remote, spate__streaming__minBatchGapMs="0")
    queries = [start_copy(spark, source, folder), start_copy(spark2, source, folder)]
    for n in range(60):
        live.put(source, "%03d.txt" % n, "%d\n" % n)
        time.sleep(0.01)
    live.wait(lambda: not all(q.isActive for q in queries))
    lost = [q for q in queries if not q.isActive]
    tally.equal(len(lost), 1, "two servers on one checkpoint: one is refused")
    for q in lost:
        tally.check("CONCURRENT_STREAM_LOG_UPDATE" in str(q.exception()), "two servers on one checkpoint: why", str(q.exception())[:300])
    for q in queries:
        if q.isActive:
            q.processAllAvailable()
            q.stop()
    got = sorted(int(r["value"]) for r in live.sink_rows(folder + "/shared.out"))
    tally.equal(got, list(range(60)), "two servers on one checkpoint: exactly once")
    spark2.stop()
    tally.equal(second.stop(), 0, "the second server drains")


def second_run(tally, server, spark, folder):
    """The same query started again in the same server: Spark stops the first run (stopActiveRunOnRestart), or refuses the second."""
    source = os.path.join(folder, "again")
    os.makedirs(source)
    other = live.session(server.remote)
    for name, second in (("session", spark), ("server", other)):
        first = start_copy(spark, source, folder + "/again")
        q = start_copy(second, source, folder + "/again")
        tally.check(not first.isActive and first.exception() is None, "a second run in the same %s ends the first" % name, first.exception())
        tally.check(q.isActive and q.id == first.id and q.runId != first.runId, "a second run in the same %s goes on" % name, q.exception())
        second.conf.set("spark.sql.streaming.stopActiveRunOnRestart", "false")
        got = live.error_of(lambda: start_copy(second, source, folder + "/again"))
        tally.check(got and got[0] in ("IllegalStateException", "UnknownException", "SparkConnectGrpcException")
                    and "another query with same id is already active" in got[3], "a second run in the same %s refused" % name, got)
        tally.check(q.isActive, "a second run in the same %s refused: the first goes on" % name)
        q.stop()
    other.stop()


def abandoned_question(tally, server, folder):
    """A client that ends its session, or interrupts, in the middle of a long question: the work ends at once."""
    def idle():
        at = cpu(server.pid)
        time.sleep(0.3)
        return cpu(server.pid) - at < 0.1

    for name, end in (("a session that ends", lambda s: s.client.release_session()), ("an interrupt", lambda s: s.interruptAll())):
        spark = live.session(server.remote)
        question = threading.Thread(target=live.error_of, daemon=True, args=(
            spark.sql("SELECT count(*) FROM range(0, 100000000000) WHERE id % 7 = 3").collect,))
        before = cpu(server.pid)
        question.start()
        tally.check(live.wait(lambda: cpu(server.pid) - before > 0.3, 10), name + ": the question runs")
        end(spark)
        tally.check(live.wait(idle, 10, 0), name + ": the work ends")
        question.join(10)
        tally.check(not question.is_alive(), name + ": the client is told")
        live.abandon(spark)


def drain(tally, folder):
    """SIGTERM in the middle of a long question and of a query: both end, and the server with 0."""
    server = live.Server(folder)
    spark = live.session(server.remote)
    spark.readStream.format("rate").load().writeStream.format("noop").start()
    threading.Thread(target=live.error_of, daemon=True, args=(
        spark.sql("SELECT count(*) FROM range(0, 100000000000) WHERE id % 7 = 3").collect,)).start()
    live.wait(lambda: cpu(server.pid) > 0.3, 10)
    tally.equal(server.stop(), 0, "a busy server drains")
    live.abandon(spark)


def main():
    tally = live.Tally()
    with tempfile.TemporaryDirectory(prefix="spate-faults-") as folder:
        server = live.Server(folder)
        spark = live.session(server.remote, spate__streaming__minBatchGapMs="0")
        tally.run("ports", ports, tally, server, folder)
        tally.run("socket closed", vanished_socket, tally, server, spark, False)
        tally.run("socket reset", vanished_socket, tally, server, spark, True)
        tally.run("socket refused", nobody_listens, tally, server, spark)
        tally.run("deleted source", deleted_source, tally, server, spark, folder)
        tally.run("two writers", two_writers, tally, server, spark, folder)
        tally.run("second run", second_run, tally, server, spark, folder)
        tally.run("abandoned question", abandoned_question, tally, server, folder)
        tally.run("drain", drain, tally, folder)
        spark.stop()
        tally.equal(server.stop(), 0, "the server drains")
    tally.end()


if __name__ == "__main__":
    main()
