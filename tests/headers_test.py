#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""headers.py finds headers that lean on their includers, and headers without a guard."""

import os
import tempfile
import unittest

import headers

SOUND = "#pragma once\n#include <string>\ninline std::string name() { return {}; }\n"
LEANING = "#pragma once\ninline std::string name() { return {}; }\n"
UNGUARDED = "#include <string>\ninline std::string name() { return {}; }\n"


class HeadersTest(unittest.TestCase):

    def faults(self, header, source):
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, "base"))
            for path, text in (("base/a.h", header), ("base/a.cpp", source)):
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            return list(headers.faults(root, ["base/a.h"], "c++"))

    def test_a_sound_header(self):
        self.assertEqual(self.faults(SOUND, ""), [])

    def test_a_header_that_leans_on_its_includer(self):
        faults = self.faults(LEANING, '#include <string>\n#include "base/a.h"\n')
        self.assertEqual(len(faults), 1)
        self.assertIn("base/a.h: does not compile alone", faults[0])

    def test_the_first_include_of_a_source_is_proven_by_its_compilation(self):
        self.assertEqual(self.faults(LEANING, '#include "base/a.h"\n'), [])

    def test_a_header_without_a_guard(self):
        faults = self.faults(UNGUARDED, '#include "base/a.h"\n')
        self.assertEqual(len(faults), 1)
        self.assertIn("guard", faults[0])


if __name__ == "__main__":
    unittest.main()
