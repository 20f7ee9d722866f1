#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Includes point down only, never sideways, and SystemC stays where it belongs (docs/design.md).

    layering.py ROOT

A file may include its own room and every room on a lower floor. Below sim/ only files named *_tlm*
and memory/kernel.* may see SystemC, be it through another header. abi/ is freestanding C. Each
fault is reported once, at the include that brings it in.
"""

import os
import re
import sys

import repository

FLOORS = [
    {"base", "abi"},
    {"workloads", "energy"},
    {"dataflows", "memory"},
    {"shell"},
    {"accelerators/*", "pim", "mcu"},
    {"sim"},
    {"app"},
    {"validation", "tests"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
SYSTEMC_FLOOR = FLOOR["sim"]
FREESTANDING = {"stdint.h", "stddef.h"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
SYSTEMC = re.compile(r"^(systemc|tlm|tlm_utils|sysc)(/|\.h$|$)")
SYSTEMC_NAME = re.compile(r"_tlm(_|\.)")


def room_of(path):
    """The room of a file: its top folder; below accelerators/ each machine is one."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "accelerators" else parts[0]


def floor_of(room):
    return FLOOR.get("accelerators/*" if room.startswith("accelerators/") else room)


def may_include(source, target):
    """Whether a file of room `source` may include one of room `target`."""
    if source == target:
        return True
    if target == "abi":
        return source != "base"
    return source != "abi" and floor_of(target) < floor_of(source)


def may_see_systemc(path):
    name = path.split("/")[-1]
    return (floor_of(room_of(path)) >= SYSTEMC_FLOOR or SYSTEMC_NAME.search(name) is not None
            or re.fullmatch(r"memory/kernel(_test)?\.\w+", path) is not None)


class Tree:
    """The include graph of a source tree."""

    def __init__(self, root):
        self.root = root
        self.includes = {}
        for path in repository.files(root, *repository.SOURCE_ENDINGS):
            if floor_of(room_of(path)) is not None:
                self.includes[path] = INCLUDE.findall(repository.read(root, path))

    def sees_systemc(self, path, seen=()):
        """Whether path includes a SystemC header, itself or through others."""
        return any(SYSTEMC.match(name) if bracket == "<" else
                   name not in seen and self.sees_systemc(name, (*seen, path))
                   for bracket, name in self.includes.get(path, []))

    def faults(self):
        for path, includes in self.includes.items():
            for bracket, name in includes:
                fault = self.fault_of_include(path, bracket, name)
                if fault:
                    yield f"{path}: includes {name}: {fault}"

    def fault_of_include(self, path, bracket, name):
        source = room_of(path)
        if bracket == "<":
            if SYSTEMC.match(name) and not may_see_systemc(path):
                return "only *_tlm files, memory/kernel and sim/ may see SystemC"
            if source == "abi" and path.endswith(".h") and name not in FREESTANDING:
                return "abi/ is freestanding"
            return None
        if not os.path.exists(os.path.join(self.root, name)):
            return "no such file, seen from the root of the project"
        target = room_of(name)
        if floor_of(target) is None:
            return f"{target}/ is no room"
        if not may_include(source, target):
            where = "up" if floor_of(target) > floor_of(source) else "sideways"
            return f"points {where}, from {source}/ to {target}/"
        if not may_see_systemc(path) and may_see_systemc(name) and self.sees_systemc(name):
            return "brings SystemC to a file that must not see it"
        return None


def main():
    tree = Tree(sys.argv[1])
    repository.report("layering", len(tree.includes), list(tree.faults()))


if __name__ == "__main__":
    main()
