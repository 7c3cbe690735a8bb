"""The streaming programs of the benchmark, the same for Spark and for Spate: a process that runs what it is told.

    stream_job.py CONTROL_FD spark | sc://HOST:PORT

Reads requests as lines of JSON from the socket, answers each with a line: {"seconds": ..., ...} or {"error": ...}. Its
standard output is left to the console sink.
"""
import csv
import hashlib
import json
import os
import socket
import sys
import time

SCHEMA = ("user_id STRING, page_id STRING, ad_id STRING, ad_type STRING, event_type STRING, event_time STRING, "
          "ip_address STRING")


def open_session(where):
    from pyspark.sql import SparkSession
    builder = SparkSession.builder.appName("bench")
    if where == "spark":
        builder = (builder.master("local[2]").config("spark.driver.memory", "4g").config("spark.ui.enabled", "false")
                   .config("spark.ui.showConsoleProgress", "false").config("spark.driver.bindAddress", "127.0.0.1")
                   .config("spark.driver.host", "127.0.0.1"))
    else:
        builder = builder.remote(where)
    spark = builder.getOrCreate()
    spark.conf.set("spark.sql.shuffle.partitions", "2")
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    if where == "spark":
        spark.sparkContext.setLogLevel("ERROR")
    return spark


def word_count(spark, lines):
    from pyspark.sql.functions import explode, split
    return lines.select(explode(split("value", " ")).alias("word")).groupBy("word").count()


def campaigns(spark, events, ads):
    from pyspark.sql.functions import col, window
    with open(ads, newline="") as f:
        table = spark.createDataFrame([tuple(row) for row in csv.reader(f)], "ad STRING, campaign_id STRING")
    return (events.where(col("event_type") == "view")
            .select("ad_id", (col("event_time").cast("bigint") / 1000).cast("timestamp").alias("ts"))
            .join(table, col("ad_id") == col("ad"))
            .withWatermark("ts", "10 seconds").groupBy(window("ts", "10 seconds"), "campaign_id").count())


def digest(rows):
    text = "\n".join(sorted("\t".join(map(str, row)) for row in rows))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def answer(spark, workload, table):
    """What the memory sink holds in the end, as text that a batch of the same query gives too."""
    from pyspark.sql.functions import col, max
    t = spark.table(table)
    if workload == "w1":
        return digest((r[0], r[1]) for r in t.collect())
    last = t.groupBy(col("window.start").cast("bigint").alias("s"), "campaign_id").agg(max("count").alias("c"))
    return digest((r[0], r[1], r[2]) for r in last.collect())


def throughput(spark, request):
    """W1, W2: a pass over the input, from start() to its end."""
    workload, path, sink = request["workload"], request["input"], request["sink"]
    if workload == "w1":
        result, mode = word_count(spark, spark.readStream.text(path)), "complete"
    else:
        result, mode = campaigns(spark, spark.readStream.schema(SCHEMA).json(path), request["ads"]), "update"
    writer = (result.writeStream.outputMode(mode).format(sink).trigger(availableNow=True)
              .option("checkpointLocation", request["checkpoint"]))
    if sink == "memory":
        writer = writer.queryName("result")
    start = time.perf_counter()
    query = writer.start()
    query.awaitTermination()
    seconds = time.perf_counter() - start
    rows = sum(p["sources"][0]["numInputRows"] for p in map(as_dict, query.recentProgress))
    reply = {"seconds": seconds, "rows": rows}
    if sink == "memory":
        reply["digest"] = answer(spark, workload, "result")
        spark.catalog.dropTempView("result")
    return reply


def as_dict(progress):
    return progress if isinstance(progress, dict) else json.loads(progress.json)


