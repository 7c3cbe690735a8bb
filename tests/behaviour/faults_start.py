"""What a wrong program is told: class, condition, SQLSTATE and first line of the error, through the client.

Goal: unknown sources, sinks, options, columns, functions, unparsable SQL, missing schemas and paths, wrong types and
output modes end with Spark's own error, and the session goes on. Method: where real Spark's answer was recorded
(tests/oracle/golden), that is what is expected, word for word; the others are Spark 4.3's conditions.
"""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import live     # noqa: E402

ANALYSIS, ILLEGAL, PARSE = "AnalysisException", "IllegalArgumentException", "ParseException"
goldens = {}


def golden(case, *path):
    """(class, condition, sqlState, line or None) as recorded from Spark."""
    if case not in goldens:
        folder = os.path.join(live.ROOT, "tests", "oracle", "golden")
        name = next(n for n in os.listdir(folder) if n.startswith(case + "_"))
        with open(os.path.join(folder, name)) as f:
            goldens[case] = json.load(f)
    at = goldens[case]
    for key in path:
        at = at[key]
    return at["class"], at["condition"], at["sqlState"], at.get("line")


def same(tally, name, function, want):
    got = live.error_of(function)
    good = got is not None and got[:3] == want[:3]
    if good and want[3] is not None:
        good = got[3][:300] == want[3] or (len(want) > 4 and got[3].startswith(want[3]))
    tally.check(good, name, "\n  want %s\n  got  %s" % (want, got))


class Program:
    """Streams and writers a case is made of."""

    def __init__(self, spark, folder):
        self.spark, self.folder = spark, folder
        self.input = os.path.join(folder, "in")
        os.makedirs(self.input)
        self.n = 0

    def text(self):
        return self.spark.readStream.text(self.input)

    def typed(self):
        return self.spark.readStream.schema("k string, v int, t timestamp").json(self.input)

    def timed(self):
        return self.spark.readStream.schema("t timestamp, k string, n timestamp_ntz").json(self.input)

    def start(self, frame, mode=None, sink="memory", **options):
        """Starts into a memory table of a new name; what does start after all is stopped."""
        self.n += 1
        writer = frame.writeStream.format(sink).queryName("w%d" % self.n)
        writer = writer.outputMode(mode) if mode else writer
        for key, value in options.items():
            writer = writer.option(key, value)
        q = writer.start()
        q.stop()
        return q

    def runs(self, frame, mode="append"):
        """As start, for errors that come when the query runs."""
        self.n += 1
        q = frame.writeStream.format("memory").queryName("w%d" % self.n).outputMode(mode).start()
        try:
            q.processAllAvailable()
        finally:
            q.stop()


def sources_and_sinks(tally, p):
    spark, src = p.spark, p.text()
    unknown = ("UnknownException", "DATA_SOURCE_NOT_FOUND", "42K02", None)
    same(tally, "unknown source", lambda: spark.readStream.format("nosuchsource").load().schema, golden("031", "no_such_source"))
    same(tally, "unknown sink", lambda: src.writeStream.format("nosuchsink").start(), golden("031", "no_such_format"))
    same(tally, "a source yet to come", lambda: spark.readStream.format("kafka").option("subscribe", "t").load().schema, unknown)
    same(tally, "a batch source that is not there", lambda: spark.read.format("nosuchsource").load().schema, unknown)
    same(tally, "memory sink without a name", lambda: src.writeStream.format("memory").start(), golden("031", "no_name"))
    same(tally, "no checkpoint", lambda: src.writeStream.format("json").start(p.folder + "/o"), golden("031", "file_no_ckpt"))
    same(tally, "no sink path", lambda: src.writeStream.format("json").option("checkpointLocation", p.folder + "/c").start(),
         golden("031", "no_path"))
    same(tally, "no source path", lambda: spark.readStream.format("json").schema("a int").load().schema, golden("042", "no_path"))
    same(tally, "no schema", lambda: spark.readStream.json(p.input).schema, golden("042", "json_none"))
    same(tally, "a schema that is none", lambda: spark.readStream.schema("a intt").json(p.input).schema, golden("042", "ddl_bad"))
    same(tally, "no such table", lambda: spark.readStream.table("nope_042").schema, golden("042", "table_missing") [:3] + (None,))
    missing = (ANALYSIS, "PATH_NOT_FOUND", "42K03", None)
    same(tally, "a source folder that is not there", lambda: spark.readStream.text(p.folder + "/nothere").schema, missing)
    same(tally, "a batch path that is not there", lambda: spark.read.text(p.folder + "/nothere").collect(), missing)
    same(tally, "socket without a host", lambda: spark.readStream.format("socket").option("port", 1).load().schema,
         (ANALYSIS, "_LEGACY_ERROR_TEMP_1295", None, "Set a host to read from with option(\"host\", ...)."))
    same(tally, "socket without a port", lambda: spark.readStream.format("socket").option("host", "h").load().schema,
         (ANALYSIS, "_LEGACY_ERROR_TEMP_1296", None, "Set a port to read from with option(\"port\", ...)."))


