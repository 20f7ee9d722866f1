#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every YAML file that is shipped passes `milliwatt check`.

    configs.py ROOT APP
"""

import subprocess
import sys

import repository


def main():
    root, app = sys.argv[1:]
    files = [path for path in repository.files(root, ".yaml")
             if path.startswith(("configs/", "workloads/networks/"))]
    faults = []
    for path in files:
        run = subprocess.run([app, "check", path], cwd=root, text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, check=False)
        if run.returncode != 0:
            faults.append(f"{path}: milliwatt check left with {run.returncode}\n{run.stdout}")
    repository.report("configs", len(files), faults)


if __name__ == "__main__":
    main()
