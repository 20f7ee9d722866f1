#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each YAML file in tests/bad_yaml/ is refused with the messages beside it.

    bad_yaml.py ROOT APP [--update]

NAME.expected holds what `milliwatt check NAME.yaml` prints; for a plan, what `milliwatt run
--use-plan` does. Files that an editor or git could not keep are made here. Every platform and
network is given to `milliwatt run` as well: it must leave with 2, say the same, and write nothing.
--update writes the .expected files anew and prints what changed.
"""

import difflib
import os
import shutil
import subprocess
import sys
import tempfile

# Bytes that are no good as files of the repository, and their only message.
BUS_TYPO = ("bus.widht: unknown key; did you mean 'width'? "
            "Allowed: width, latency, arbitration, burst_limit, boundary")

AWKWARD = {
    "platform_empty": (b"", ":1:1: the file is empty"),
    "platform_only_comments": (b"# nothing\n\n", ":1:1: the file is empty"),
    "platform_only_a_marker": (b"---\n", ":2:1: the document is empty"),
    "platform_null": (b"~\n", ":1:1: the document is empty"),
    "platform_latin1": (b"name: caf\xe9\nbus: {width: 8 B}\n", ":1: not UTF-8 text"),
    "platform_utf16": (b"\xff\xfeb\0u\0s\0:\0", ":1: not UTF-8 text"),
    "platform_zero_byte": (b"bus: {width: 8 B}\nname: a\0b\n", ":2: not UTF-8 text"),
    "platform_overlong_utf8": (b"bus: {width: 8 B}\nname: \xc0\xaf\n", ":2: not UTF-8 text"),
    "platform_byte_order_mark": (
        b"\xef\xbb\xbfbus: {widht: 8 B}\n",
        ":1:7: " + BUS_TYPO),
    "platform_windows_lines": (
        b"bus:\r\n  widht: 8 B\r\n",
        ":2:3: " + BUS_TYPO),
    "platform_deep_lists": (
        b"bus: " + b"[" * 20000,
        ":1:1: not valid YAML: bad file; lists and maps are nested too deeply"),
    "platform_deep_maps": (
        b"bus: " + b"{a: " * 20000,
        ":1:1997: not valid YAML: bad file; lists and maps are nested too deeply"),
    "platform_deep_indents": (
        b"".join(b" " * i + b"a:\n" for i in range(2000)),
        ":499:501: not valid YAML: bad file; lists and maps are nested too deeply"),
    "platform_png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ":1: not UTF-8 text"),
}


def milliwatt(app, folder, *words):
    done = subprocess.run([app, *words], cwd=folder, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stdout, done.stderr


class Check:
    """One file after the other in a scratch folder beside which the technologies lie."""

    def __init__(self, root, app, folder):
        self.root, self.app, self.folder = root, app, folder
        self.faults = []

    def fault(self, name, text):
        self.faults.append(f"{name}: {text}")

    def messages(self, name):
        """What `check` says; everything else about a refusal is looked at as well."""
        file = name + ".yaml"
        command = ["check", file]
        if name.startswith("plan_"):
            command = ["run", "good_platform.yaml", "good_trace.yaml", "--use-plan", file, "--out",
                       "out"]
        code, out, err = milliwatt(self.app, self.folder, *command)
        if code != 2 or out or os.path.exists(os.path.join(self.folder, "out")):
            self.fault(name, f"{command[0]} left with {code}, printed '{out}' or wrote something")
        for line in err.splitlines():
            if not line.startswith("milliwatt: error: "):
                self.fault(name, f"not a message: {line}")
        self.run(name, err)
        return err.replace("milliwatt: error: ", "")

    def run(self, name, checked):
        good = {"platform": "good_platform.yaml", "trace": "good_trace.yaml"}
        kind = name.split("_")[0].replace("derived", "trace")
        if kind not in good:
            return
        files = [name + ".yaml" if kind == part else path for part, path in good.items()]
        code, out, err = milliwatt(self.app, self.folder, "run", *files, "--out", "out")
        if code != 2 or out or os.path.exists(os.path.join(self.folder, "out")):
            self.fault(name, f"run left with {code}, printed '{out}' or wrote something")
        if err != checked and ": neither a platform " not in checked:
            self.fault(name, f"run says\n{err}where check says\n{checked}")


def compare(name, expected, found):
    return "".join(difflib.unified_diff(expected.splitlines(True), found.splitlines(True),
                                        name + ".expected", "found"))


def check_files(check, update):
    source = os.path.join(check.root, "tests/bad_yaml")
    names = sorted(file[:-5] for file in os.listdir(source) if file.endswith(".yaml"))
    for name in names:
        shutil.copy(os.path.join(source, name + ".yaml"), check.folder)
        found = check.messages(name)
        path = os.path.join(source, name + ".expected")
        expected = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                expected = file.read()
        if found == expected:
            continue
        if update:
            print(compare(name, expected, found), end="")
            with open(path, "w", encoding="utf-8") as file:
                file.write(found)
        else:
            check.fault(name, "\n" + compare(name, expected, found))
    return len(names)


def check_awkward(check):
    for name, (content, message) in AWKWARD.items():
        with open(os.path.join(check.folder, name + ".yaml"), "wb") as file:
            file.write(content)
        found = check.messages(name)
        if found != f"{name}.yaml{message}\n":
            check.fault(name, f"found\n{found}")
    return len(AWKWARD)


def main():
    root, app = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "platforms")
        os.mkdir(folder)
        shutil.copytree(os.path.join(root, "configs/technologies"),
                        os.path.join(scratch, "technologies"))
        for name, text in {
                "good_platform.yaml": "accelerator: {rows: 4, columns: 4}\n",
                "good_trace.yaml": "layer_trace: 1\nname: tiny\n"
                                   "inputs:\n  - {name: a, shape: [1, 4, 4, 2]}\n"
                                   "layers:\n"
                                   "  - {kind: conv2d, name: conv, filters: 2, kernel: 3}\n"
                                   "  - {kind: softmax, name: probabilities}\n"}.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        check = Check(root, app, folder)
        code, _, err = milliwatt(app, folder, "run", "good_platform.yaml", "good_trace.yaml")
        if code != 0:
            check.fault("good files", f"run left with {code}\n{err}")
        count = check_files(check, "--update" in sys.argv[3:]) + check_awkward(check)
    for fault in check.faults:
        print(fault)
    print(f"bad_yaml: {count} refused, {len(check.faults)} not as expected")
    sys.exit(1 if check.faults or count < 60 else 0)


if __name__ == "__main__":
    main()
