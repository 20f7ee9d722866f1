#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs.py finds dead links and examples that do not run, on pages made for it."""

import os
import tempfile
import unittest

import docs

PAGE = """# Title: one `two`
```console
$ build/release/milliwatt list
anything
$ ls nothing here is run
```
```console exit=2 check
$ build/release/milliwatt check \\
    bad.yaml
first
...
last
```
"""


class LinksTest(unittest.TestCase):

    def faults(self, text):
        with tempfile.TemporaryDirectory() as root:
            with open(os.path.join(root, "page.md"), "w", encoding="utf-8") as file:
                file.write(PAGE)
            return list(docs.link_faults(root, "page.md", text))

    def test_good_links(self):
        page = "[a](page.md) [b](page.md#title-one-two) [c](https://x.y/z)"
        self.assertEqual(self.faults(page), [])

    def test_dead_links(self):
        self.assertEqual(len(self.faults("[a](other.md)")), 1)
        self.assertEqual(len(self.faults("![a](other.svg)")), 1)
        self.assertEqual(len(self.faults('<img src="other.svg">')), 1)
        self.assertEqual(len(self.faults("[a](page.md#title-two)")), 1)

    def test_code_is_no_link(self):
        self.assertEqual(self.faults("```cpp\nf[a](b)\n```\n"), [])


    def test_lonely_pages(self):
        pages = {"README.md": "[a](docs/a.md) [m](docs/models/)", "docs/a.md": "[a](#a) [c](c.md)",
                 "docs/b.md": "[b](b.md)", "docs/c.md": "", "docs/models/d.md": "",
                 "tools/e.md": ""}
        self.assertEqual(list(docs.lonely_pages("/root", pages)), ["docs/b.md: no page leads here"])


class TestNamesTest(unittest.TestCase):

    def faults(self, text):
        return list(docs.test_faults("page.md", text, {"Bus.Serves", "Bus.Waits"}))

    def test_known_names(self):
        page = "`Bus.Serves`, `Bus.*`, `*.Waits`, `bus.width`, `README.md`"
        self.assertEqual(self.faults(page), [])

    def test_unknown_names(self):
        self.assertEqual(self.faults("`Bus.Server`"), ["page.md: there is no test Bus.Server"])
        self.assertEqual(len(self.faults("`Buses.*` and `*.Served`")), 2)

    def test_tests_are_read_from_the_code(self):
        with tempfile.TemporaryDirectory() as root:
            with open(os.path.join(root, "bus_test.cpp"), "w", encoding="utf-8") as file:
                file.write("TEST(Bus, Serves) {\n}\nTEST_P(Bus,\n       Waits) {\n}\n")
            self.assertEqual(docs.tests_of(root), {"Bus.Serves", "Bus.Waits"})


class ExamplesTest(unittest.TestCase):

    def test_examples_of_a_page(self):
        self.assertEqual(list(docs.examples(PAGE)), [
            ("build/release/milliwatt list", 0, None),
            ("build/release/milliwatt check \\\n    bad.yaml", 2, "first\n...\nlast\n"),
        ])

    def run_with(self, script, text):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "build/release"))
            app = os.path.join(folder, docs.APP)
            with open(app, "w", encoding="utf-8") as file:
                file.write("#!/bin/sh\n" + script)
            os.chmod(app, 0o755)
            return list(docs.run_page("page.md", text, folder))

    def test_exit_codes(self):
        fine = "case $1 in list) exit 0;; *) echo first; echo; echo last; exit 2;; esac"
        self.assertEqual(self.run_with(fine, PAGE), [None, None])
        listed, checked = self.run_with("echo first; echo last; exit 1", PAGE)
        self.assertIn("left with 1, not 0", listed)
        self.assertIn("left with 1, not 2", checked)

    def test_output_is_compared_where_asked(self):
        listed, checked = self.run_with(
            "echo first; echo last and more; [ $1 = list ] || exit 2", PAGE)
        self.assertIsNone(listed)
        self.assertIn("shown:", checked)

    def test_a_block_may_be_a_file_for_the_commands_below_it(self):
        page = ("```console exit=1\n$ build/release/milliwatt a.yaml\n```\n"
                "```yaml file=a.yaml\nkey: 1\n```\n"
                "```console check\n$ build/release/milliwatt a.yaml\nkey: 1\n```\n")
        self.assertEqual(self.run_with("cat $1", page), [None, None])

    def test_dots_stand_for_any_lines(self):
        self.assertTrue(docs.agrees("a\n...\nb\n", "a\nb\n"))
        self.assertTrue(docs.agrees("a\n...\nb\n", "a\nx\ny\nb\n"))
        self.assertTrue(docs.agrees("a\n...\n", "a\nx\n"))
        self.assertTrue(docs.agrees("a: ...\nb\n", "a: 1 2\nb\n"))
        self.assertFalse(docs.agrees("a: ...\nb\n", "b: 1\nb\n"))
        self.assertFalse(docs.agrees("a: ...\nb\n", "a: 1\n2\nb\n"))
        self.assertFalse(docs.agrees("a\n...\nb\n", "x\na\nb\n"))
        self.assertFalse(docs.agrees("a\nb\n", "a\nx\nb\n"))


if __name__ == "__main__":
    unittest.main()
