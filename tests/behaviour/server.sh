#!/bin/sh
# spate server: its port, its token, its end.
. "$(dirname "$0")/lib/expect.sh"

listening() { grep -q '^spate: listening on sc://' out; }
address() { sed -n 's/^spate: listening on //p' out; }
cat >count.py <<'END'
import sys
from pyspark.sql import SparkSession
print(SparkSession.builder.remote(sys.argv[1]).getOrCreate().range(5).count())
END

# ---- a port that the system chooses; SIGTERM ----
background "$SPATE" server --port 0
check "--port 0: it says where it listens" await 10 listening
first=$last remote=$(address)
check "on loopback" has out "sc://127.0.0.1:"
"$PYTHON" count.py "$remote" >answer 2>&1
check "a client is served" is "$(cat answer)" 5
port=${remote##*:}

# ---- the port is taken ----
"$SPATE" server --port "$port" >out2 2>err2
check "a port in use: exit code 1" is $? 1
check "a port in use: one line" is "$(lines_of err2)" 1
check "a port in use: it names the port" has err2 "$port"
check "a port in use: the first server lives on" kill -0 "$first"
kill -TERM "$first"
ended 15
check "SIGTERM: exit code 0" is "$code" 0
check "SIGTERM: nothing on stderr" is "$(lines_of err)" 0

# ---- drains what runs ----
mkdir in
printf 'a b\nb\n' >in/one.txt
cat >stream.py <<'END'
import sys, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
q = (spark.readStream.text("in").groupBy("value").count().writeStream.outputMode("complete").format("console")
     .option("checkpointLocation", "ck").start())
q.processAllAvailable()
open("running", "w").close()
q.awaitTermination()
END
background "$SPATE" server --port 0
await 10 listening
"$PYTHON" stream.py "$(address)" >client 2>&1 &
client=$!
started="$started $client"
check "a query runs" await 20 test -e running
kill -TERM "$last"
ended 15
check "SIGTERM with a query: exit code 0" is "$code" 0
check "SIGTERM with a query: what was read is committed" test -e ck/commits/0
check "SIGTERM with a query: no line about it on stderr" is "$(lines_of err)" 0
kill -9 $client

# ---- SIGINT is as good ----
background "$SPATE" server --port 0
await 10 listening
kill -INT "$last"
ended 15
check "SIGINT: exit code 0" is "$code" 0

# ---- tokens ----
SPARK_CONNECT_AUTHENTICATE_TOKEN=secret background "$SPATE" server --port 0
await 10 listening
port=$(address) port=${port##*:}
"$PYTHON" count.py "sc://localhost:$port/;token=secret" >answer 2>&1
check "the right token" is "$(cat answer)" 5
timeout 60 "$PYTHON" count.py "sc://localhost:$port/;token=wrong" >answer 2>&1
check "a wrong token is refused" is "$(grep -c UNAUTHENTICATED answer | sed 's/[1-9][0-9]*/some/')" some
timeout 60 "$PYTHON" count.py "sc://127.0.0.1:$port" >answer 2>&1
check "no token is refused" is "$(grep -c UNAUTHENTICATED answer | sed 's/[1-9][0-9]*/some/')" some
kill -TERM "$last"
ended 15

# ---- an address of the network ----
"$SPATE" server --host 0.0.0.0 --port 0 >out 2>err
check "another address without a token: exit code 1" is $? 1
check "another address without a token: it says what to do" has err "--insecure"
background "$SPATE" server --host 0.0.0.0 --port 0 --insecure
check "another address with --insecure" await 10 listening
kill -TERM "$last"
ended 15

# ---- called wrongly ----
for wrong in "--frobnicate" "--port x" "--port 65536" "--port" "--conf novalue" "--tls-cert a" "extra"; do
    # shellcheck disable=SC2086
    "$SPATE" server $wrong >out 2>err
    check "server $wrong: exit code 2" is $? 2
    check "server $wrong: one line" is "$(lines_of err)" 1
done
"$SPATE" server --tls-cert /nowhere/c --tls-key /nowhere/k --port 0 >out 2>err
check "no certificate there: exit code 1" is $? 1
check "no certificate there: one line" is "$(lines_of err)" 1
"$SPATE" server --help >out 2>err
check "--help" has out "--port N"
"$SPATE" >out 2>err
check "no command: exit code 2" is $? 2
"$SPATE" srever >out 2>err
check "a misspelled command" has err "did you mean server?"
finish
