"""DuckDB's batch of W1 and W2, by the protocol of stream_job.py: duck_job.py CONTROL_FD"""
import hashlib
import json
import os
import socket
import sys
import time

import duckdb

COLUMNS = "{%s}" % ", ".join("%s: 'VARCHAR'" % c for c in (
    "user_id", "page_id", "ad_id", "ad_type", "event_type", "event_time", "ip_address"))
W1 = """SELECT word, count(*) AS n FROM (
    SELECT unnest(string_split(line, ' ')) AS word FROM read_csv('%s/*.txt', columns = {line: 'VARCHAR'}, header = false,
    delim = '\t', quote = '', escape = '', auto_detect = false)) GROUP BY word"""
W2 = """SELECT event_time::BIGINT // 10000 * 10 AS s, campaign_id, count(*) AS n
    FROM read_json('%s/*.json', columns = """ + COLUMNS + """, format = 'newline_delimited') e JOIN ads ON e.ad_id = ads.ad
    WHERE event_type = 'view' GROUP BY ALL"""


def throughput(con, request):
    query = (W1 if request["workload"] == "w1" else W2) % request["input"]
    if request["workload"] == "w2":
        con.execute("CREATE OR REPLACE TEMP TABLE ads AS SELECT * FROM read_csv('%s', header = false, "
                    "columns = {ad: 'VARCHAR', campaign_id: 'VARCHAR'})" % request["ads"])
    start = time.perf_counter()
    con.execute("CREATE OR REPLACE TEMP TABLE result AS " + query)
    reply = {"seconds": time.perf_counter() - start}
    if request["sink"] == "memory":
        rows = con.execute("SELECT * FROM result").fetchall()
        text = "\n".join(sorted("\t".join(map(str, row)) for row in rows))
        reply["digest"] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return reply


def main():
    control = socket.socket(fileno=int(sys.argv[1]))
    stream = control.makefile("rw")
    con = duckdb.connect()
    con.execute("SET threads = %d" % len(os.sched_getaffinity(0)))
    stream.write(json.dumps({"version": duckdb.__version__}) + "\n")
    stream.flush()
    for line in stream:
        try:
            reply = throughput(con, json.loads(line))
        except Exception as e:      # noqa: the driver says what failed
            reply = {"error": "%s: %s" % (type(e).__name__, str(e).split("\n")[0])}
        stream.write(json.dumps(reply) + "\n")
        stream.flush()


if __name__ == "__main__":
    main()
