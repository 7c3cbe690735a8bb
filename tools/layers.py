#!/usr/bin/env python3
"""Checks that every #include under src/ goes in a direction src/LAYERS allows; prints what does not (exit code 1)."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SRC = os.path.join(ROOT, "src")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def read_layers():
    allowed = {}
    with open(os.path.join(SRC, "LAYERS"), encoding="utf-8") as f:
        for line in f:
            line = line.split("#")[0].strip()
            if line:
                name, _, below = line.partition(":")
                allowed[name.strip()] = set(below.split())
    return allowed


def check_order(allowed):
    """LAYERS itself must be free of cycles: a folder includes only folders whose line stands above."""
    seen, wrong = set(), []
    for name, below in allowed.items():
        if "/" not in name:
            wrong += ["src/LAYERS: %s may include %s, which stands below it" % (name, b) for b in below - seen]
            seen.add(name)
    return wrong


def check_file(path, folder, allowed):
    relative = os.path.relpath(path, SRC)
    may = allowed[folder] | allowed.get(relative, set()) | {folder}
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            match = INCLUDE.match(line)
            if not match or "/" not in match.group(1):
                continue
            target = match.group(1).split("/")[0]
            if target in allowed and target not in may:
                yield "src/%s:%d: %s/ may not include %s/" % (relative, number, folder, target)
            elif target == folder or target not in allowed:
                continue
            elif match.group(1).endswith("_int.h"):
                yield "src/%s:%d: %s is private to %s/" % (relative, number, match.group(1), target)


def main():
    allowed = read_layers()
    wrong, files = check_order(allowed), 0
    for folder in sorted(os.listdir(SRC)):
        if not os.path.isdir(os.path.join(SRC, folder)):
            continue
        if folder not in allowed:
            wrong.append("src/%s: not in src/LAYERS" % folder)
            continue
        for base, _, names in os.walk(os.path.join(SRC, folder)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".cc", ".inc", ".def")):
                    files += 1
                    wrong += check_file(os.path.join(base, name), folder, allowed)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print("layers: %d files, %d wrong" % (files, len(wrong)))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