def options(tally, p):
    spark = p.spark
    failed = ("StreamingQueryException", "STREAM_FAILED", "XXKST", None)
    same(tally, "maxFilesPerTrigger 0", lambda: p.runs(spark.readStream.option("maxFilesPerTrigger", 0).text(p.input)), golden("038", "zero") [:3] + (None,))
    same(tally, "both limits", lambda: p.runs(spark.readStream.option("maxFilesPerTrigger", 1).option("maxBytesPerTrigger", "1k").text(p.input)),
         golden("038", "both")[:3] + (None,))
    same(tally, "maxFilesPerTrigger many", lambda: p.runs(spark.readStream.option("maxFilesPerTrigger", "many").text(p.input)), failed)
    same(tally, "cleanSource bogus", lambda: p.runs(spark.readStream.option("cleanSource", "bogus").text(p.input)), golden("040", "bad")[:3] + (None,))
    same(tally, "archive without a folder", lambda: p.runs(spark.readStream.option("cleanSource", "archive").text(p.input)),
         golden("040", "no_dir")[:3] + (None,))
    for name, option, value in (("rate", "rowsPerSecond", "0"), ("rate", "rowsPerSecond", "many"), ("rate-micro-batch", "rowsPerBatch", "0")):
        got = live.error_of(lambda: p.runs(spark.readStream.format(name).option(option, value).load()))
        tally.check(got and got[0] in (ILLEGAL, "StreamingQueryException", "NumberFormatException"), "%s %s %s" % (name, option, value), got)
    got = live.error_of(lambda: spark.readStream.format("rate-micro-batch").load().schema)
    tally.check(got and "rowsPerBatch" in got[3], "rate-micro-batch without rowsPerBatch", got)
    for setting, value in (("spark.sql.shuffle.partitions", "many"), ("spark.sql.ansi.enabled", "perhaps"), ("spark.sql.session.timeZone", "Moon/Far"),
                           ("spark.sql.streaming.minBatchesToRetain", "x")):
        got = live.error_of(lambda: spark.conf.set(setting, value))
        tally.check(got and got[0] == ILLEGAL or got and got[1], "%s = %s" % (setting, value), got)
    same(tally, "a static setting", lambda: spark.conf.set("spark.sql.warehouse.dir", "/x"), (ANALYSIS, "CANNOT_MODIFY_STATIC_CONFIG", "46110", None))


def modes(tally, p):
    src = p.text()
    counts = src.groupBy("value").count()
    same(tally, "append without a watermark", lambda: p.start(counts, "append"), golden("011", "append"))
    same(tally, "the default mode is append", lambda: p.start(counts), golden("011", "default_mode"))
    same(tally, "complete without an aggregation", lambda: p.start(src, "complete"), golden("011", "complete_no_agg"))
    same(tally, "no such mode", lambda: p.start(src, "upsert"), golden("011", "bad_mode"))
    same(tally, "csv in complete mode", lambda: p.start(counts, "complete", "csv", checkpointLocation=p.folder + "/ck", path=p.folder + "/o"),
         golden("011", "csv_complete"))
    same(tally, "csv in update mode", lambda: p.start(counts, "update", "csv", checkpointLocation=p.folder + "/ck1", path=p.folder + "/o1"),
         golden("011", "csv_update"))
    s = p.typed()
    same(tally, "windows without a watermark", lambda: p.start(s.groupBy("t").count(), "append"), golden("028", "nowm_window_append"))
    same(tally, "watermark on another column", lambda: p.start(s.withWatermark("t", "1 minute").groupBy("k").count(), "append"),
         golden("028", "wm_other_col_append"))
    same(tally, "sort in append mode", lambda: p.start(s.orderBy("v"), "append"), golden("028", "sort_append"))
    same(tally, "limit in update mode", lambda: p.start(s.limit(2), "update"), golden("028", "limit_update"))
    same(tally, "two aggregations", lambda: p.start(s.groupBy("k", "v").count().groupBy("k").count(), "update"), golden("028", "two_aggs_update"))
    same(tally, "collect on a stream", lambda: s.collect(), golden("028", "collect"))
    same(tally, "count on a stream", lambda: s.count(), golden("028", "count"))
    same(tally, "write on a stream", lambda: s.write.json(p.folder + "/x"), golden("028", "write"))
    static = p.spark.createDataFrame([("a", 1)], "k string, v int")
    same(tally, "writeStream on a table", lambda: p.start(static, "append"), golden("028", "batch_writeStream"))


