#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants faults in small source trees and sees layering.py catch each of them, and nothing else."""

import os
import tempfile
import unittest

import layering

SOUND = {
    "base/clock.h": "#include <cstdint>\n",
    "abi/command_list.h": "#include <stdint.h>\n",
    "workloads/graph.h": '#include "base/clock.h"\n#include "abi/command_list.h"\n',
    "energy/price.h": '#include "base/clock.h"\n',
    "memory/bus.h": '#include "base/clock.h"\n',
    "memory/bus_tlm.h": '#include <systemc>\n#include "memory/bus.h"\n',
    "memory/bus_tlm_test.cpp": '#include "memory/bus_tlm.h"\n',
    "memory/kernel.h": "#include <systemc>\n",
    "shell/machine.h": '#include "memory/bus.h"\n',
    "accelerators/systolic/array.cpp": '#include "shell/machine.h"\n',
    "accelerators/other/array.h": '#include "shell/machine.h"\n',
    "mcu/host.h": '#include "memory/bus.h"\n',
    "sim/run.cpp": '#include "memory/bus_tlm.h"\n#include "accelerators/other/array.h"\n',
    "sim/results.h": "#include <string>\n",
    "app/main.cpp": '#include "memory/kernel.h"\n',
}


class LayeringTest(unittest.TestCase):

    def faults(self, path=None, line=None):
        """The faults of the sound tree with one line added to one file."""
        with tempfile.TemporaryDirectory() as root:
            tree = dict(SOUND)
            if path:
                tree[path] = tree.get(path, "") + line + "\n"
            for name, text in tree.items():
                os.makedirs(os.path.join(root, os.path.dirname(name)), exist_ok=True)
                with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                    file.write(text)
            return list(layering.Tree(root).faults())

    def expect_one(self, path, line, said):
        faults = self.faults(path, line)
        self.assertEqual(len(faults), 1, faults)
        self.assertTrue(faults[0].startswith(path + ": "), faults[0])
        self.assertIn(said, faults[0])

    def test_a_sound_tree_has_no_fault(self):
        self.assertEqual(self.faults(), [])

    def test_an_include_that_points_up_is_caught(self):
        self.expect_one("shell/machine.h", '#include "accelerators/other/array.h"', "points up")
        self.expect_one("workloads/graph.h", '#include "memory/bus.h"', "points up")
        self.expect_one("base/clock.h", '#  include "sim/results.h"', "points up")

    def test_an_include_between_machines_is_caught(self):
        self.expect_one("accelerators/systolic/array.cpp", '#include "accelerators/other/array.h"',
                        "points sideways")
        self.expect_one("accelerators/other/array.h", '#include "mcu/host.h"', "points sideways")

    def test_an_include_between_rooms_of_one_floor_is_caught(self):
        self.expect_one("energy/price.h", '#include "workloads/graph.h"', "points sideways")
        self.expect_one("base/clock.h", '#include "abi/command_list.h"', "points sideways")

    def test_systemc_in_a_core_is_caught(self):
        self.expect_one("memory/bus.cpp", "#include <systemc>", "may see SystemC")
        self.expect_one("mcu/host.h", "#include <tlm_utils/simple_target_socket.h>",
                        "may see SystemC")
        self.expect_one("memory/bus_core.h", "#include <tlm.h>", "may see SystemC")

    def test_systemc_behind_another_header_is_caught(self):
        self.expect_one("mcu/host.cpp", '#include "memory/bus_tlm.h"', "brings SystemC")
        self.expect_one("memory/bus_test.cpp", '#include "memory/kernel.h"', "brings SystemC")

    def test_abi_must_be_freestanding(self):
        self.expect_one("abi/command_list.h", "#include <string.h>", "freestanding")
        self.expect_one("abi/command_list.h", '#include "base/clock.h"', "points sideways")

    def test_includes_are_written_from_the_root(self):
        self.expect_one("memory/bus_tlm.h", '#include "bus.h"', "no such file")

    def test_a_folder_that_is_no_room_is_caught(self):
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, "util"))
            os.makedirs(os.path.join(root, "base"))
            open(os.path.join(root, "util/all.h"), "w", encoding="utf-8").close()
            with open(os.path.join(root, "base/clock.h"), "w", encoding="utf-8") as file:
                file.write('#include "util/all.h"\n')
            self.assertEqual(list(layering.Tree(root).faults()),
                             ['base/clock.h: includes util/all.h: util/ is no room'])


if __name__ == "__main__":
    unittest.main()
