"""docs/known-weaknesses.md and the tests it names, held together; called by tidy.py.

Every test named there exists; an id without a test says what it "waits for"; every id in the code
has a row, and every id that is guarded is cited by the code.
"""

import re

TABLES = "docs/known-weaknesses.md"
LETTERS = "SDRPTIJCLN"
CITED = re.compile(rf"(?<![\w-])([{LETTERS}]-\d{{1,2}})(?![\w-])")
NAMED = re.compile(rf"\bTEST(?:_F|_P)?\(\s*\w+,\s*([{LETTERS}])(\d{{1,2}})(?=[A-Z])")
CPP_TEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)")
JS_TEST = re.compile(r"""\btest\(\s*(['"])(.*?)\1""")
SCRIPTS = {".js", ".mjs", ".cjs"}


def ids_in(text):
    """Yields (line, id) for ids in comments, strings and the names of tests."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in CITED.finditer(line):
            yield number, match.group(1)
        for match in NAMED.finditer(line):
            yield number, f"{match.group(1)}-{match.group(2)}"


def tests_in(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix in SCRIPTS:
        return {match.group(2) for match in JS_TEST.finditer(text)}
    names = {f"{suite}.{name}" for suite, name in CPP_TEST.findall(text)}
    return names | {name.split(".")[0] + ".*" for name in names}


class Known:
    """Reads the tables once; the code is shown to it file by file."""

    def __init__(self, root, find):
        self.root, self.find = root, find
        self.path = root / TABLES
        self.rows = {}  # id: line
        self.guarded = set()
        self.cited = set()
        self.tests = {}  # path: names
        if self.path.exists():
            for number, line in enumerate(self.path.read_text(encoding="utf-8").splitlines(), 1):
                self._row(number, line)

    def _row(self, number, line):
        match = re.match(rf"\| ([{LETTERS}]-\d+) \|.*\|([^|]*)\|$", line)
        if not match:
            if re.match(r"\| \w+-\d", line):
                self.find(self.path, number, "a row is `| id | what went wrong | guarded by |`")
            return
        name, guards = match.groups()
        if name in self.rows:
            self.find(self.path, number, f"{name} has two rows")
        self.rows[name] = number
        if self._guards(number, re.findall(r"`([^`]+)`", guards)):
            self.guarded.add(name)
        elif "waits for" not in guards:
            self.find(self.path, number, f"{name} has no test; say what it \"waits for\"")

    def _guards(self, number, words):
        """Whether there is any; says which of them do not exist."""
        file, names = None, set()
        for word in words:
            if "/" in word and " " not in word:
                file, names = word, self._tests_of(word)
                if names is None:
                    self.find(self.path, number, f"there is no file {word}")
            elif file is None:
                self.find(self.path, number, f"{word}: name its file before it")
            elif names is not None and word not in names:
                self.find(self.path, number, f"there is no test {word} in {file}")
        return file is not None

    def _tests_of(self, name):
        if name not in self.tests:
            path = self.root / name
            self.tests[name] = tests_in(path) if path.is_file() else None
        return self.tests[name]

    def check(self, path, text):
        """One file of code."""
        for number, name in ids_in(text):
            self.cited.add(name)
            if name not in self.rows:
                self.find(path, number, f"{name} has no row in {TABLES}")

    def finish(self):
        for name in sorted(self.guarded - self.cited):
            self.find(self.path, self.rows[name], f"no test or comment cites {name}")
