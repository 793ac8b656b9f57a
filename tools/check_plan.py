#!/usr/bin/env python3
"""Holds the seconds of plans against those of runs: check_plan.py --tacit ./tacit [--networks AB] [--links local]

Networks A to D are trained on random images by all parties and an owner as processes of this machine, over TLS, on links
as they are and on slow ones; each run is planned first, with --plan. Bytes and rounds must be equal, and the seconds of
training within a quarter. For a machine that does nothing else: not among the tests."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy

LINKS = {"local": ("lan", []), "40ms,100mbit": ("wan", ["--link", "40ms,100mbit"])}
STEPS = {"local": {"A": 60, "B": 12, "C": 12, "D": 60}, "40ms,100mbit": {"A": 6, "B": 3, "C": 3, "D": 6}}
BATCH = 128
JOB = """[job]
name = "plan"
profile = "{profile}"

{parties}[[owner]]
name = "north"
key = ""

[data]
test_fraction = 0.01
shape = [1, 28, 28]
array = {{ range = [0, 255] }}
label = {{ name = "digit", type = "category", values = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] }}

[model]
network = "{network}"

[training]
epochs = 1
batch = {batch}
[training.optimiser]
rate = 0.05

[[release]]
what = "loss"
to = ["everyone"]
purpose = "to see the training converge"
"""


def trained(tacit, folder, network, link):
    """The report of a run."""
    profile, words = LINKS[link]
    rows = STEPS[link][network] * BATCH
    all_rows = -(-rows * 100 // 99)  # a hundredth is for tests
    source = numpy.random.default_rng(1)
    numpy.save(folder / "images.npy", source.integers(0, 256, (all_rows, 28, 28)).astype(numpy.uint8))
    numpy.save(folder / "labels.npy", source.integers(0, 10, all_rows))
    parties = "".join(
        f'[[party]]\nname = "{n}"\naddress = "127.0.0.1:{i + 1}"\nkey = ""\n\n' for i, n in enumerate(("a", "b", "c"))
    )
    (folder / "job.toml").write_text(JOB.format(profile=profile, parties=parties, network=network, batch=BATCH))
    done = subprocess.run(
        [tacit, "--json", "--quiet", "train", "job.toml", "--local", "--plan", *words]
        + ["--data", "north=images.npy", "--labels", "north=labels.npy"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        sys.exit(f"check_plan: the run of {network} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tacit", required=True, type=pathlib.Path)
    parser.add_argument("--networks", default="ABCD")
    parser.add_argument("--links", choices=LINKS, nargs="+", default=list(LINKS))
    options = parser.parse_args()
    tacit = str(options.tacit.resolve())
    wrong = 0
    print(f"{'network':8} {'link':14} {'planned s':>10} {'took s':>10} {'difference':>11}  bytes and rounds")
    for link in options.links:
        for network in options.networks:
            with tempfile.TemporaryDirectory(prefix="tacit-plan-") as name:
                report = trained(tacit, pathlib.Path(name), network, link)
            plan, run = report["plan"]["parties"], report["parties"]
            equal = all(plan[p][key] == run[p][key] for p in run for key in ("bytes_sent", "rounds"))
            planned, took = (max(of[p]["scopes"]["train"]["seconds"] for p in run) for of in (plan, run))
            off = took / planned - 1
            wrong += not equal or abs(off) > 0.25
            same = "equal" if equal else "DIFFERENT"
            print(f"{network:8} {link:14} {planned:10.1f} {took:10.1f} {off:+11.0%}  {same}", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
