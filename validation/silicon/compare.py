#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our uncalibrated milliseconds and microjoules per inference beside those of measured silicon.

    compare.py APP              prints the tables of docs/silicon.md
    compare.py APP --write      puts them into docs/silicon.md
    compare.py APP --check      leaves with 1 when the page shows other ones
    compare.py --figures        compares measured.csv with the file it was taken from, in the folder
                                that the environment calls MILLIWATT_REFERENCE, or shared/reference

The figures of the silicon stand in measured.csv (see README.md); ours come from the platforms named
below, at `values`, with the bundled networks. Nothing of ours was fitted to them.
"""

import csv
import difflib
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PAGE = os.path.join(ROOT, "docs", "silicon.md")
MEASURED = os.path.join(HERE, "measured.csv")
BEGIN, END = "<!-- tables of validation/silicon -->\n", "<!-- end of the tables -->\n"
SKIPPED = 77
CAUSES = ("compute", "vector", "memory", "host", "control")
# Columns of summary.csv that are no component's energy.
OTHER_ENERGIES = ("low", "high", "dynamic", "static", "published", "derived", "borrowed", "assumed")

NETWORKS = ["resnet8", "dscnn", "mobilenetv1_025_96", "autoencoder"]
# Which of our platforms stand beside which kind of silicon.
PLATFORMS = {
    "accelerator": ["configs/platforms/systolic_16x16.yaml",
                    "configs/platforms/on_chip_16x16.yaml"],
    "processor": ["validation/silicon/microcontroller.yaml"],
}


def digits(value):
    """Three digits, without an exponent."""
    text = f"{value:#.3g}"
    return text if abs(float(text)) < 100 else f"{float(text):.0f}"


def run(app, platform, network, folder):
    """The summary row of one inference."""
    out = os.path.join(folder, f"{os.path.basename(platform)}-{network}")
    subprocess.run([app, "run", os.path.join(ROOT, platform),
                    os.path.join(ROOT, "workloads", "networks", f"{network}.yaml"),
                    "--quiet", "--out", out], check=True)
    with open(os.path.join(out, "summary.csv"), newline="", encoding="utf-8") as file:
        return next(csv.DictReader(file))


def ours(app):
    """{(platform file, network): summary row}."""
    with tempfile.TemporaryDirectory() as folder:
        return {(platform, network): run(app, platform, network, folder)
                for platforms in PLATFORMS.values() for platform in platforms
                for network in NETWORKS}


def measured():
    with open(MEASURED, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def name(platform):
    return os.path.splitext(os.path.basename(platform))[0]


def energy_shares(row):
    """The two components with the most energy, "external 58 %, accelerator_array 22 %"."""
    parts = {key[len("energy_"):-len("_uJ")]: float(value) for key, value in row.items()
             if re.fullmatch(r"energy_\w+_uJ", key) and value}
    for other in OTHER_ENERGIES:
        parts.pop(other, None)
    total = float(row["energy_uJ"])
    largest = sorted(parts.items(), key=lambda part: -part[1])[:2]
    return ", ".join(f"{part} {100 * energy / total:.0f} %" for part, energy in largest)


def cause_shares(row):
    """Percent of the cycles by cause, "53/6/36/2/3"."""
    shares = (100 * int(row[f"cycles_{cause}"]) / int(row["cycles"]) for cause in CAUSES)
    return "/".join(f"{share:.0f}" for share in shares)


def percent_of_energy(row, part):
    return f"{100 * float(row[f'energy_{part}_uJ']) / float(row['energy_uJ']):.0f} %"


def our_table(results):
    yield ("| platform | network | ms | MACs per cycle | time: " + "/".join(CAUSES) + " % | "
           "uJ (low .. high) | most energy | static | assumed |")
    yield "|---|---|---|---|---|---|---|---|---|"
    for (platform, network), row in results.items():
        energy, low, high = (digits(float(row[f"energy{end}_uJ"])) for end in ("", "_low", "_high"))
        yield (f"| `{name(platform)}` | {network} | {digits(float(row['latency_ms']))} | "
               f"{digits(int(row['macs']) / int(row['cycles']))} | {cause_shares(row)} | "
               f"{energy} ({low} .. {high}) | {energy_shares(row)} | "
               f"{percent_of_energy(row, 'static')} | {percent_of_energy(row, 'assumed')} |")


def comparison(silicon, row):
    theirs_ms, theirs_uj = float(silicon["latency_ms"]), float(silicon["energy_uJ"])
    ms = float(row["latency_ms"])
    cycles = theirs_ms * float(silicon["clock_MHz"]) * 1e3
    energy, low, high = (float(row[f"energy{end}_uJ"]) / theirs_uj for end in ("", "_low", "_high"))
    return (f"| {silicon['system']} | {silicon['network']} | {digits(theirs_ms)} | "
            f"{digits(ms / theirs_ms)} | {digits(int(row['macs']) / cycles)} | "
            f"{digits(int(row['cycles']) / cycles)} | {digits(theirs_uj)} | {digits(energy)} | "
            f"{digits(low)} .. {digits(high)} |")


def their_table(results, platform, kind):
    yield ("| silicon | network | its ms | ours / its, time | its MACs per cycle | "
           "ours / its, cycles | its uJ | ours / its, energy | low .. high |")
    yield "|---|---|---|---|---|---|---|---|---|"
    for silicon in measured():
        if silicon["kind"] == kind:
            yield comparison(silicon, results[platform, silicon["network"]])


def tables(app):
    results = ours(app)
    lines = ["### Ours", "", *our_table(results), ""]
    for kind, platforms in PLATFORMS.items():
        for platform in platforms:
            lines += [f"### `{name(platform)}` beside silicon", "",
                      *their_table(results, platform, kind), ""]
    return "\n".join(lines)


def split_page():
    """The page before, within and after the tables."""
    with open(PAGE, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN)
    within, after = rest.split(END)
    return before, within, after


def write(text):
    before, _, after = split_page()
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n" + text + END + after)


def check(text):
    shown = split_page()[1]
    if shown == "\n" + text:
        return 0
    sys.stdout.writelines(difflib.unified_diff(shown.splitlines(True),
                                               ("\n" + text).splitlines(True),
                                               "docs/silicon.md", "milliwatt"))
    print("refresh the page: validation/silicon/compare.py build/release/milliwatt --write")
    return 1


def check_figures():
    """Every figure of measured.csv stands so in the file it was taken from."""
    beside = os.path.join(ROOT, "..", "shared", "reference")
    folder = os.environ.get("MILLIWATT_REFERENCE") or beside
    path = os.path.join(folder, "mlperf-tiny", "measured", "mlperf_tiny_results.csv")
    if not os.path.exists(path):
        print("skipped: there is no reference data")
        return SKIPPED
    keys = ("round", "submitter", "folder", "benchmark")
    with open(path, newline="", encoding="utf-8") as file:
        truth = {tuple(row[key if key != "folder" else "system"] for key in keys): row
                 for row in csv.DictReader(file) if row["division"] == "closed"}
    faults = 0
    for row in measured():
        source = truth[tuple(row[key] for key in keys)]
        for column, of_source in (("latency_ms",) * 2, ("energy_uJ",) * 2,
                                  ("clock_MHz", "freq_mhz")):
            if float(row[column]) != float(source[of_source]):
                print(f"{row['system']}, {row['network']}, {column}: {row[column]}, "
                      f"not {source[of_source]}")
                faults += 1
    print(f"{len(measured())} rows compared, {faults} figures differ")
    return 1 if faults else 0


def main(arguments):
    if arguments == ["--figures"]:
        return check_figures()
    try:
        text = tables(os.path.abspath(arguments[0]))
    except subprocess.CalledProcessError as failure:
        print(f"failed: {' '.join(failure.cmd)}")
        return 1
    if "--write" in arguments:
        write(text)
    elif "--check" in arguments:
        return check(text)
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
