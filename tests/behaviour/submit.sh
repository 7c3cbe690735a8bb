#!/bin/sh
# spate submit: classic programs as they stand, exit codes, signals, what goes wrong.
. "$(dirname "$0")/lib/expect.sh"

# ---- a classic program: its text and the console sink's in order, its exit code ----
feeder "to be or not to be" "or"
"$SPATE" submit "$HERE/programs/word_count.py" "$port" 7 >out 2>err
check "the exit code is the program's" is $? 7
cat >wanted <<'END'
+----+-----+
|word|count|
+----+-----+
|  be|    2|
| not|    1|
|  or|    2|
|  to|    2|
+----+-----+
END
check "the console sink's last table" sh -c 'grep -v "^$" out | sed "/^after/d" | tail -n 8 | cmp -s - wanted'
check "the program's text comes first and last" is "$(sed -n '1p;$p' out | tr '\n' ' ')" "before after "
check "the header is Spark's" has out "Batch: 0"
check "the server's own line is not shown" lacks out "listening"
check "nothing on stderr" is "$(lines_of err)" 0

# ---- SparkContext, SparkConf, files ----
echo "VALUE = 42" >helper.py
echo "text of a file" >data.txt
mkdir sub && mv helper.py sub
"$SPATE" submit --master 'local[3]' --name named --conf spark.sql.shuffle.partitions=5 --py-files sub/helper.py \
    --files data.txt --jars a.jar --driver-memory=4g --jars b.jar "$HERE/programs/context.py" a --b "c d" >out 2>err
check "context.py ends well" is $? 0
cat >wanted <<'END'
main __main__ ['a', '--b', 'c d']
conf 5 []
second Cannot run multiple SparkContexts at once
same True True True
app mine local[3] 3 None 4.3.0
id True True
set 5 7 7
helper 42 text of a file
no parallelize True
no textFile True
no broadcast True
no accumulator True
no union True
no streaming True
level IllegalArgumentException Supplied level LOUD did
rows [0, 2, 4]
sessions 7 8
again again 2
END
diff out wanted >difference
check "SparkContext and SparkConf as in classic PySpark" test ! -s difference
[ -s difference ] && cat difference
check "options without effect are noted once" is "$(grep -c 'without effect here: --jars --driver-memory$' err)" 1
check "and nothing else" is "$(lines_of err)" 1

# ---- signals ----
for signal in INT TERM; do
    feeder "to be or not"
    background "$SPATE" submit "$HERE/programs/word_count.py" "$port" forever
    await 20 has out after
    all=$(descendants "$last")
    kill -$signal "$last"
    ended 20
    check "SIG$signal: exit code" is "$code" "$([ $signal = INT ] && echo 130 || echo 143)"
    check "SIG$signal: no traceback" lacks err Traceback
    check "SIG$signal: nothing on stderr" is "$(lines_of err)" 0
    check "SIG$signal: no process is left" await 5 all_gone $all
done

feeder "to be or not"
background "$SPATE" submit "$HERE/programs/word_count.py" "$port" forever
await 20 has out after
all=$(descendants "$last")
kill -9 "$last"
check "killed: Python and the server go too" await 10 all_gone $all

feeder "to be or not"
background "$SPATE" submit "$HERE/programs/word_count.py" "$port" forever
await 20 has out after
for p in $(descendants "$last"); do
    tr '\0' ' ' <"/proc/$p/cmdline" | grep -q /dev/fd/ && { kill -9 "$p"; break; }
done
ended 20
check "Python killed: exit code" is "$code" 137

feeder "to be or not"
background "$SPATE" submit "$HERE/programs/word_count.py" "$port" forever
await 20 has out after
all=$(descendants "$last")
for p in $all; do
    tr '\0' ' ' <"/proc/$p/cmdline" | grep -q ' server ' && { kill -9 "$p"; break; }
done
ended 20
check "server killed: exit code" is "$code" 1
check "server killed: a line says so" has err "the server ended while the program was running (signal 9)"
check "server killed: no process is left" await 5 all_gone $all

# ---- the token is nobody else's ----
cat >show.py <<'END'
import os
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print("token" if any("TOKEN" in k for k in os.environ) else "none", spark.range(1).count())
END
"$SPATE" submit show.py >out 2>err
check "the token is not in the program's environment" has out "none 1"

# ---- what is wrong with the program or the call ----
echo 'raise ValueError("mine")' >raise.py
"$SPATE" submit raise.py >out 2>err
check "an exception: exit code 1" is $? 1
check "an exception: Python's own traceback" is "$(tr '\n' '~' <err)" \
    'Traceback (most recent call last):~  File "raise.py", line 1, in <module>~    raise ValueError("mine")~ValueError: mine~'
echo 'def x(:' >wrong.py
"$SPATE" submit wrong.py >out 2>err
check "a syntax error: exit code 1" is $? 1
check "a syntax error: where" has err 'File "wrong.py", line 1'
check "a syntax error: no frame of ours" lacks err spate_submit
"$SPATE" submit --frobnicate x raise.py >out 2>err
check "an unknown option: exit code 2" is $? 2
check "an unknown option: one line" is "$(lines_of err)" 1
"$SPATE" submit absent.py >out 2>err
check "no such program: exit code 2" is $? 2
check "no such program: one line" has err "cannot read absent.py: No such file or directory"
"$SPATE" submit >out 2>err
check "no program: exit code 2" is $? 2
"$SPATE" submit --conf spark.sql.shuffle.partitions raise.py >out 2>err
check "--conf without a value: exit code 2" is $? 2
PYSPARK_PYTHON=/nowhere/python "$SPATE" submit raise.py >out 2>err
check "no such Python: exit code" is $? 127
check "no such Python: a line says so" has err "cannot run /nowhere/python"

# ---- the client is missing ----
printf '#!/bin/sh\nexec "%s" -I -S "$@"\n' "$("$PYTHON" -c 'import sys; print(sys._base_executable)')" >bare
chmod +x bare
PYSPARK_PYTHON=$WORK/bare "$SPATE" submit show.py >out 2>err
check "no client: exit code 1" is $? 1
check "no client: what to type" has err "pip install 'pyspark-client==4.2.0' 'pandas<3'"
check "no client: three lines" is "$(lines_of err)" 3

# ---- which Python ----
mkdir -p env/bin
printf '#!/bin/sh\nexec "%s" "$@"\n' "$PYTHON" >env/bin/python
chmod +x env/bin/python
(unset PYSPARK_PYTHON; VIRTUAL_ENV=$WORK/env; export VIRTUAL_ENV; "$SPATE" submit show.py) >out 2>err
check "VIRTUAL_ENV's Python" has out "none 1"

# ---- help ----
"$SPATE" submit --help >out 2>err
check "--help" has out "--py-files FILES"
finish
