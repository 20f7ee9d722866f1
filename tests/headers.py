#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone, and twice.

    headers.py ROOT COMPILER

A header that some source file includes before anything else is proven by that file's compilation;
only the others are compiled here. Twice needs a guard. The headers of abi/ have tests of their own.
"""

import concurrent.futures
import os
import re
import subprocess
import sys

import repository

FLAGS = ["-x", "c++", "-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
         "-DONNX_ML=1", "-DONNX_NAMESPACE=onnx"]  # which the headers of libonnx-dev want
GUARD = re.compile(r"^#(pragma once$|ifndef \w+_H\n#define \w+_H$)", re.MULTILINE)
FIRST_INCLUDE = re.compile(r'^#include "([^"]+)"$|^#include', re.MULTILINE)


def first_includes(root):
    """The headers that some source file includes first."""
    for path in repository.files(root, ".c", ".cpp"):
        match = FIRST_INCLUDE.search(repository.read(root, path))
        if match and match.group(1):
            yield match.group(1)


def fault_of_compilation(root, path, compiler):
    """What a compiler has to say on a file that includes the header and nothing else."""
    run = subprocess.run([compiler, *FLAGS, "-I", root, "-"], input=f'#include "{path}"\n',
                         capture_output=True, text=True, check=False)
    return None if run.returncode == 0 else f"{path}: does not compile alone\n{run.stderr.rstrip()}"


def faults(root, headers, compiler):
    for path in headers:
        if not GUARD.search(repository.read(root, path)):
            yield f"{path}: neither #pragma once nor a guard at its top"
    proven = set(first_includes(root))
    alone = [path for path in headers if path not in proven and not path.startswith("abi/")]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        yield from filter(None, pool.map(lambda path: fault_of_compilation(root, path, compiler),
                                         alone))


def main():
    root, compiler = os.path.abspath(sys.argv[1]), sys.argv[2]
    headers = repository.files(root, ".h")
    repository.report("headers", len(headers), list(faults(root, headers, compiler)))


if __name__ == "__main__":
    main()
