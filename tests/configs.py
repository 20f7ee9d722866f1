#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every platform, technology, study and network that is shipped passes `milliwatt check`.

    configs.py ROOT APP

Looks at configs/ and workloads/networks/, where only files that are checked may lie, and those that
explain them or that they read.
"""

import os
import subprocess
import sys

import repository

FOLDERS = ("configs/", "workloads/networks/")
CHECKED = (".yaml", ".tflite")
BESIDE = (".md", ".csv", ".npy")


def faults_of(root, app, path):
    ending = os.path.splitext(path)[1]
    if ending in BESIDE:
        return []
    if ending not in CHECKED:
        known = ", ".join(CHECKED + BESIDE)
        return [f"{path}: nothing checks a file with this ending; known: {known}"]
    run = subprocess.run([app, "check", path], cwd=root, text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False)
    if run.returncode == 0 and run.stdout.startswith(f"{path}: ") and "no faults" in run.stdout:
        return []
    return [f"{path}: milliwatt check left with {run.returncode}\n{run.stdout}"]


def shipped(root):
    return [path for path in repository.files(root) if path.startswith(FOLDERS)]


def main():
    root, app = sys.argv[1:]
    files = shipped(root)
    checked = [path for path in files if path.endswith(CHECKED)]
    faults = [fault for path in files for fault in faults_of(root, app, path)]
    repository.report("configs", len(checked), faults)


if __name__ == "__main__":
    main()
