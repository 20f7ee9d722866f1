# SPDX-License-Identifier: Apache-2.0
"""What the repository's own checks share: which files there are, and how a check reports."""

import os
import subprocess
import sys

SOURCE_ENDINGS = (".h", ".c", ".cpp")
NOT_OURS = {"build", "out", ".git"}


def files(root, *endings):
    """Paths, relative to root and sorted, of the files that belong to the repository.

    Inside a git checkout: what is tracked or about to be; elsewhere (a source archive, the tree of
    a self test): everything but build products.
    """
    if os.path.exists(os.path.join(root, ".git")):
        listing = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, check=True, capture_output=True, text=True).stdout
        found = [path for path in listing.split("\0") if path]
    else:
        found = []
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name not in NOT_OURS]
            found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    chosen = [path for path in found if not endings or path.endswith(endings)]
    return sorted(path for path in chosen if os.path.isfile(os.path.join(root, path)))


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def report(name, checked, faults):
    """Prints the faults and leaves: 0 only if something was checked and nothing was wrong."""
    for fault in faults:
        print(fault)
    if checked == 0:
        print(f"{name}: found nothing to check")
        sys.exit(1)
    print(f"{name}: {checked} checked, {len(faults)} at fault")
    sys.exit(1 if faults else 0)
