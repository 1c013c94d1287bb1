#!/usr/bin/env python3
"""Reads the tree and says where it breaks the rules of the house (docs/style.md).

Checks: the order of the libraries (tools/layers.txt), headers of other libraries outside their
folders, clocks, threads, sockets and dice outside theirs, costly standard headers, the length of
lines, functions and files, that code stands beside tests, and that docs/known-weaknesses.md names
tests that exist (tools/known.py). It needs nothing but Python.

Usage: tidy.py [--root DIR]. Prints path:line: finding, and ends with 1 when there is any.
"""

import argparse
import pathlib
import re
import sys

import known

LINE_MAX = 100
SCRIPT_LINE_MAX = 120  # JavaScript, for which there is no formatter here
FILE_AIM, FILE_MAX = 600, 900
FUNCTION_AIM, FUNCTION_MAX = 60, 80

CODE = {".h", ".cc", ".py", ".sh", ".js", ".mjs", ".cjs", ".ts"}
TEXT = CODE | {".md", ".cmake", ".txt", ".in"}
FOLDERS = ("src", "include", "apps", "examples", "bench", "bindings", "cmake", "docs", "fuzz",
           "sim", "tests", "tools", ".ci")
SKIPPED = {"node_modules", "build", "corpus", "fixtures", "vectors"}

HOUSE = {"include": "public", "sim": "sim"}  # folders beside src/ that are layers

COSTLY = {"iostream", "regex", "random", "ranges"}
THREADS = {"thread", "mutex", "shared_mutex", "condition_variable", "future", "semaphore", "latch",
           "barrier", "stop_token", "pthread.h"}
C_HEADERS = {"math.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "errno.h",
             "cpuid.h"}

# What a line of code may not say, and the permission of tools/layers.txt that lets it.
WORDS = [
    (re.compile(r"\b(steady_clock|system_clock|high_resolution_clock|utc_clock)\b"), "clock"),
    (re.compile(r"\b(gettimeofday|clock_gettime|timespec_get|localtime|gmtime)\b"), "clock"),
    (re.compile(r"(?<![\w>.])(std::|::)?time\s*\(\s*(nullptr|NULL|0|&)"), "clock"),
    (re.compile(r"\bsleep_(for|until)\b|\b(usleep|nanosleep)\s*\("), "clock"),
    (re.compile(r"\bstd::(jthread|thread|mutex|recursive_mutex|shared_mutex|lock_guard|"
                r"unique_lock|scoped_lock|condition_variable\w*|async|future|promise)\b"),
     "thread"),
    (re.compile(r"\bpthread_\w+"), "thread"),
    (re.compile(r"(?<![\w.>])s?rand\s*\("), "never"),
    (re.compile(r"\bstd::(mt19937\w*|random_device|minstd_rand\w*|default_random_engine)\b"),
     "never"),
    (re.compile(r"(?<![\w.>:])(::)?(socket|recvfrom|recvmmsg|sendto|sendmmsg|getaddrinfo)\s*\("),
     "system"),
]
LEFTOVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CONTROL = re.compile(r"^(if|else|for|while|switch|do|try|catch|return)\b")
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern|requires)\b")


