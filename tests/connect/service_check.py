#!/usr/bin/env python3
"""The service seen by its real client and by bare stubs: service_check.py PORT. Run by test_service.c against a service in its own process, whose
executions without a client live for a second and a half. Prints what failed; exit code 1 then."""
import contextlib
import io
import logging
import sys
import threading
import time
import traceback
import uuid
import zlib

import grpc
import pyspark.sql.connect.proto as pb
import pyspark.sql.connect.proto.base_pb2_grpc as stubs
from google.rpc import error_details_pb2, status_pb2
from pyspark.errors import PySparkException
from pyspark.sql import Observation, SparkSession
from pyspark.sql import functions as F

logging.disable(logging.CRITICAL)
PORT = sys.argv[1]
URL = "sc://127.0.0.1:" + PORT
channel = grpc.insecure_channel("127.0.0.1:" + PORT)
stub = stubs.SparkConnectServiceStub(channel)
failed = []


def check(what, got, want=True):
    if got != want:
        failed.append(what)
        print("FAIL %s: got %r, want %r" % (what, got, want))


def condition(call):
    """The condition in the error of a call, '' when there is none."""
    try:
        result = call()
        if hasattr(result, "__next__"):
            for _ in result:
                pass
    except grpc.RpcError as e:
        for key, value in e.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                status = status_pb2.Status()
                status.ParseFromString(value)
                info = error_details_pb2.ErrorInfo()
                status.details[0].Unpack(info)
                return info.metadata.get("errorClass", info.reason)
        return e.code().name
    return ""


def new_id():
    return str(uuid.uuid4())


def execute(session, relation=None, command=None, reattach=False, operation=None, **kw):
    r = pb.ExecutePlanRequest(session_id=session, operation_id=operation or new_id(), **kw)
    if relation is not None:
        r.plan.root.CopyFrom(relation)
    if command is not None:
        r.plan.command.CopyFrom(command)
    if reattach:
        r.request_options.add().reattach_options.reattachable = True
    return r


def range_of(n):
    r = pb.Relation()
    r.range.end, r.range.step = n, 1
    return r


def long_wait():
    """A command that waits until it is interrupted."""
    c = pb.Command()
    c.streaming_query_manager_command.await_any_termination.SetInParent()
    return c


def sessions():
    check("a session id that is no UUID", condition(lambda: stub.Config(pb.ConfigRequest(session_id="x"))), "INVALID_HANDLE.FORMAT")
    a = new_id()
    r = pb.ConfigRequest(session_id=a)
    r.operation.get_all.SetInParent()
    first = stub.Config(r)
    check("ids", (first.session_id, len(first.server_side_session_id)), (a, 36))
    r.client_observed_server_side_session_id = new_id()
    check("another server's session", condition(lambda: stub.Config(r)), "INVALID_HANDLE.SESSION_CHANGED")
    r.client_observed_server_side_session_id = first.server_side_session_id
    check("the same session", stub.Config(r).server_side_session_id, first.server_side_session_id)
    details = pb.FetchErrorDetailsRequest(session_id=new_id())
    check("no such session", condition(lambda: stub.FetchErrorDetails(details)), "INVALID_HANDLE.SESSION_NOT_FOUND")
    stub.ReleaseSession(pb.ReleaseSessionRequest(session_id=a))
    check("a released session", condition(lambda: stub.Config(r)), "INVALID_HANDLE.SESSION_CLOSED")
    b = new_id()
    r = pb.ConfigRequest(session_id=b)
    r.operation.get_all.SetInParent()
    was = stub.Config(r).server_side_session_id
    stub.ReleaseSession(pb.ReleaseSessionRequest(session_id=b, allow_reconnect=True))
    check("a session that came back is new", stub.Config(r).server_side_session_id != was)
    r = pb.ConfigRequest(session_id=b, user_context=pb.UserContext(user_id="other"))
    r.operation.get_all.SetInParent()
    check("another user's session", stub.Config(r).server_side_session_id != was)


