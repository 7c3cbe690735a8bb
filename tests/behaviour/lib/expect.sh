# expect.sh -- what the behaviour tests share: a folder of their own, checks that count, waiting without guessing.
#
#   . "$(dirname "$0")/lib/expect.sh"
#   ... check "what is expected" CONDITION...      runs the condition; ok or FAIL
#   finish                                         the summary, the exit code
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
SPATE=${SPATE:-$ROOT/build/spate}
PYTHON=${PYTHON:-$ROOT/build/venv/bin/python}
HERE=$ROOT/tests/behaviour
WORK=$(mktemp -d "${TMPDIR:-/tmp}/spate-test-XXXXXX")
PYSPARK_PYTHON=$PYTHON
TZ=UTC
export PYSPARK_PYTHON TZ PYTHONDONTWRITEBYTECODE=1
unset SPARK_REMOTE SPARK_CONNECT_AUTHENTICATE_TOKEN VIRTUAL_ENV MASTER
passed=0 failed=0 started=
cd "$WORK"

cleanup() {
    for p in $started; do kill -9 "$p" 2>/dev/null; done
    rm -rf "$WORK"
}
trap cleanup EXIT

check() {
    what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok   $what"
    else
        failed=$((failed + 1))
        echo "FAIL $what"
        for f in out err; do
            [ -s "$f" ] && { echo "     $f:"; tail -n 15 "$f" | sed 's/^/     | /'; }
        done
    fi
}

has() { grep -qF -- "$2" "$1"; }                 # has FILE TEXT
lacks() { ! grep -qF -- "$2" "$1"; }
is() { [ "$1" = "$2" ]; }                        # is VALUE WANTED
gone() { ! kill -0 "$1" 2>/dev/null; }
all_gone() { for p in "$@"; do gone "$p" || return 1; done; }
lines_of() { wc -l <"$1" | tr -d ' '; }

# await SECONDS CONDITION...
await() {
    tries=$(($1 * 20))
    shift
    while [ "$tries" -gt 0 ]; do
        "$@" && return 0
        sleep 0.05
        tries=$((tries - 1))
    done
    return 1
}

# background COMMAND...: its process id in $last; output in out and err. Not deaf to SIGINT, as the shell's own children are
background() {
    : >out
    : >err
    env --default-signal=INT "$@" >out 2>err &
    last=$!
    started="$started $last"
}

# ended SECONDS: waits for $last, its exit code in $code; 999 when it does not end
ended() {
    if await "$1" has_ended "$last"; then
        wait "$last"
        code=$?
    else
        code=999
    fi
}
has_ended() {
    state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -c1) || return 0
    [ -z "$state" ] || [ "$state" = Z ]
}
descendants() { for c in $(cat /proc/"$1"/task/*/children 2>/dev/null); do echo "$c"; descendants "$c"; done; }

# feeder LINE...: a text server on $port that sends the lines to whoever connects and stays open
feeder() {
    rm -f port
    "$PYTHON" "$HERE/programs/feeder.py" "$@" >port 2>/dev/null &
    started="$started $!"
    await 10 test -s port
    port=$(cat port)
}

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
}