def columns_and_types(tally, p):
    spark, s = p.spark, p.timed()
    same(tally, "watermark on an unknown column", lambda: s.withWatermark("zz", "1 minute").schema, golden("055", "missing"))
    same(tally, "watermark on a string", lambda: s.withWatermark("k", "1 minute").schema, golden("055", "type"))
    same(tally, "watermark on timestamp_ntz", lambda: s.withWatermark("n", "1 minute").schema, golden("055", "ntz"))
    same(tally, "a delay that is none", lambda: s.withWatermark("t", "soon").schema, golden("055", "bad"))
    same(tally, "a delay below zero", lambda: s.withWatermark("t", "-1 minute").schema, golden("055", "neg"))
    column = (ANALYSIS, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703",
              "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name `nope` cannot be resolved. Did you mean one "
              "of the following? [`k`, `n`, `t`]. SQLSTATE: 42703", "prefix")
    same(tally, "unknown column", lambda: s.select("nope").schema, column)
    same(tally, "unknown column in a filter", lambda: s.where("nope > 1").schema, column)
    same(tally, "unknown function", lambda: s.selectExpr("nosuch(k)").schema, (ANALYSIS, "UNRESOLVED_ROUTINE", "42883",
         "[UNRESOLVED_ROUTINE] Cannot resolve routine `nosuch` on search path", "prefix"))
    same(tally, "wrong number of arguments", lambda: s.selectExpr("upper(k, k)").schema, (ANALYSIS, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605", None))
    same(tally, "wrong type of an argument", lambda: s.selectExpr("array_size(t)").schema,
         (ANALYSIS, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "42K09", None))
    same(tally, "a filter that is no condition", lambda: s.where("t").schema, (ANALYSIS, "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "42K09", None))
    same(tally, "an unknown table", lambda: spark.sql("SELECT * FROM nowhere").collect(), (ANALYSIS, "TABLE_OR_VIEW_NOT_FOUND", "42P01", None))
    same(tally, "not an aggregate", lambda: spark.sql("SELECT id FROM range(3) GROUP BY id % 2").collect(),
         (ANALYSIS, "MISSING_AGGREGATION", "42803", None))
    same(tally, "one over zero", lambda: spark.sql("SELECT 1/0").collect(), ("ArithmeticException", "DIVIDE_BY_ZERO", "22012", None))


def texts(tally, p):
    spark = p.spark
    syntax = (PARSE, "PARSE_SYNTAX_ERROR", "42601")
    same(tally, "SELEC 1", lambda: spark.sql("SELEC 1").collect(), syntax + ("", "prefix"))
    same(tally, "a word too many", lambda: spark.sql("SELECT 1 1").collect(), syntax + (None,))
    same(tally, "an expression", lambda: spark.range(1).selectExpr("id +").schema, syntax + (None,))
    same(tally, "an unclosed string", lambda: spark.sql("SELECT 'abc").collect(), syntax + (None,))
    same(tally, "an unclosed comment", lambda: spark.sql("SELECT 1 /* abc").collect(), (PARSE, "UNCLOSED_BRACKETED_COMMENT", "42601", None))
    same(tally, "an empty text", lambda: spark.sql("").collect(), (PARSE, "PARSE_EMPTY_STATEMENT", "42617", None))
    got = live.error_of(lambda: spark.sql("SELECT " + "(" * 20000 + "1" + ")" * 20000).collect())
    tally.check(got and got[1], "twenty thousand brackets", got)
    got = live.error_of(lambda: spark.sql("SELECT " + "-" + " -" * 20000 + "1").collect())
    tally.check(got and got[1], "twenty thousand signs", got)
    for bad in ("\0", "SELECT '\ud7ff\0'", "\x01\x02\x7f", "SELECT `", "SELECT $", "SELECT 1e999999",
                "SELECT X'0g'", "SELECT 99999999999999999999999999999999999999999"):
        live.error_of(lambda: spark.sql(bad).collect())
        tally.equal(spark.range(1).count(), 1, "the session goes on after %r" % bad)


def main():
    tally = live.Tally()
    with tempfile.TemporaryDirectory(prefix="spate-faults-") as folder:
        server = live.Server(folder)
        spark = live.session(server.remote)
        p = Program(spark, folder)
        for part in (sources_and_sinks, options, modes, columns_and_types, texts):
            tally.run(part.__name__, part, tally, p)
            tally.equal(spark.sql("SELECT 1").collect()[0][0], 1, part.__name__ + ": the session goes on")
        tally.equal(len(spark.streams.active), 0, "no query is left")
        spark.stop()
        tally.equal(server.stop(), 0, "the server drains")
    tally.end()


if __name__ == "__main__":
    main()