def config():
    s = new_id()

    def run(**kw):
        return stub.Config(pb.ConfigRequest(session_id=s, operation=pb.ConfigRequest.Operation(**kw)))

    pair = pb.KeyValue(key="spark.test.x", value="1")
    check("unknown", condition(lambda: run(get=pb.ConfigRequest.Get(keys=["spark.test.x"]))), "SQL_CONF_NOT_FOUND")
    got = run(get_option=pb.ConfigRequest.GetOption(keys=["spark.test.x"])).pairs[0]
    check("option of what is not set", (got.key, got.HasField("value")), ("spark.test.x", False))
    check("default", run(get_with_default=pb.ConfigRequest.GetWithDefault(pairs=[pair])).pairs[0].value, "1")
    run(set=pb.ConfigRequest.Set(pairs=[pair]))
    check("set", run(get=pb.ConfigRequest.Get(keys=["spark.test.x"])).pairs[0].value, "1")
    check("prefix", [(p.key, p.value) for p in run(get_all=pb.ConfigRequest.GetAll(prefix="spark.test.")).pairs], [("x", "1")])
    run(unset=pb.ConfigRequest.Unset(keys=["spark.test.x"]))
    check("unset", condition(lambda: run(get=pb.ConfigRequest.Get(keys=["spark.test.x"]))), "SQL_CONF_NOT_FOUND")
    keys = ["spark.sql.shuffle.partitions", "spark.master", "spark.test.x"]
    check("modifiable", [p.value for p in run(is_modifiable=pb.ConfigRequest.IsModifiable(keys=keys)).pairs], ["true", "false", "false"])
    bad = pb.KeyValue(key="spark.sql.shuffle.partitions", value="x")
    check("a bad value", condition(lambda: run(set=pb.ConfigRequest.Set(pairs=[bad]))) != "")
    check("a bad value, silently", len(run(set=pb.ConfigRequest.Set(pairs=[bad], silent=True)).warnings), 1)


def executions():
    s = new_id()
    kinds = [r.WhichOneof("response_type") or "schema" if not r.HasField("metrics") else "metrics" for r in stub.ExecutePlan(execute(s, range_of(3)))]
    check("responses", (kinds[0], set(kinds[1:-1]), kinds[-1]), ("schema", {"arrow_batch"}, "metrics"))
    op = new_id()
    all_of = list(stub.ExecutePlan(execute(s, range_of(20000), reattach=True, operation=op)))
    check("the end", all_of[-1].WhichOneof("response_type"), "result_complete")
    check("ids", len({r.response_id for r in all_of}) == len(all_of) and {r.operation_id for r in all_of} == {op})
    again = pb.ReattachExecuteRequest(session_id=s, operation_id=op)
    check("from the start", [r.response_id for r in stub.ReattachExecute(again)], [r.response_id for r in all_of])
    again.last_response_id = all_of[1].response_id
    check("from the middle", [r.response_id for r in stub.ReattachExecute(again)], [r.response_id for r in all_of[2:]])
    again.last_response_id = all_of[-1].response_id
    check("nothing is left", list(stub.ReattachExecute(again)), [])
    again.last_response_id = new_id()
    check("no such response", condition(lambda: stub.ReattachExecute(again)), "INVALID_CURSOR.POSITION_NOT_FOUND")
    check("twice the same", condition(lambda: stub.ExecutePlan(execute(s, range_of(1), operation=op))), "INVALID_HANDLE.OPERATION_ALREADY_EXISTS")
    release = pb.ReleaseExecuteRequest(session_id=s, operation_id=op)
    release.release_until.response_id = all_of[1].response_id
    stub.ReleaseExecute(release)
    again.last_response_id = all_of[1].response_id
    check("after what was released", [r.response_id for r in stub.ReattachExecute(again)], [r.response_id for r in all_of[2:]])
    again.ClearField("last_response_id")
    check("what was released", condition(lambda: stub.ReattachExecute(again)), "INVALID_CURSOR.POSITION_NOT_AVAILABLE")
    release.release_all.SetInParent()
    check("released", stub.ReleaseExecute(release).operation_id, op)
    check("released twice", stub.ReleaseExecute(release).operation_id, "")
    check("gone", condition(lambda: stub.ReattachExecute(again)), "INVALID_HANDLE.OPERATION_NOT_FOUND")
    check("no operation id", condition(lambda: stub.ExecutePlan(execute(s, range_of(1), operation="x"))), "INVALID_HANDLE.FORMAT")
    check("no plan", condition(lambda: stub.ExecutePlan(execute(s))), "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET")