class Layers:
    """tools/layers.txt: who may use whom, closed over."""

    def __init__(self, text):
        self.uses, self.may = {}, {}
        for line in text.splitlines():
            line = line.split("#")[0].strip()
            if not line:
                continue
            name, rest = line.split(":", 1)
            uses, _, may = rest.partition("|")
            self.uses[name.strip()] = set(uses.split())
            self.may[name.strip()] = set(may.split())
        self.closed = {name: self._close(name, ()) for name in self.uses}

    def _close(self, name, path):
        if name in path:
            raise SystemExit("tools/layers.txt: a circle through " + name)
        seen = {name}
        for used in self.uses[name]:
            if used not in self.uses:
                raise SystemExit(f"tools/layers.txt: {name} uses {used}, which is not a layer")
            seen |= self._close(used, path + (name,))
        return seen


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def strip(text):
    """The code with comments, strings and characters blanked; lines stay where they are."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])*'", re.S)
    return pattern.sub(blank, text)


def opens_function(head):
    """Whether the text before a brace is the head of a function: "int f(int x) const"."""
    if SCOPE.match(head) or CONTROL.match(head):
        return False
    return (head.endswith((")", "const", "noexcept", "override", "final"))
            or re.search(r"\)[\s\w]*(->|:[^:]|requires)", head) is not None)


def functions(code):
    """Yields (first line, last line) of every outermost function, by its braces."""
    code = re.sub(r"^[ \t]*#(\\\n|[^\n])*", blank, code, flags=re.M)
    depth, body_depth, head_start, first = 0, None, 0, 0
    for match in re.finditer(r"[{};]", code):
        position, sign = match.start(), match.group(0)
        head = code[head_start:position].strip()
        if sign == "{":
            depth += 1
            if body_depth is None and opens_function(head):
                # A member initialised by braces; the body comes later.
                if re.search(r"\)[\s\w]*:[^:]", head) and re.search(r"[\w>]$", head):
                    continue
                body_depth = depth
                first = code.count("\n", 0, code.index(head, head_start)) + 1
        elif sign == "}":
            if body_depth is None and re.search(r"\)[\s\w]*:[^:]", head):
                depth -= 1
                continue
            if depth == body_depth:
                yield first, code.count("\n", 0, position) + 1
                body_depth = None
            depth -= 1
        head_start = position + 1


class Tidy:
    def __init__(self, root):
        self.root = root
        self.layers = Layers((root / "tools/layers.txt").read_text())
        self.findings, self.files = [], 0
        self.known = known.Known(root, self.find)

    def find(self, path, line, text):
        self.findings.append((str(path.relative_to(self.root)), line, text))

    def layer_of(self, path):
        parts = path.relative_to(self.root).parts
        if parts[0] in HOUSE:
            return HOUSE[parts[0]]
        return parts[1] if parts[0] == "src" and len(parts) > 2 else None

    def layer_of_include(self, name):
        """The layer of "sctp/sack_chunk.h"; both include/parley and src/parley are "parley/"."""
        first = name.split("/")[0]
        if first == "parley" and (self.root / "include" / name).exists():
            return "public"
        return first if first in self.layers.uses else None

    def quoted(self, path, number, layer, name):
        target = self.layer_of_include(name)
        if target is None:
            self.find(path, number, f'"{name}" names no layer; write "layer/file.h"')
        elif target not in self.layers.closed[layer]:
            self.find(path, number, f"{layer} may not use {target} (tools/layers.txt)")

    def angled(self, path, number, layer, name):
        may = self.layers.may[layer]
        stem = name.split("/")[0]
        if stem == "openssl":
            needed = "openssl"
        elif stem == "boost":
            needed = "boost"
            if layer == "public" and path.name == "asio.h":
                return
        elif stem in ("gtest", "gmock"):
            if not re.search(r"(^test_|_test\.cc$|^testing\.h$)", path.name):
                self.find(path, number, f"<{name}> belongs into tests")
            return
        elif name in THREADS:
            needed = "thread"
        elif name in COSTLY:
            if layer != "runtime":
                self.find(path, number, f"<{name}> costs too much to compile; not under src/")
            return
        elif name.endswith("intrin.h") or name in C_HEADERS:
            return
        elif "/" in name or name.endswith(".h"):
            needed = "system"
        else:
            return
        if needed not in may:
            self.find(path, number, f"{layer} may not include <{name}> ({needed})")

    def house(self, path, text, code):
        """The rules for src/, include/ and sim/."""
        layer = self.layer_of(path)
        if layer not in self.layers.uses:
            self.find(path, 1, "its folder is not a layer of tools/layers.txt")
            return
        raw = text.splitlines()
        for number, line in enumerate(code.splitlines(), 1):
            include = INCLUDE.match(raw[number - 1]) if line.lstrip().startswith("#") else None
            if include:
                check = self.quoted if include.group(1) == '"' else self.angled
                check(path, number, layer, include.group(2))
                continue
            for pattern, permission in WORDS:
                word = pattern.search(line)
                if word and permission not in self.layers.may[layer]:
                    self.find(path, number, f"{layer} may not say {word.group(0).strip()!r}")
        if path.suffix == ".h" and "#pragma once" not in text:
            self.find(path, 1, "no #pragma once")
        if (path.suffix == ".cc" and not path.name.endswith("_test.cc")
                and not any(path.parent.glob("*_test.cc"))):
            self.find(path, 1, "no test stands beside it or in its folder")

    def sizes(self, path, text, code):
        lines = text.splitlines()
        if any("Generated by tools/" in line for line in lines[:3]):
            return
        reason = any(re.search(r"(//|#)\s*size: \S", line) for line in lines[:5])
        if len(lines) > FILE_MAX:
            self.find(path, 1, f"{len(lines)} lines; {FILE_MAX} are the most a file may have")
        elif len(lines) > FILE_AIM and not reason:
            self.find(path, 1, f"{len(lines)} lines; over {FILE_AIM} the file begins with "
                               "a comment `size: the reason`")
        columns = SCRIPT_LINE_MAX if "js" in path.suffix or "ts" in path.suffix else LINE_MAX
        for number, line in enumerate(lines, 1):
            if len(line) > columns:
                self.find(path, number, f"{len(line)} columns; {columns} are the most")
        if path.suffix not in (".h", ".cc"):
            return
        for first, last in functions(code):
            length = last - first + 1
            above = lines[max(0, first - 4):last]
            reason = any(re.search(r"//\s*length: \S", line) for line in above)
            if length > FUNCTION_MAX:
                self.find(path, first, f"a function of {length} lines; {FUNCTION_MAX} are the most")
            elif length > FUNCTION_AIM and not reason:
                self.find(path, first, f"a function of {length} lines; over {FUNCTION_AIM} it "
                                       "has a comment `length: the reason`")

    def check(self, path):
        self.files += 1
        text = path.read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            leftover = LEFTOVER.search(line)
            if leftover:
                self.find(path, number, f"{leftover.group(0)}: do it or file an issue")
        if path.suffix not in CODE:
            return
        self.known.check(path, text)
        code = strip(text) if path.suffix in (".h", ".cc") else ""
        self.sizes(path, text, code)
        top = path.relative_to(self.root).parts[0]
        if path.suffix in (".h", ".cc") and (top == "src" or top in HOUSE):
            self.house(path, text, code)

    def run(self):
        for folder in FOLDERS:
            for path in sorted((self.root / folder).rglob("*")):
                parts = path.relative_to(self.root).parts
                if path.is_file() and path.suffix in TEXT and not SKIPPED & set(parts):
                    self.check(path)
        self.known.finish()
        return sorted(self.findings)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    tidy = Tidy(parser.parse_args().root.resolve())
    findings = tidy.run()
    for path, line, text in findings:
        print(f"{path}:{line}: {text}")
    print(f"tidy: {tidy.files} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
