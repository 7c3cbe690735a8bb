#!/bin/sh
# ./run demo, shortened: both programs print tables and end well.
. "$(dirname "$0")/lib/expect.sh"
"$PYTHON" "$ROOT/python/demo.py" --seconds 2 >out 2>err
check "the demo ends well" is $? 0
check "words are counted" has out "|flows|"
check "windows are counted" grep -q '|2024-05-01 12:00:[0-9]*|2024-05-01 12:' out
check "nothing on stderr" is "$(lines_of err)" 0
check "it ends with what to type next" sh -c 'tail -n 1 out | grep -q "spate submit"'
finish