def moved_and_abandoned():
    s, op = new_id(), new_id()
    first = stub.ExecutePlan(execute(s, command=long_wait(), reattach=True, operation=op))
    time.sleep(0.2)
    second = stub.ReattachExecute(pb.ReattachExecuteRequest(session_id=s, operation_id=op))
    check("its place was taken", condition(lambda: first), "INVALID_CURSOR.DISCONNECTED")
    second.cancel()
    time.sleep(2.5)
    again = pb.ReattachExecuteRequest(session_id=s, operation_id=op)
    check("nobody came", condition(lambda: stub.ReattachExecute(again)), "INVALID_HANDLE.OPERATION_ABANDONED")
    op = new_id()
    gone = stub.ExecutePlan(execute(s, command=long_wait(), operation=op))
    time.sleep(0.2)
    state = pb.GetStatusRequest(session_id=s)
    state.operation_status.operation_ids.append(op)
    running = pb.GetStatusResponse.OperationStatus.OPERATION_STATE_RUNNING
    check("running", stub.GetStatus(state).operation_statuses[0].state, running)
    gone.cancel()
    for _ in range(50):
        if stub.GetStatus(state).operation_statuses[0].state != running:
            break
        time.sleep(0.02)
    check("a dead client's work ends", stub.GetStatus(state).operation_statuses[0].state != running)


def interrupts():
    s = new_id()
    calls = {}
    for tag in ("a", "b", "c"):
        op = new_id()
        calls[tag] = (op, stub.ExecutePlan(execute(s, command=long_wait(), operation=op, tags=[tag])))
    time.sleep(0.2)
    kinds = pb.InterruptRequest.InterruptType
    r = pb.InterruptRequest(session_id=s, interrupt_type=kinds.INTERRUPT_TYPE_TAG, operation_tag="a")
    check("by tag", list(stub.Interrupt(r).interrupted_ids), [calls["a"][0]])
    check("was interrupted", condition(lambda: calls["a"][1]), "OPERATION_CANCELED")
    r = pb.InterruptRequest(session_id=s, interrupt_type=kinds.INTERRUPT_TYPE_OPERATION_ID, operation_id=calls["b"][0])
    check("by id", list(stub.Interrupt(r).interrupted_ids), [calls["b"][0]])
    check("was interrupted too", condition(lambda: calls["b"][1]), "OPERATION_CANCELED")
    r = pb.InterruptRequest(session_id=s, interrupt_type=kinds.INTERRUPT_TYPE_ALL)
    check("all", list(stub.Interrupt(r).interrupted_ids), [calls["c"][0]])
    check("all were interrupted", condition(lambda: calls["c"][1]), "OPERATION_CANCELED")
    check("none is left", list(stub.Interrupt(r).interrupted_ids), [])
    r = pb.InterruptRequest(session_id=s)
    check("no type", condition(lambda: stub.Interrupt(r)), "UNSUPPORTED_FEATURE.INTERRUPT_TYPE")
    waiting = stub.ExecutePlan(execute(s, command=long_wait()))
    time.sleep(0.2)
    stub.ReleaseSession(pb.ReleaseSessionRequest(session_id=s))
    check("a released session's work ends", condition(lambda: waiting), "OPERATION_CANCELED")