def batches(spark, request):
    """W8: tiny files, one a batch, default trigger, for so long or until all are read."""
    spark.conf.set("spark.sql.shuffle.partitions", str(request["partitions"]))
    if request["durability"] != "spark":
        spark.conf.set("spate.checkpoint.durability", request["durability"])
    commits = os.path.join(request["checkpoint"], "commits")

    def start(limit):
        reader = spark.readStream.option("maxFilesPerTrigger", limit) if limit else spark.readStream
        lines = reader.text(request["input"])
        stateful = request["stateful"]
        result = lines.groupBy("value").count() if stateful else lines.selectExpr("upper(value) AS value")
        writer = result.writeStream.outputMode("update" if stateful else "append").format("noop")
        return writer.option("checkpointLocation", request["checkpoint"])

    first = 0
    if request["seen"]:
        start(None).trigger(availableNow=True).start().awaitTermination()
        first = newest(commits) + 1
        for name, text in request["then"]:
            with open(os.path.join(request["input"], name), "w") as f:
                f.write(text)
    query = start(1).start()
    end = time.perf_counter() + request["seconds"] + 60
    while newest(commits) < first and query.isActive and time.perf_counter() < end:
        time.sleep(0.002)
    t0, n0 = time.perf_counter(), newest(commits)
    end, t1, n1, last = t0 + request["seconds"], t0, n0, first + request["files"] - 1
    while time.perf_counter() < end and n1 < last and query.isActive:
        time.sleep(0.002)
        n = newest(commits, n1)
        if n != n1:
            t1, n1 = time.perf_counter(), n
    query.stop()
    if query.exception():
        raise query.exception()
    return {"seconds": t1 - t0, "batches": n1 - n0}


def newest(folder, known=-1):
    """The last batch that is committed. By name from `known` on: a listing would cost the more, the more there is."""
    if known < 0:
        try:
            return max((int(n) for n in os.listdir(folder) if n.isdigit()), default=-1)
        except FileNotFoundError:
            return -1
    step = 1
    while os.path.exists(os.path.join(folder, str(known + step))):
        known, step = known + step, step * 2
    while step > 1:
        step //= 2
        if os.path.exists(os.path.join(folder, str(known + step))):
            known += step
    return known


def latency(spark, request):
    """W7: starts the query and leaves it running until the next request."""
    from pyspark.sql.functions import col, split
    lines = spark.readStream.format("socket").option("host", "127.0.0.1").option("port", request["port"]).load()
    part = split(col("value"), " ")
    if request["kind"] == "map":
        result = lines.select(part[0].alias("sequence"), part[1].alias("key"))
    else:
        result = lines.select(part[1].alias("key")).groupBy("key").count()
    query = (result.writeStream.outputMode("update").format("console").option("numRows", 1000000)
             .option("truncate", False).option("checkpointLocation", request["checkpoint"]).start())
    running.append(query)
    return {}


def stop(spark, request):
    errors = []
    for query in running:
        query.stop()
        if query.exception():
            errors.append(str(query.exception()).split("\n")[0])
    running.clear()
    return {"errors": errors}


def first_rows(spark, request):
    """W9: a word count of ten lines; when start was asked for, on the clock that all processes share."""
    result = word_count(spark, spark.readStream.text(request["input"]))
    writer = result.writeStream.outputMode("complete").format("console").option(
        "checkpointLocation", request["checkpoint"])
    asked = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    running.append(writer.start())
    return {"asked_ns": asked}


running = []
REQUESTS = {"throughput": throughput, "batches": batches, "latency": latency, "stop": stop, "first_rows": first_rows}


def main():
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    stream = control.makefile("rw")
    spark = open_session(sys.argv[2])
    stream.write(json.dumps({"version": spark.version}) + "\n")
    stream.flush()
    for line in stream:
        request = json.loads(line)
        try:
            reply = REQUESTS[request["run"]](spark, request)
        except Exception as e:      # noqa: the driver says what failed and goes on with the next workload
            reply = {"error": "%s: %s" % (type(e).__name__, str(e).split("\n")[0])}
        stream.write(json.dumps(reply) + "\n")
        stream.flush()
    for query in running:
        query.stop()
    spark.stop()


if __name__ == "__main__":
    main()
