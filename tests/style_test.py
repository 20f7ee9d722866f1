#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of style.py, broken once."""

import unittest

import style

HEAD = "// SPDX-License-Identifier: Apache-2.0\n"


class StyleTest(unittest.TestCase):

    def expect(self, path, text, *said):
        faults = list(style.file_faults(path, text))
        self.assertEqual(len(faults), len(said), faults)
        for fault, words in zip(faults, said):
            self.assertIn(words, fault)

    def test_a_sound_file_has_no_fault(self):
        self.expect("base/a.cpp", HEAD + "int a() { return printf_like(1); }\n")

    def test_text_rules(self):
        self.expect("base/a.h", "#pragma once\n", "licence")
        self.expect("tools/run", "#!/bin/sh\n\n" + HEAD, "licence")
        self.expect("base/a.h", HEAD + "// TO" + "DO: more\n", "base/a.h:2: a marker")
        self.expect("docs/a.md", "See /ho" + "me/me/file.\n", "path of one machine")
        self.expect("docs/a.md", "blank \n", "blanks")
        self.expect("docs/a.md", "no end", "no newline")

    def test_the_limit_of_lines_from_both_sides(self):
        self.expect("base/a.h", HEAD + "\n" * 499)
        self.expect("base/a.h", HEAD + "\n" * 500, "501 lines")

    def test_the_limit_of_columns_from_both_sides(self):
        head = "# SPDX-License-Identifier: Apache-2.0\n"
        for path in ("tests/a.py", "tools/a", ".ci/run"):
            self.expect(path, head + "x" * 100 + "\n")
            self.expect(path, head + "x" * 101 + "\n", "101 columns")
        self.expect("docs/a.md", "x" * 101 + "\n")

    def test_a_library_neither_prints_nor_exits(self):
        self.expect("sim/a.cpp", HEAD + "  std::cout << 1;\n", "neither prints")
        self.expect("sim/a.cpp", HEAD + "  exit(1);\n", "neither prints")
        self.expect("app/main.cpp", HEAD + "  std::cout << 1;\n")
        self.expect("sim/a_bench.cpp", HEAD + "  std::cout << 1;\n")
        self.expect("sim/a.cpp", HEAD + "  on_exit(1);  // not exit(1)\n")

    def test_systemc_time_is_never_static(self):
        self.expect("sim/a.cpp", HEAD + "static const sc_core::sc_time kStep{1, SC_NS};\n", "ticks")
        self.expect("sim/a.cpp", HEAD + "static sc_time kStep(1, SC_NS);\n", "ticks")
        self.expect("sim/a.cpp", HEAD + "static sc_core::sc_time now(int cycle);\n")

    def test_no_using_namespace_in_a_header(self):
        self.expect("sim/a.h", HEAD + "using namespace std;\n", "open a namespace")
        self.expect("sim/a.cpp", HEAD + "using namespace std;\n")


if __name__ == "__main__":
    unittest.main()