def artifacts():
    s = new_id()
    data = bytes(range(256)) * 400
    parts = [data[i:i + 40000] for i in range(0, len(data), 40000)]

    def messages(crc=0):
        one = pb.AddArtifactsRequest(session_id=s)
        one.batch.artifacts.add(name="cache/one").data.CopyFrom(pb.AddArtifactsRequest.ArtifactChunk(data=b"x", crc=zlib.crc32(b"x") + crc))
        yield one
        for i, part in enumerate(parts):
            m = pb.AddArtifactsRequest(session_id=s)
            chunk = pb.AddArtifactsRequest.ArtifactChunk(data=part, crc=zlib.crc32(part))
            if i == 0:
                m.begin_chunk.CopyFrom(pb.AddArtifactsRequest.BeginChunkedArtifact(
                    name="cache/two", total_bytes=len(data), num_chunks=len(parts), initial_chunk=chunk))
            else:
                m.chunk.CopyFrom(chunk)
            yield m

    check("summaries", [(a.name, a.is_crc_successful) for a in stub.AddArtifacts(messages()).artifacts], [("cache/one", True), ("cache/two", True)])
    check("a wrong sum", [a.is_crc_successful for a in stub.AddArtifacts(messages(1)).artifacts], [False, True])
    names = ["cache/one", "cache/two", "cache/three"]
    got = stub.ArtifactStatus(pb.ArtifactStatusesRequest(session_id=s, names=names)).statuses
    check("statuses", [got[n].exists for n in names], [True, True, False])
    stray = pb.AddArtifactsRequest(session_id=s)
    stray.chunk.data = b"x"
    check("a chunk alone", condition(lambda: stub.AddArtifacts(iter([stray]))) != "")
    outside = pb.AddArtifactsRequest(session_id=s)
    outside.batch.artifacts.add(name="../x").data.data = b""
    check("a name that leads outside", condition(lambda: stub.AddArtifacts(iter([outside]))) != "")


def malformed():
    raw = channel.unary_unary("/spark.connect.SparkConnectService/Config", request_serializer=lambda b: b, response_deserializer=lambda b: b)
    for bytes_ in (b"\xff\xff\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x0b" * 50):
        check("malformed %r" % bytes_[:4], condition(lambda b=bytes_: raw(b)) != "")
    nested = b""
    for _ in range(3000):
        length, n = b"", len(nested)
        while True:
            length += bytes([n & 127 | (128 if n > 127 else 0)])
            n >>= 7
            if not n:
                break
        nested = b"\x12" + length + nested
    plan = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan", request_serializer=lambda b: b, response_deserializer=lambda b: b)
    check("nested", condition(lambda: plan(b"\x1a\x00" + nested)) != "")
    r = pb.ConfigRequest(session_id=new_id())
    r.operation.get_all.SetInParent()
    check("the server lives", condition(lambda: stub.Config(r)), "")


