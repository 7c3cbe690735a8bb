#!/usr/bin/env python3
"""Indentation and spacing of our C and C++, by clang-format and .clang-format.

    tools/format.py [FILE...]         checks; all of src/, include/ and tests/ when none is named; exit code 1: wrong
    tools/format.py --fix FILE...     mends the named files: never all, for others may be writing theirs

Where lines break, how tables and comments are aligned and how an expression continues is the author's: only a line
that clang-format leaves whole is compared with its own version of it, and only in what is not alignment.
"""
import difflib
import glob
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FORMATTER = shutil.which("clang-format-14") or shutil.which("clang-format")
COMMENT = re.compile(r'("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\')|\s*/\*.*?\*/|\s*/\*.*$|\s*//.*$')


def code_of(line):
    """The line without comments and without blanks at its end."""
    return COMMENT.sub(lambda m: m.group(1) or "", line).rstrip()


def comparable(line):
    """Without alignment: runs of blanks inside the line count as one, those after an opening brace too."""
    return re.sub(r"\s+", " ", line.strip())


def indent(line):
    return len(line) - len(line.lstrip(" "))


def starts_statement(before):
    return before == "" or before[-1] in ";{}"


def check(path):
    """[(line number, its text as it should be)]"""
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    made = subprocess.run([FORMATTER, path], cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout.split("\n")
    if lines == made:
        return lines, []
    old, new = [code_of(s) for s in lines], [code_of(s) for s in made]
    squeezed = [[re.sub(r"\s+", "", s) for s in side] for side in (old, new)]
    found = []
    for a, b, length in difflib.SequenceMatcher(None, *squeezed, autojunk=False).get_matching_blocks():
        for i, j in zip(range(a, a + length), range(b, b + length)):
            text = old[i].strip()
            if not text or text[0] in "*#" or text.endswith("\\"):
                continue
            before = next((s for s in reversed(old[:i]) if s.strip() and not s.lstrip().startswith("#")), "")
            moved = starts_statement(before) and indent(old[i]) != indent(new[j])
            if moved or comparable(old[i]) != comparable(new[j]):
                found.append((i, " " * (indent(new[j]) if moved else indent(lines[i])) + made[j].lstrip(" ")))
    return lines, found


def files_of(words):
    if words:
        return [os.path.abspath(w) for w in words]
    every = [f for g in ("src/*/*", "include/*", "tests/*/*") for f in glob.glob(os.path.join(ROOT, g))]
    return sorted(f for f in every if f.endswith((".c", ".h", ".cc")))


def main():
    fix = "--fix" in sys.argv[1:]
    words = [w for w in sys.argv[1:] if w != "--fix"]
    if fix and not words:
        sys.exit("format: --fix wants the names of the files it may change")
    files = files_of(words)
    if not FORMATTER:
        sys.exit("format: clang-format-14 is not there")
    wrong = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(check, files)
    for path, (lines, found) in zip(files, results):
        for index, text in found:
            if fix:
                lines[index] = text
            else:
                print("%s:%d: should be |%s|" % (os.path.relpath(path, ROOT), index + 1, text))
        if fix and found:
            with open(path, "w", encoding="utf-8") as f:
                f.write("\n".join(lines))
        wrong += bool(found)
    what = "changed" if fix else "wrong (tools/format.py --fix FILE... mends them)"
    print("format: %d files, %d %s" % (len(files), wrong, what))
    sys.exit(1 if wrong and not fix else 0)


if __name__ == "__main__":
    main()
