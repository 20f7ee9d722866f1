#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a look at the text of the files can tell; clang-format and clang-tidy tell the rest.

    style.py ROOT
"""

import re
import sys

import repository

MAX_LINES = 500
# Of Python and scripts; clang-format holds C++ to the same.
MAX_COLUMNS = 100
SCRIPT = re.compile(r"^(tools/[^.]+|\.ci/run)$")
# Split in two, so that this file does not accuse itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(home|work|farm|tmp|Users)/")
SPDX = "SPDX-License-Identifier: Apache-2.0"
NO_TEXT = (".svg", ".npy", ".onnx", ".tflite", ".bin", ".png")

# (what, where it is forbidden, pattern). Only programs talk and leave; a library throws.
CODE_RULES = [
    ("a library neither prints nor exits",
     re.compile(r"^(?!app/|tests/|.*_(test|bench)\.).*\.(h|c|cpp)$"),
     re.compile(r"\bstd::(cout|cerr|clog|exit|abort)\b"
                r"|(?<![\w.>:])(f?printf|puts|exit|abort)\s*\(")),
    ("a static or global sc_time stores ticks of a resolution that may change",
     re.compile(r"\.(h|cpp)$"),
     re.compile(r"^(static|inline|constexpr|const)\b[^(]*\bsc_time\s+\w+\s*([={;]|\(\d)")),
    ("a header must not open a namespace for its users",
     re.compile(r"\.h$"),
     re.compile(r"^\s*using namespace\b")),
]


def line_faults(path, number, line):
    """The faults of one line."""
    if UNFINISHED.search(line):
        yield f"{path}:{number}: a marker of unfinished work"
    if MACHINE_PATH.search(line):
        yield f"{path}:{number}: a path of one machine"
    if line != line.rstrip():
        yield f"{path}:{number}: blanks at the end of the line"
    if (path.endswith(".py") or SCRIPT.match(path)) and len(line) > MAX_COLUMNS:
        yield f"{path}:{number}: {len(line)} columns, more than {MAX_COLUMNS}"
    code = line.split("//")[0]
    for what, where, pattern in CODE_RULES:
        if where.search(path) and pattern.search(code):
            yield f"{path}:{number}: {what}"


def file_faults(path, text):
    """The faults of a file of this path and content."""
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        yield from line_faults(path, number, line)
    is_source = path.endswith(repository.SOURCE_ENDINGS)
    if is_source or SCRIPT.match(path) or path.endswith(".py"):
        if not any(SPDX in line for line in (lines[:1] if is_source else lines[:2])):
            yield f"{path}:1: the licence line is missing"
        if len(lines) > MAX_LINES:
            yield f"{path}:{MAX_LINES}: {len(lines)} lines; one file is one concept"
    if text and not text.endswith("\n"):
        yield f"{path}:{len(lines)}: no newline at the end"


def main():
    root = sys.argv[1]
    paths = [path for path in repository.files(root) if not path.endswith(NO_TEXT)]
    faults = []
    for path in paths:
        faults += file_faults(path, repository.read(root, path))
    repository.report("style", len(paths), faults)


if __name__ == "__main__":
    main()
