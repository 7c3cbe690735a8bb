#!/usr/bin/env python3
"""Style as a test: tabs, trailing blanks, line length, file length, opening comments, what only some folders may do.

    tools/tidy.py [FILE...]        all committed and new sources when none is named; exit code 1 when something is wrong
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ("src", "include", "tests", "tools", "python", "bench")
LINE_MAX, FILE_MAX = 160, 900
FUNCTION = re.compile(r"^[a-z_][\w\s*]*\([^;{}]*\) \{$")
MALLOC = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|strdup|strndup)\s*\(")
SYSTEM = re.compile(r"(?<![\w.>])(clock_gettime|gettimeofday|usleep|nanosleep|openat|fopen|unlink|socket|getrandom|"
                    r"pthread_create)\s*\(")


def sources():
    for folder in FOLDERS:
        for base, dirs, names in os.walk(os.path.join(ROOT, folder)):
            dirs[:] = [d for d in dirs if d not in ("oracle", "golden", "corpus", "__pycache__")]
            for name in names:
                if name.endswith((".c", ".h", ".cc", ".inc", ".py", ".sh")):
                    yield os.path.join(base, name)


def code_only(line, in_comment):
    """The line without comments and string contents; whether a block comment stays open."""
    out, i = [], 0
    while i < len(line):
        if in_comment:
            end = line.find("*/", i)
            if end < 0:
                return "".join(out), True
            i, in_comment = end + 2, False
        elif line.startswith("/*", i):
            in_comment, i = True, i + 2
        elif line.startswith("//", i):
            break
        elif line[i] in "\"'":
            quote, i = line[i], i + 1
            while i < len(line) and line[i] != quote:
                i += 2 if line[i] == "\\" else 1
            out.append("''")
            i += 1
        else:
            out.append(line[i])
            i += 1
    return "".join(out), in_comment


def check(path):
    relative = os.path.relpath(path, ROOT)
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    else:
        yield "%s: no newline at the end" % relative
    is_c = path.endswith((".c", ".h", ".cc", ".inc"))
    if len(lines) > FILE_MAX:
        yield "%s: %d lines, more than %d; it may hold two things" % (relative, len(lines), FILE_MAX)
    if is_c and not lines[:1] == [""] and not (lines and lines[0].startswith("/*")):
        yield "%s:1: opens without a comment saying what it is" % relative
    folder = relative.split(os.sep)[1] if relative.startswith("src" + os.sep) else ""
    in_comment = False
    for number, line in enumerate(lines, 1):
        where = "%s:%d: " % (relative, number)
        if "\t" in line:
            yield where + "a tab"
        if line != line.rstrip():
            yield where + "blanks at the end of the line"
        if len(line) > LINE_MAX:
            yield where + "%d columns, more than %d" % (len(line), LINE_MAX)
        if is_c and FUNCTION.match(line):
            yield where + "a function's brace stands on its own line"
        if is_c and folder:
            code, in_comment = code_only(line, in_comment)
            if folder != "base" and MALLOC.search(code):
                yield where + "only base/ calls malloc"
            if folder not in ("world", "base") and SYSTEM.search(code) and "/* world */" not in line:
                yield where + "only world/ calls the operating system"


def main():
    files = [os.path.abspath(f) for f in sys.argv[1:]] or sorted(sources())
    wrong = [w for f in files for w in check(f)]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print("tidy: %d files, %d wrong" % (len(files), len(wrong)))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
