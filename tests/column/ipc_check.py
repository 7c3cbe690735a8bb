"""ipc_check.py FOLDER: pyarrow's half of tests/column/test_ipc.c.

Reads ours.arrow and compares it with what the C side put there; writes <n>.arrow with <n>.txt, the text that the C side
must read out of it (schema, then a row a line, as Dataset.show prints values).
"""
import datetime
import decimal
import os
import sys

import pyarrow as pa

folder = sys.argv[1]


def check_ours():
    with pa.ipc.open_stream(os.path.join(folder, "ours.arrow")) as reader:
        schema = reader.schema
        table = reader.read_all()
    table.validate(full=True)
    want = {
        "a": pa.bool_(), "b": pa.int8(), "c": pa.int16(), "d": pa.int32(), "e": pa.int64(), "f": pa.float32(),
        "g": pa.float64(), "h": pa.decimal128(38, 4), "i": pa.string(), "j": pa.binary(), "k": pa.date32(),
        "l": pa.timestamp("us", tz="Europe/Berlin"), "m": pa.timestamp("us"), "n": pa.time64("ns"),
        "p": pa.duration("us"), "q": pa.month_day_nano_interval(), "r": pa.null(), "s": pa.list_(pa.int32()),
        "t": pa.map_(pa.string(), pa.list_(pa.int64())),
        "u": pa.struct([("x", pa.int32()), ("y", pa.list_(pa.struct([("z", pa.string())])))]),
    }
    for name, kind in want.items():
        assert schema.field(name).type == kind, (name, schema.field(name).type, kind)
    assert str(schema.field("o").type) == "month_interval", schema.field("o").type
    assert schema.field("a").nullable and not schema.field("v").nullable
    assert schema.field("s").type.field(0).name == "element"
    variant = schema.field("w").type
    assert [f.name for f in variant] == ["value", "metadata"] and variant[1].metadata == {b"variant": b"true"}
    rows = [i for n in (6, 3) for i in range(n)]
    null = [i % 5 == 4 for i in rows]

    def column(name, value):
        got = table.column(name).to_pylist()
        expected = [None if dead else value(i) for i, dead in zip(rows, null)]
        assert got == expected, (name, got, expected)

    column("a", lambda i: i % 3 == 0)
    for name in "bcde":
        column(name, lambda i: i - 3)
    for name in "fg":
        column(name, lambda i: i / 4)
    column("h", lambda i: decimal.Decimal(i * 123456789012345678 - 5).scaleb(-4, decimal.Context(prec=38)))
    column("i", lambda i: "a longer string than 12"[:i % 20] + str(i))
    column("j", lambda i: b"\0\1\2\377"[:i % 5])
    column("k", lambda i: datetime.date(1970, 1, 1) + datetime.timedelta(days=i - 3))
    column("m", lambda i: datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=1700000000000000 + i))
    column("n", lambda i: datetime.time(0, 0, i, 5))
    column("p", lambda i: datetime.timedelta(microseconds=i - 3))
    column("q", lambda i: pa.MonthDayNano([i, -2, 3000000000]))
    column("w", lambda i: {"value": b"\x0c\x07", "metadata": b"\1\0\0"})
    assert table.column("r").null_count == 9
    maybe = lambda i, v: None if i % 5 == 4 else v
    column("s", lambda i: [maybe(i + k, i + k - 3) for k in range(i % 3)])
    column("u", lambda i: {"x": maybe(i, i - 3), "y": maybe(i + 1, [
        maybe(i + 1 + k, {"z": maybe(i + 1 + k, "a longer string than 12"[:(i + 1 + k) % 20] + str(i + 1 + k))})
        for k in range((i + 1) % 3)])})


count = 0


