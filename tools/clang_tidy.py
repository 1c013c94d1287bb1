#!/usr/bin/env python3
"""Runs clang-tidy over src/ and sim/ in parallel and remembers what it has found clean.

A source is looked at again when it, a header of ours that it sees, .clang-tidy or its compile
command changes. Usage: clang_tidy.py --build DIR [--jobs N] [--all].
"""

import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = "clang-tidy-19"
QUOTED = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def closure(path, seen):
    """The file and every header of ours that it includes, however deep."""
    if path in seen:
        return seen
    seen.add(path)
    for name in QUOTED.findall(path.read_text(encoding="utf-8")):
        for folder in ("src", "include", "."):
            header = ROOT / folder / name
            if header.exists():
                closure(header, seen)
    return seen


def key_of(path, command):
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes() + command.encode())
    for file in sorted(closure(path, set())):
        digest.update(str(file).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def look(path, build):
    result = subprocess.run([TOOL, "-quiet", "-p", str(build), str(path)], cwd=ROOT,
                            capture_output=True, text=True, check=False)
    return path, result.returncode, result.stdout + (result.stderr if result.returncode else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()

    cache = arguments.build / "tidy"
    cache.mkdir(parents=True, exist_ok=True)
    due = []
    for entry in json.loads((arguments.build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        ours = any(path.is_relative_to(ROOT / folder) for folder in ("src", "sim"))
        if not ours or path.name.endswith("_test.cc") or not path.exists():
            continue
        stamp = cache / key_of(path, entry["command"])
        if arguments.all or not stamp.exists():
            due.append((path, stamp))

    stamps, bad, done = dict(due), 0, 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for path, code, output in pool.map(lambda item: look(item[0], arguments.build), due):
            done += 1
            if code == 0:
                stamps[path].touch()
            else:
                bad += 1
                print(output.strip(), flush=True)
            if done % 20 == 0:
                print(f"clang-tidy: {done} of {len(due)}", flush=True)
    print(f"clang-tidy: {len(due)} files looked at, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
