#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pages hold what they promise.

    docs.py links ROOT            every relative link leads to a file, and to a heading of it; every
                                  test named in a page, `Suite.Test`, exists; some page leads to
                                  every page of docs/
    docs.py examples ROOT APP     every milliwatt command shown in a page runs

An example is a line that begins with "$ " in a ```console block and calls build/release/milliwatt;
a backslash at its end continues it. A page's commands run one after the other in a scratch folder
that has the repository's folders. They must leave with 0, or with N in a block opened by
```console exit=N. In a block opened by ```console check the text below a command must be its
output, where a line "..." stands for any lines and "..." at the end of a line for its rest. A block
opened by ```yaml file=NAME (or another language) is a file of that name for the commands below it.
"""

import fnmatch
import os
import re
import subprocess
import sys
import tempfile

import repository

BLOCK = re.compile(r"^```(\S*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)
# `Suite.Test`, either of them perhaps "*", and how the code declares one.
TEST_NAME = re.compile(r"`([A-Z]\w+\.(?:[A-Z]\w+|\*)|\*\.[A-Z]\w+)`")
TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.MULTILINE)
SOURCE_OF_IMAGE = re.compile(r"<img[^>]*\bsrc=\"([^\"]+)\"")
# A command, its continued lines with it, and what is shown below it.
EXAMPLE = re.compile(r"((?:[^\n]*\\\n)*[^\n]*)\n?(.*)", re.DOTALL)
APP = "build/release/milliwatt"


def anchor(heading):
    """The name of a heading in a link, as GitHub and mkdocs make it."""
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def targets(root, page, text):
    """(target as it is written, file it names, heading it names) of a page's relative links."""
    prose = BLOCK.sub("", text)
    for target in LINK.findall(prose) + SOURCE_OF_IMAGE.findall(prose):
        if not re.match(r"[a-z]+:", target):
            path, _, section = target.partition("#")
            yield (target, os.path.normpath(os.path.join(root, os.path.dirname(page), path)) if path
                   else os.path.join(root, page), section)


def link_faults(root, page, text):
    for target, file, section in targets(root, page, text):
        if not os.path.exists(file):
            yield f"{page}: the link {target} leads nowhere"
        elif section:
            with open(file, encoding="utf-8") as other:
                headings = HEADING.findall(BLOCK.sub("", other.read()))
            if section not in map(anchor, headings):
                yield f"{page}: the link {target} names no heading of {os.path.basename(file)}"


def lonely_pages(root, pages):
    """Pages of docs/ that no other page leads to; a link to a folder leads to all of its pages."""
    linked = {os.path.relpath(file, root) for page, text in pages.items()
              for _, file, _ in targets(root, page, text) if os.path.relpath(file, root) != page}
    for page in pages:
        if page.startswith("docs/") and not {page, os.path.dirname(page)} & linked:
            yield f"{page}: no page leads here"


def tests_of(root):
    """The names of all tests of the code, "Suite.Test"."""
    return {".".join(test) for path in repository.files(root, "_test.cpp")
            for test in TEST.findall(repository.read(root, path))}


def test_faults(page, text, tests):
    for name in TEST_NAME.findall(BLOCK.sub("", text)):
        if not fnmatch.filter(tests, name):
            yield f"{page}: there is no test {name}"


def file_of(options):
    """The name of the file that a block with these options is, or None."""
    name = re.search(r"\bfile=([\w.-]+)", options)
    return name.group(1) if name else None


def examples_of(language, options, body):
    """(command, expected exit code, expected output or None) of every example of a block."""
    if language != "console":
        return
    code = re.search(r"\bexit=(\d+)", options)
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, output = EXAMPLE.match(part).groups()
        if re.search(rf"(^|\s){APP}\s", command):
            yield (command, int(code.group(1)) if code else 0,
                   output if "check" in options.split() else None)


def examples(text):
    """The examples of a page."""
    for block in BLOCK.findall(text):
        yield from examples_of(*block)


def line_pattern(line):
    if line.strip() == "...":
        return "(?:.*\n)*?"
    rest = ".*" if line.endswith("...") else "[ ]*"
    return re.escape(line.rstrip(".") if line.endswith("...") else line.rstrip()) + rest + "\n"


def agrees(shown, printed):
    """Whether the printed text is the shown one, where "..." stands for lines or a line's rest."""
    pattern = "".join(map(line_pattern, shown.rstrip("\n").split("\n")))
    return re.fullmatch(pattern + r"\n*", printed.rstrip("\n") + "\n") is not None


def example_fault(page, folder, example):
    command, code, output = example
    run = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False)
    if run.returncode != code:
        return f"{page}: $ {command}\nleft with {run.returncode}, not {code}:\n{run.stdout}"
    if output is not None and not agrees(output, run.stdout):
        return f"{page}: $ {command}\nshown:\n{output}printed:\n{run.stdout}"
    return None


def scratch(root, app, folder):
    """A folder like a checkout with a build, to run examples in without touching the real one."""
    for name in os.listdir(root):
        if name not in ("build", "out"):
            os.symlink(os.path.join(root, name), os.path.join(folder, name))
    os.makedirs(os.path.join(folder, os.path.dirname(APP)))
    os.symlink(app, os.path.join(folder, APP))


def run_page(page, text, folder):
    """Writes the files of a page and runs its examples in order: the fault or None of each."""
    for language, options, body in BLOCK.findall(text):
        if file_of(options):
            with open(os.path.join(folder, file_of(options)), "w", encoding="utf-8") as file:
                file.write(body)
        for example in examples_of(language, options, body):
            yield example_fault(page, folder, example)


def check_examples(root, app):
    results = []
    for page in repository.files(root, ".md"):
        with tempfile.TemporaryDirectory() as folder:
            scratch(root, app, folder)
            results += run_page(page, repository.read(root, page), folder)
    repository.report("examples", len(results), [fault for fault in results if fault])


def check_links(root):
    pages = {page: repository.read(root, page) for page in repository.files(root, ".md")}
    tests = tests_of(root)
    faults = list(lonely_pages(root, pages))
    for page, text in pages.items():
        faults += list(link_faults(root, page, text)) + list(test_faults(page, text, tests))
    repository.report("links", len(pages), faults)


if __name__ == "__main__":
    if sys.argv[1] == "links":
        check_links(os.path.abspath(sys.argv[2]))
    else:
        check_examples(os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[3]))
