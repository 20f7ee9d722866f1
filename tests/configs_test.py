#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""configs.py finds a shipped file that `milliwatt check` refuses, or that it does not look at.

    configs_test.py ROOT APP
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "configs.py")
ROOT, APP = sys.argv[1:]


class ConfigsTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for folder in ("configs", "workloads/networks"):
            shutil.copytree(os.path.join(ROOT, folder), os.path.join(self.folder.name, folder))

    def write(self, path, text):
        with open(os.path.join(self.folder.name, path), "w", encoding="utf-8") as file:
            file.write(text)

    def run_on_tree(self):
        run = subprocess.run([sys.executable, "-B", CONFIGS, self.folder.name, APP], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return run.returncode, run.stdout

    def expect_fault(self, path, text, message):
        self.write(path, text)
        code, out = self.run_on_tree()
        self.assertEqual(code, 1)
        self.assertIn(path, out)
        self.assertIn(message, out)
        self.assertIn(" 1 at fault", out)

    def test_what_is_shipped_is_good(self):
        code, out = self.run_on_tree()
        self.assertEqual(code, 0, out)

    def test_a_platform_with_a_fault(self):
        self.expect_fault("configs/platforms/new.yaml", "bus: {widht: 8 B}\n",
                          "did you mean 'width'")

    def test_a_technology_without_a_price(self):
        self.expect_fault("configs/technologies/new.yaml", "name: new\nprimitives: {}\n",
                          "'conditions' is missing")

    def test_component_classes_with_a_fault(self):
        self.expect_fault("configs/technologies/shared/new.yaml", "classes: {latch: {}}\n",
                          "'attributes' is missing")

    def test_a_network_with_a_fault(self):
        self.expect_fault("workloads/networks/new.yaml", "layer_trace: 1\nlayers: []\n",
                          "new.yaml:")

    def test_a_network_that_is_no_network(self):
        self.expect_fault("workloads/networks/new.tflite", "nothing", "new.tflite: ")

    def test_a_file_that_is_none_of_these(self):
        self.expect_fault("configs/new.yaml", "colour: red\n", "neither a platform")

    def test_a_file_that_nothing_checks(self):
        self.expect_fault("configs/platforms/new.yml", "bus: {}\n", "nothing checks")

    def test_an_empty_tree(self):
        for folder in ("configs", "workloads"):
            shutil.rmtree(os.path.join(self.folder.name, folder))
        self.assertEqual(self.run_on_tree()[0], 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