def client():
    spark = SparkSession.builder.remote(URL).create()
    check("version", spark.version, "4.3.0")
    df = spark.createDataFrame([(i, "v%d" % (i % 7)) for i in range(1000)], "k INT, v STRING")
    check("rows", df.groupBy("v").count().orderBy("v").limit(1).collect()[0][:], ("v0", 143))
    big = spark.createDataFrame([(i, "x" * 100) for i in range(40000)], ["k", "v"])   # cached and sent in chunks
    check("a large local DataFrame", big.selectExpr("sum(k)", "max(length(v))").collect()[0][:], (799980000, 100))
    check("many rows", spark.range(300000).select((F.col("id") % 10).alias("m")).toPandas()["m"].sum(), 1350000)
    check("no rows", spark.range(5).filter("id > 9").collect(), [])
    check("no rows in pandas", list(spark.range(5).filter("id > 9").toPandas().columns), ["id"])
    try:
        df.select("nope").collect()
        check("an unknown column", False)
    except PySparkException as e:
        check("condition", (type(e).__name__, e.getCondition(), e.getSqlState()), ("AnalysisException", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703"))
        check("parameters", e.getMessageParameters().get("objectName"), "`nope`")
        check("context", e.getQueryContext()[0].fragment(), "col")
    df.createOrReplaceTempView("t")
    check("view", spark.sql("select count(*) c from t where k < :n", args={"n": 10}).collect()[0].c, 10)
    check("SQL over a DataFrame", spark.sql("select max(k) m from {df}", df=df).collect()[0].m, 999)
    check("a command's rows", spark.sql("SET spark.test.y=2").collect()[0][:], ("spark.test.y", "2"))
    seen = Observation("o")
    df.observe(seen, F.sum("k").alias("s"), F.count(F.lit(1)).alias("n")).collect()
    check("observed", seen.get, {"s": 499500, "n": 1000})
    kept = df.limit(3).localCheckpoint()
    check("checkpoint", kept.count(), 3)
    check("persist", (df.persist().storageLevel.useMemory, df.unpersist().storageLevel.useMemory), (True, False))
    check("same semantics", (df.select("k").sameSemantics(df.select("k")), df.select("k").sameSemantics(df.select("v"))), (True, False))
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        df.printSchema()
    check("tree", text.getvalue().split(), "root |-- k: integer (nullable = true) |-- v: string (nullable = true)".split())
    check("types", spark._client._analyze(method="ddl_parse", ddl_string="a INT").parsed.simpleString(), "struct<a:int>")
    check("DDL", spark._client._analyze(method="json_to_ddl", json_string=df.schema.json()).ddl_string, "k INT,v STRING")
    check("local", spark.createDataFrame([(1,)], ["a"]).isStreaming, False)
    copy = spark._client.clone()
    check("a clone has the views", copy._session_id != spark._client._session_id)
    check("exists", (spark.catalog.tableExists("t"), spark.catalog.tableExists("nope")), (True, False))
    check("tables", [(t.name, t.isTemporary) for t in spark.catalog.listTables()], [("t", True)])
    check("columns", [(c.name, c.dataType) for c in spark.catalog.listColumns("t")], [("k", "int"), ("v", "string")])
    check("drop", (spark.catalog.dropTempView("t"), spark.catalog.dropTempView("t")), (True, False))
    spark.stop()


def streams():
    spark = SparkSession.builder.remote(URL).create()
    spark.conf.set("spark.sql.shuffle.partitions", "1")
    q = spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 5).load().writeStream.format("memory").queryName("m").start()
    try:
        while not q.recentProgress or q.recentProgress[-1].batchId < 2:
            time.sleep(0.02)
        check("active", [(x.id, x.name) for x in spark.streams.active], [(q.id, "m")])
        check("found", spark.streams.get(q.id).runId, q.runId)
        check("rows", spark.table("m").count() >= 15)
    finally:
        q.stop()
    check("stopped", (q.isActive, q.exception(), q.awaitTermination(5)), (False, None, True))
    spark.stop()


def many_clients():
    wrong = []

    def one(i):
        s = new_id()
        try:
            rows = sum(r.arrow_batch.row_count for r in stub.ExecutePlan(execute(s, range_of(1000 + i))))
            if rows != 1000 + i:
                wrong.append((i, rows))
            stub.ReleaseSession(pb.ReleaseSessionRequest(session_id=s))
        except Exception as e:      # noqa
            wrong.append((i, e))

    threads = [threading.Thread(target=one, args=(i,)) for i in range(64)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    check("64 clients at once", wrong, [])


def slow_reader():
    s = new_id()
    call = stub.ExecutePlan(execute(s, range_of(20_000_000)))
    got = 0
    for r in call:
        got += r.arrow_batch.row_count
        if got > 100_000:
            break
    time.sleep(0.5)     # the server waits for us
    call.cancel()
    check("the others go on", sum(r.arrow_batch.row_count for r in stub.ExecutePlan(execute(s, range_of(5)))), 5)


def expires():
    """For a service whose sessions live for 0.3 s unused."""
    r = pb.ConfigRequest(session_id=new_id())
    r.operation.get_all.SetInParent()
    stub.Config(r)
    time.sleep(1)
    check("an unused session", condition(lambda: stub.Config(r)), "INVALID_HANDLE.SESSION_CLOSED")
    spark = SparkSession.builder.remote(URL).create()
    q = spark.readStream.format("rate-micro-batch").option("rowsPerBatch", 5).load().writeStream.format("noop").start()
    time.sleep(1)
    check("a session whose query runs", q.isActive)
    q.stop()
    spark.stop()


if sys.argv[2:] == ["expires"]:
    expires()
    sys.exit(1 if failed else 0)
for test in (sessions, config, executions, moved_and_abandoned, interrupts, artifacts, malformed, client, streams, many_clients, slow_reader):
    if len(sys.argv) > 2 and test.__name__ not in sys.argv[2:]:
        continue
    start = time.time()
    try:
        test()
    except Exception:       # noqa
        failed.append(test.__name__)
        traceback.print_exc(limit=4)
    print("%-20s %.2f s" % (test.__name__, time.time() - start), flush=True)
sys.exit(1 if failed else 0)
