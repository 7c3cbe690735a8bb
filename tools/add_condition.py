#!/usr/bin/env python3
"""Adds error conditions to src/base/conditions.def, with Spark's own template and SQLSTATE.

    tools/add_condition.py NAME [EXC_CLASS] [NAME [EXC_CLASS]]...
    tools/add_condition.py --check                # do all rows still say what Spark says?

NAME is Spark's (DIVIDE_BY_ZERO, UNRESOLVED_COLUMN.WITH_SUGGESTION, _LEGACY_ERROR_TEMP_2047); NAME.* takes every
subcondition. EXC_CLASS (default ANALYSIS) is the exception class Spark throws it under, an SP_EXC_ word of
base/status.h. Safe to run from many processes at once; a row that is there stays (an EXC_CLASS said anew wins).

Templates come from Spark 4.3.0's error-conditions.json in build/oracle; --fetch [FILE] puts it there, out of FILE
(pyspark's source archive) or of what pip downloads.
"""
import fcntl
import glob
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join(ROOT, "src", "base", "conditions.def")
ORACLE = os.path.join(ROOT, "build", "oracle", "error-conditions.json")
VERSION = "4.3.0"
CLASSES = ("ANALYSIS PARSE ILLEGAL_ARGUMENT ARITHMETIC NUMBER_FORMAT DATETIME ARRAY_INDEX UNSUPPORTED_OPERATION "
           "RUNTIME SPARK STREAMING_QUERY FILE_NOT_FOUND ILLEGAL_STATE NO_SUCH_ELEMENT SECURITY UNKNOWN").split()
HEADER = """\
/* conditions.def -- every error condition Spate can answer with, one row each, sorted by name.
 * CONDITION(identifier, "name", exception class, "SQLSTATE", "template with <parameters>")
 * Rows are Spark %s's, put here by tools/add_condition.py; those with the comment Spate are our own. */
""" % VERSION
ROW = re.compile(r'CONDITION\(\s*(\w+)\s*,\s*"([^"]*)"\s*,\s*(\w+)\s*,')


def fetch(archive=None):
    with tempfile.TemporaryDirectory() as tmp:
        if archive is None:
            subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "-d", tmp, "pyspark==" + VERSION],
                           check=True)
            archive = glob.glob(os.path.join(tmp, "pyspark-*.tar.gz"))[0]
        with tarfile.open(archive) as tar:
            jar = next(m for m in tar if re.search(r"/spark-common-utils_2\.13-[^/]*\.jar$", m.name))
            with zipfile.ZipFile(tar.extractfile(jar)) as zipped:
                name = next(n for n in zipped.namelist() if n.endswith("error-conditions.json"))
                data = zipped.read(name)
    os.makedirs(os.path.dirname(ORACLE), exist_ok=True)
    with open(ORACLE, "wb") as out:
        out.write(data)


def oracle():
    if not os.path.exists(ORACLE):
        sys.exit("add_condition: build/oracle/error-conditions.json is not there; tools/add_condition.py --fetch gets "
                 "it (out of pyspark==%s, some 450 MB)" % VERSION)
    with open(ORACLE, encoding="utf-8") as f:
        return json.load(f)


def c_string(text):
    out = []
    for ch in text:
        if ch in '"\\':
            out.append("\\" + ch)
        elif ch == "\n":
            out.append("\\n")
        elif ch == "\t":
            out.append("\\t")
        else:
            out.append(ch)
    return '"%s"' % "".join(out).replace("??", '?""?')


def describe(conditions, name):
    """(template, SQLSTATE) as ErrorClassesJsonReader.getMessageTemplate and getSqlState give them."""
    main, _, sub = name.partition(".")
    info = conditions.get(main)
    if info is None or (sub and sub not in info.get("subClass", {})):
        sys.exit("add_condition: Spark %s has no condition %s" % (VERSION, name))
    text, state = "\n".join(info["message"]), info.get("sqlState", "")
    if sub:
        text += " " + "\n".join(info["subClass"][sub]["message"])
        state = info["subClass"][sub].get("sqlState", state)
    return text, state


def row(conditions, name, exc):
    text, state = describe(conditions, name)
    return 'CONDITION(%s, "%s", %s, "%s", %s)' % (name.replace(".", "__"), name, exc, state, c_string(text))


def read_table():
    """(opening lines, {name: row text}); a row may span lines and is kept as it stands."""
    if not os.path.exists(TABLE):
        return HEADER, {}
    head, rows, pending = [], {}, ""
    with open(TABLE, encoding="utf-8") as f:
        for line in f:
            if pending or line.startswith("CONDITION("):
                pending += line
                if re.search(r"\)\s*(/\*.*\*/)?\s*$", line):
                    rows[ROW.match(pending).group(2)] = pending.rstrip("\n")
                    pending = ""
            elif line.strip() and not rows:
                head.append(line)
            elif line.strip():
                sys.exit("add_condition: a line in %s is no row: %s" % (TABLE, line.strip()))
    return "".join(head) or HEADER, rows


def check(conditions):
    wrong = 0
    for name, text in read_table()[1].items():
        if "/* Spate */" in text or name.partition(".")[0] not in conditions:
            continue
        if text != row(conditions, name, ROW.match(text).group(3)):
            print("differs from Spark %s: %s" % (VERSION, name))
            wrong += 1
    sys.exit(1 if wrong else 0)


def wanted(conditions, words):
    """Pairs (name, class or None) out of the command line."""
    pairs = []
    for word in words:
        if word in CLASSES and pairs:
            pairs = [(n, word if c is Ellipsis else c) for n, c in pairs]
            continue
        pairs = [(n, None if c is Ellipsis else c) for n, c in pairs]
        if word.endswith(".*"):
            subs = conditions.get(word[:-2], {}).get("subClass")
            if not subs:
                sys.exit("add_condition: Spark %s has no subconditions of %s" % (VERSION, word[:-2]))
            pairs += [("%s.%s" % (word[:-2], s), Ellipsis) for s in subs]
        else:
            pairs.append((word, Ellipsis))
    return [(n, None if c is Ellipsis else c) for n, c in pairs]


def main():
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        sys.exit(__doc__)
    if words[0] == "--fetch":
        return fetch(*words[1:2])
    conditions = oracle()
    if words[0] == "--check":
        return check(conditions)
    pairs = wanted(conditions, words)
    lock = os.path.join(ROOT, "build", ".conditions.lock")
    with open(lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        head, rows = read_table()
        added = 0
        for name, exc in pairs:
            old = rows.get(name)
            if old is None or (exc and ROW.match(old).group(3) != exc and "/* Spate */" not in old):
                rows[name] = row(conditions, name, exc or "ANALYSIS")
                added += 1
        if added:
            text = head + "".join(rows[n] + "\n" for n in sorted(rows))
            with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(TABLE), delete=False, encoding="utf-8") as out:
                out.write(text)
            os.chmod(out.name, 0o644)
            os.replace(out.name, TABLE)
        print("conditions.def: %d changed, %d rows" % (added, len(rows)))


if __name__ == "__main__":
    main()