def give(schema, rows, batches, dictionaries_delta=False):
    """One stream: schema text, row texts, and the record batches (one schema)."""
    global count
    path = os.path.join(folder, "%d.arrow" % count)
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=dictionaries_delta)
    with pa.ipc.new_stream(path, batches[0].schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    with open(os.path.join(folder, "%d.txt" % count), "w") as f:
        f.write("".join(line + "\n" for line in [schema] + rows))
    count += 1


def one(kind, texts, values, arrow):
    give("struct<a:%s>" % kind, texts, [pa.record_batch([pa.array(values, arrow)], ["a"])])


def give_all():
    one("tinyint", ["1", "NULL", "-3"], [1, None, -3], pa.int8())
    one("smallint", ["200", "NULL"], [200, None], pa.uint8())
    one("int", ["60000"], [60000], pa.uint16())
    one("bigint", ["4000000000", "NULL"], [4000000000, None], pa.uint32())
    one("decimal(20,0)", ["18446744073709551615"], [2 ** 64 - 1], pa.uint64())
    one("float", ["1.5", "NULL", "-2.0", "6.1035156E-5", "5.9604645E-8"],
        [1.5, None, -2, 2 ** -14, 2 ** -24], pa.float16())
    one("double", ["0.1", "NULL", "NaN"], [0.1, None, float("nan")], pa.float64())
    bools = [None if i % 7 == 6 else i % 3 == 0 for i in range(100)]
    one("boolean", ["NULL" if b is None else str(b).lower() for b in bools], bools, pa.bool_())
    words = ["", "short", None, "exactly12byt", "thirteen byte", "ä" * 20]
    shown = [w if w is not None else "NULL" for w in words]
    for arrow in (pa.string(), pa.large_string(), pa.string_view()):
        one("string", shown, words, arrow)
    for arrow in (pa.binary(), pa.large_binary(), pa.binary_view()):
        one("binary", ["[48 65]", "NULL", "[" + " ".join(["41"] * 15) + "]"], [b"He", None, b"A" * 15], arrow)
    one("binary", ["[01 02 03]", "NULL"], [b"\1\2\3", None], pa.binary(3))
    for arrow in (pa.date32(), pa.date64()):
        one("date", ["1969-12-31", "NULL", "2024-02-29"],
            [datetime.date(1969, 12, 31), None, datetime.date(2024, 2, 29)], arrow)
    when = datetime.datetime(1960, 5, 6, 7, 8, 9)
    for unit in ("s", "ms", "us", "ns"):
        one("timestamp_ntz", ["1960-05-06 07:08:09", "NULL"], [when, None], pa.timestamp(unit))
        one("timestamp", ["1960-05-06 07:08:09", "NULL"], [when, None], pa.timestamp(unit, tz="UTC"))
        one("interval day to second", ["INTERVAL '-1 00:00:05' DAY TO SECOND", "NULL"],
            [datetime.timedelta(days=-1, seconds=-5), None], pa.duration(unit))
    one("timestamp_ntz", ["1969-12-31 23:59:59.999999", "1970-01-01 00:00:00"], [-1, 999], pa.timestamp("ns"))
    one("time(6)", ["01:02:03"], [datetime.time(1, 2, 3)], pa.time32("s"))
    one("time(6)", ["01:02:03.000004"], [datetime.time(1, 2, 3, 4)], pa.time64("us"))
    one("interval", ["1 months 2 days 3 seconds", "NULL"], [pa.MonthDayNano([1, 2, 3000000000]), None],
        pa.month_day_nano_interval())
    for arrow in (pa.decimal128(9, 2), pa.decimal256(9, 2), pa.decimal32(9, 2), pa.decimal64(9, 2)):
        one("decimal(9,2)", ["-1.50", "NULL"], [decimal.Decimal("-1.50"), None], arrow)
    one("void", ["NULL", "NULL"], [None, None], pa.null())
    lists, list_texts = [[1, None], None, [], [2, 3]], ["[1, NULL]", "NULL", "[]", "[2, 3]"]
    for arrow in (pa.list_(pa.int32()), pa.large_list(pa.int32()), pa.list_view(pa.int32()),
                  pa.large_list_view(pa.int32())):
        one("array<int>", list_texts, lists, arrow)
    one("array<int>", ["[1, 2]", "NULL", "[3, NULL]"], [[1, 2], None, [3, None]], pa.list_(pa.int32(), 2))
    one("map<string,int>", ["{k -> 1, l -> NULL}", "{}", "NULL"], [[("k", 1), ("l", None)], [], None],
        pa.map_(pa.string(), pa.int32()))
    nested = pa.struct([("x", pa.list_(pa.struct([("y", pa.string())]))), ("z", pa.int64())])
    one("struct<x:array<struct<y:string>>,z:bigint>", ["{[{s}, NULL, {NULL}], 1}", "NULL", "{NULL, 2}"],
        [{"x": [{"y": "s"}, None, {"y": None}], "z": 1}, None, {"x": None, "z": 2}], nested)
    # a slice that begins inside bytes and lists
    sliced = pa.record_batch([pa.array(bools, pa.bool_()), pa.array([[i] * (i % 4) for i in range(100)])], ["a", "b"])
    sliced = sliced.slice(13, 5)
    give("struct<a:boolean,b:array<bigint>>",
         ["NULL | [13]" if bools[13] is None else "%s | [13]" % str(bools[13]).lower()] +
         ["%s | [%s]" % ("NULL" if bools[i] is None else str(bools[i]).lower(), ", ".join([str(i)] * (i % 4)))
          for i in range(14, 18)],
         [sliced])
    # dictionaries: of strings, nested in a list, of structs, replaced and grown between batches
    for index in (pa.int8(), pa.uint16(), pa.int32(), pa.int64()):
        one("string", ["b", "NULL", "a", "b"], ["b", None, "a", "b"], pa.dictionary(index, pa.string()))
    encoded = pa.array(["x", None, "y", "x"]).dictionary_encode()
    give("struct<a:array<string>>", ["[x, NULL]", "[]", "[y, x]"],
         [pa.record_batch([pa.ListArray.from_arrays(pa.array([0, 2, 2, 4], pa.int32()), encoded)], ["a"])])
    structs = pa.DictionaryArray.from_arrays(pa.array([1, 0, None]),
                                                 pa.array([{"p": 1, "q": "m"}, {"p": 2, "q": None}]))
    give("struct<a:struct<p:bigint,q:string>>", ["{2, NULL}", "{1, m}", "NULL"], [pa.record_batch([structs], ["a"])])
    first = pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["a", "b"]))
    for second, text in ((pa.array(["a", "b", "c"]), "c"), (pa.array(["x", "y", "z"]), "z")):
        other = pa.DictionaryArray.from_arrays(pa.array([2]), second)
        batches = [pa.record_batch([first], ["a"]), pa.record_batch([other], ["a"])]
        give("struct<a:string>", ["a", "b", text], batches, dictionaries_delta=True)
    give("struct<>", [], [pa.record_batch([], schema=pa.schema([]))])
    give("struct<a:int>", [], [pa.record_batch([pa.array([], pa.int32())], ["a"])])
    union = pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])])
    give("[UNSUPPORTED_ARROWTYPE] Unsupported arrow type Union. SQLSTATE: 0A000", [], [pa.record_batch([union], ["a"])])


check_ours()
give_all()
